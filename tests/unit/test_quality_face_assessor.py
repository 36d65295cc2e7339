from dataclasses import replace
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.quality.face import FaceQualityAssessor, Recognisability
from biometric_service.quality.face.pose import HEAD
from biometric_service.quality.face.rules import RULES, Rule
from biometric_service.vocabulary.quality import INSTRUCTIONS, Defect
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FaceArea,
    FingerPosition,
    LocatedSample,
    Modality,
)

ASSESSOR = FaceQualityAssessor()
SOURCE = CaptureSource("test", datetime(2026, 1, 1, tzinfo=UTC))


def texture(blur: float = 0.0, size: int = 400) -> np.ndarray:
    """Noise with as much fine as coarse detail, mid grey: what a sharp, well lit face looks like to the measures."""
    draws = np.random.default_rng(7)
    layers = [cv2.resize(draws.normal(size=(size // k, size // k)), (size, size)) for k in (4, 8, 16)]
    grey = 128 + 25 * np.sum(layers, axis=0)
    if blur:
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def located(pixels: np.ndarray, eye_distance: float = 100, centre: tuple[float, float] = (200, 160)) -> LocatedSample:
    landmarks = (HEAD[:, :2] * eye_distance + centre).astype(np.float32)
    left, top = centre[0] - eye_distance, centre[1] - eye_distance
    area = FaceArea((left, top, 2 * eye_distance, 2.6 * eye_distance), landmarks, 0.9, 1)
    sample = BiometricSample(Modality.FACE, pixels, None, FingerPosition.UNKNOWN, SOURCE, "")
    return LocatedSample(sample, area)


def turned(sample: LocatedSample, nose: tuple[float, float]) -> LocatedSample:
    assert isinstance(sample.area, FaceArea)
    landmarks = sample.area.landmarks.copy()
    landmarks[2] += np.array(nose, np.float32)
    return replace(sample, area=replace(sample.area, landmarks=landmarks))


def test_a_good_face_has_no_defect() -> None:
    assessment = ASSESSOR.assess(located(texture()))
    assert set(assessment.defects) <= {
        Defect.BUSY_BACKGROUND,
        Defect.EYES_CLOSED,
    }  # it is a texture, behind the face too
    assert assessment.acceptable
    assert assessment.score > 80


@pytest.mark.parametrize(
    ("sample", "defect"),
    [
        (located(texture(), eye_distance=14), Defect.FACE_TOO_SMALL),
        (located(texture(), centre=(60, 160)), Defect.FACE_CUT_OFF),
        (located(texture(blur=8)), Defect.BLURRED),
        (located((texture() * 0.1).astype(np.uint8)), Defect.TOO_DARK),
        (located((texture() * 0.1 + 228).astype(np.uint8)), Defect.TOO_BRIGHT),
        (located((texture() * 0.06 + 110).astype(np.uint8)), Defect.WASHED_OUT),
        (located((texture() * np.linspace(0, 1, 400)[None, :, None] ** 4).astype(np.uint8)), Defect.UNEVEN_LIGHT),
        (turned(located(texture()), (45, 0)), Defect.TURNED_LEFT),
        (turned(located(texture()), (-45, 0)), Defect.TURNED_RIGHT),
        (turned(located(texture()), (0, -45)), Defect.LOOKING_UP),
        (turned(located(texture()), (0, 45)), Defect.LOOKING_DOWN),
    ],
    ids=lambda value: value.value if isinstance(value, Defect) else "",
)
def test_a_defect_is_named_and_costs_quality(sample: LocatedSample, defect: Defect) -> None:
    assessment = ASSESSOR.assess(sample)
    assert defect in assessment.defects
    assert assessment.score < ASSESSOR.assess(located(texture())).score


def test_a_black_picture_is_of_no_use() -> None:
    assessment = ASSESSOR.assess(located(np.zeros((400, 400, 3), np.uint8)))
    assert not assessment.acceptable
    assert Defect.TOO_DARK in assessment.defects


def test_an_imperfect_face_may_be_used() -> None:
    assert ASSESSOR.assess(turned(located(texture(blur=8)), (45, 0))).acceptable


def test_a_face_outside_the_image_is_assessed() -> None:
    assessment = ASSESSOR.assess(located(texture(), centre=(-500, -500)))
    assert np.isfinite(list(assessment.measures.values())).all()
    assert not assessment.acceptable


def recognising(norm: float) -> FaceQualityAssessor:
    return FaceQualityAssessor(Recognisability(lambda _: norm, {"norms": [10, 12, 13, 14, 20]}))


def test_without_a_model_quality_goes_by_the_image_alone() -> None:
    assert "recognisability" not in ASSESSOR.assess(located(texture())).measures


@pytest.mark.parametrize(("norm", "share"), [(9, 0), (12, 25), (13.5, 62.5), (30, 100)])
def test_a_face_is_as_recognisable_as_the_faces_that_it_outdoes(norm: float, share: float) -> None:
    assessment = recognising(norm).assess(located(texture()))
    assert assessment.measures["recognisability"] == pytest.approx(share)
    assert assessment.measures["embedding_norm"] == norm
    assert assessment.score == pytest.approx(share, rel=0.1)
    assert (Defect.FACE_UNCLEAR in assessment.defects) == (share == 0)


@pytest.mark.parametrize("table", [{}, {"norms": [3]}, {"norms": [3, 2]}, {"norms": [1, 1, 2]}])
def test_a_scale_that_does_not_ascend_is_refused(table: dict[str, list[float]]) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        Recognisability(lambda _: 1.0, table)
    assert fault.value.code is ErrorCode.MODEL_INVALID


def test_every_rule_is_about_a_measure_and_tells_what_to_do() -> None:
    measures = recognising(12.5).assess(located(texture())).measures
    assert {rule.measure for rule in RULES} <= measures.keys()
    assert {rule.defect for rule in RULES} <= INSTRUCTIONS.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.measure}-{rule.defect}")
def test_a_rule_grades_from_poor_to_good(rule: Rule) -> None:
    assert rule.grade({rule.measure: rule.poor}) == 0
    assert rule.grade({rule.measure: rule.good}) == 1
    assert rule.grade({rule.measure: (rule.poor + rule.good) / 2}) == pytest.approx(0.5)
    assert not rule.rules_out({rule.measure: rule.good})
