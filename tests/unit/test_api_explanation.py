"""Pictures of comparisons, on templates made for the purpose."""

from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from biometric_service.api.explanation.drawing import draw, words
from biometric_service.api.explanation.fingerprints import COLOURS
from biometric_service.recognition.explanation import NO_PAIRS, ExplainedComparison, Specimen
from biometric_service.vocabulary.candidates import ComparisonScore, PartScore
from biometric_service.vocabulary.references import ReferenceId, SubjectId
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FaceArea, FingerPosition, Modality
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate, Template, TemplateFormat

SOURCE = CaptureSource("test", datetime.now(UTC))


def finger(count: int, size: tuple[int, int]) -> Specimen:
    """Minutiae down the middle of a white image."""
    width, height = size
    along = np.linspace(20, height - 20, count, dtype=np.float32)
    positions = np.column_stack([np.full(count, width / 2, np.float32), along])
    ones = np.ones(count, np.float32)
    made_by = TemplateFormat(Modality.FINGERPRINT, "test", "1")
    template = MinutiaeTemplate(made_by, FingerPosition.UNKNOWN, positions, 0 * ones, ones, ones.astype(np.uint8), size)
    return Specimen(template, sample(Modality.FINGERPRINT, np.full((height, width), 255, np.uint8)), None)


def face(shift: float) -> Specimen:
    """Black eyes, nose and mouth on grey; ``shift`` moves them."""
    landmarks = np.array([[80, 90], [140, 90], [110, 120], [85, 150], [135, 150]], np.float32) + np.float32(shift)
    pixels = np.full((320, 320, 3), 128, np.uint8)
    for x, y in landmarks.astype(int):
        pixels[y - 4 : y + 5, x - 4 : x + 5] = 0
    template = FaceTemplate(TemplateFormat(Modality.FACE, "test", "1"), np.eye(1, 8, dtype=np.float32)[0])
    return Specimen(template, sample(Modality.FACE, pixels), FaceArea((0, 0, 9, 9), landmarks, 1.0, 1))


def sample(modality: Modality, pixels: np.ndarray) -> BiometricSample:
    return BiometricSample(modality, pixels, 500.0, FingerPosition.UNKNOWN, SOURCE, "")


def compared(probe: Specimen, reference: Specimen, pairs: np.ndarray) -> ExplainedComparison:
    template: Template = probe.template
    score = ComparisonScore(5.0, 0.5, "test", extrapolated=False)
    part = PartScore(template.format.modality, FingerPosition.UNKNOWN, ReferenceId(1), score)
    return ExplainedComparison(SubjectId("P-1"), part, probe, reference, pairs)


def drawn(comparison: ExplainedComparison) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(draw(comparison))).convert("RGB")).astype(int)


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(picture - np.array(colour)).sum(2) < 60).sum())


@pytest.mark.parametrize("pairs", [0, 3, 8])
def test_each_pair_has_its_colour_in_both_prints(pairs: int) -> None:
    both = np.column_stack([np.arange(pairs), np.arange(pairs)]) if pairs else NO_PAIRS
    picture = drawn(compared(finger(9, (300, 400)), finger(10, (200, 400)), both))
    left, right = picture[:, :400], picture[:, -250:]
    for number, colour in enumerate(COLOURS):
        seen = (near(left, colour) > 20, near(right, colour) > 20)
        assert seen == (number < pairs, number < pairs), colour


def test_both_prints_are_drawn_at_one_scale() -> None:
    large_and_small = drawn(compared(finger(6, (400, 400)), finger(6, (200, 200)), NO_PAIRS))
    two_small = drawn(compared(finger(6, (200, 200)), finger(6, (200, 200)), NO_PAIRS))
    assert len(large_and_small) == 2 * len(two_small)


def test_words_say_how_many_were_paired() -> None:
    said = words(compared(finger(9, (300, 400)), finger(10, (200, 400)), np.array([[0, 1], [2, 3]])), "en")
    assert said.startswith("2 minutiae were paired, of 9 ")
    assert "and 10 in the one enrolled for P-1" in said


def test_faces_are_aligned_on_each_other() -> None:
    picture = drawn(compared(face(0), face(90), NO_PAIRS))
    left, right = picture[:, :320], picture[:, -320:]
    dark = (left.sum(2) < 150), (right.sum(2) < 150)
    assert dark[0].sum() > 500
    assert (dark[0] & dark[1]).sum() > 0.9 * dark[0].sum()


def test_a_reference_whose_face_is_no_longer_found_is_shown_as_it_is() -> None:
    known = face(0)
    picture = drawn(compared(known, Specimen(known.template, known.sample, None), NO_PAIRS))
    assert picture.shape == (320, 672, 3)
