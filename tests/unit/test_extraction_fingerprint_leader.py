"""LEADER's extractor with the real network, on nobody's fingers and on people's."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.app.stages import model_shelf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.fingerprint.leader import LeaderExtractor
from biometric_service.extraction.runtime import open_session
from biometric_service.settings import load_settings
from biometric_service.vocabulary.quality import INSTRUCTIONS, Defect, ExtractionFailure
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FingerArea,
    FingerPosition,
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat
from biometric_service.weights.recipes.leader_fused import build

pytestmark = pytest.mark.models
FORMAT = TemplateFormat(Modality.FINGERPRINT, "leader", "1")


@pytest.fixture(scope="module")
def model() -> Path:
    return model_shelf(load_settings()).resolve("leader").path


@pytest.fixture(scope="module")
def published(model: Path) -> Path:
    return next(model.parent.parent.rglob("LEADER.onnx"))


@pytest.fixture(scope="module")
def extractor(model: Path) -> LeaderExtractor:
    return LeaderExtractor(open_session(model), FORMAT)


@pytest.fixture(scope="module")
def impression() -> np.ndarray:
    return make_impression(make_master(5), 1)


def sample(pixels: np.ndarray, dpi: float = 500) -> BiometricSample:
    source = CaptureSource("test", datetime.now(UTC))
    return BiometricSample(Modality.FINGERPRINT, pixels, dpi, FingerPosition.LEFT_RING, source, "0" * 64)


def located(extractor: LeaderExtractor, pixels: np.ndarray, dpi: float = 500) -> LocatedSample:
    found = extractor.locate(sample(pixels, dpi))
    assert isinstance(found, LocatedSample)
    return found


def template(extractor: LeaderExtractor, pixels: np.ndarray, dpi: float = 500) -> MinutiaeTemplate:
    made = extractor.extract(located(extractor, pixels, dpi))
    assert isinstance(made, MinutiaeTemplate)
    return made


def outcome(extractor: LeaderExtractor, pixels: np.ndarray) -> Defect | None:
    found = extractor.locate(sample(pixels))
    made = extractor.extract(found) if isinstance(found, LocatedSample) else found
    return made.defect if isinstance(made, ExtractionFailure) else None


def sure(minutiae: MinutiaeTemplate) -> np.ndarray:
    return minutiae.positions[minutiae.qualities >= 0.6]


def share_found(wanted: np.ndarray, found: np.ndarray, within: float) -> float:
    distances = np.linalg.norm(wanted[:, None] - found[None], axis=2)
    return float((distances.min(axis=1) <= within).mean())


def test_a_print_gives_minutiae_in_its_own_frame(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    minutiae = template(extractor, impression)
    assert minutiae.size == impression.shape[::-1]
    assert minutiae.position is FingerPosition.LEFT_RING
    assert len(sure(minutiae)) >= 15
    assert (minutiae.directions >= 0).all()
    assert (minutiae.directions < 2 * np.pi).all()
    assert set(minutiae.kinds.tolist()) == {1, 2}


def test_directions_lead_from_an_ending_along_its_ridge(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    minutiae = template(extractor, impression)
    smooth = cv2.GaussianBlur(impression, (0, 0), 1).astype(float)
    ahead: list[float] = []
    behind: list[float] = []
    for (x, y), direction in zip(
        minutiae.positions[minutiae.kinds == 1], minutiae.directions[minutiae.kinds == 1], strict=True
    ):
        for sign, levels in ((1, ahead), (-1, behind)):
            column, row = x + sign * 6 * np.cos(direction), y - sign * 6 * np.sin(direction)
            if 0 <= column < smooth.shape[1] - 1 and 0 <= row < smooth.shape[0] - 1:
                levels.append(smooth[round(row), round(column)])
    assert np.mean(ahead) < np.mean(behind) - 20


def test_extraction_is_deterministic(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    first, second = template(extractor, impression), template(extractor, impression)
    np.testing.assert_array_equal(first.positions, second.positions)
    np.testing.assert_array_equal(first.directions, second.directions)


def test_the_trace_shows_every_step(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    steps: dict[str, Any] = {}
    found = extractor.locate(sample(impression), steps.__setitem__)
    assert isinstance(found, LocatedSample)
    made = extractor.extract(found, steps.__setitem__)
    located_steps = ["fingerprint_500dpi", "ridge_mask", "ridge_clarity", "ridge_direction"]
    assert list(steps) == [*located_steps, "minutia_likelihood", "minutiae"]
    assert all(steps[name].shape == impression.shape for name in located_steps)
    assert isinstance(found.area, FingerArea)
    assert steps["minutia_likelihood"].shape == found.area.pixels.shape
    assert steps["minutiae"] is made


@pytest.mark.parametrize("dpi", [300, 1000])
def test_the_resolution_makes_no_difference(extractor: LeaderExtractor, impression: np.ndarray, dpi: float) -> None:
    other = cv2.resize(impression, None, fx=dpi / 500, fy=dpi / 500, interpolation=cv2.INTER_CUBIC)
    same = template(extractor, other, dpi)
    assert share_found(sure(template(extractor, impression)), same.positions, 4) > 0.8


def test_a_print_in_a_large_bright_image_is_cropped_and_keeps_its_minutiae(
    extractor: LeaderExtractor, impression: np.ndarray
) -> None:
    height, width = impression.shape
    large = np.full((height + 500, width + 700), impression[0, 0], np.uint8)
    large[200 : 200 + height, 600 : 600 + width] = impression
    area = located(extractor, large).area
    assert isinstance(area, FingerArea)
    assert area.pixels.size < 1.5 * impression.size < large.size / 3
    moved = template(extractor, large).positions - np.array([600, 200])
    assert share_found(sure(template(extractor, impression)), moved, 3) > 0.9


def test_each_finger_of_a_slap_is_read_as_if_it_were_alone(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    height, width = impression.shape
    slap = np.full((1500, 1600), impression[0, 0], np.uint8)
    corners = [(20, 100), (420, 300), (820, 60), (1200, 500)]
    for x, y in corners:
        slap[y : y + height, x : x + width] = impression
    found = template(extractor, slap).positions
    alone = sure(template(extractor, impression))
    for corner in corners:
        assert share_found(alone + np.array(corner), found, 2) > 0.95


@pytest.mark.parametrize(("side", "defect"), [(24, Defect.PARTIAL), (50, Defect.TOO_FEW_MINUTIAE)])
def test_a_crop_the_size_of_a_latent_says_that_more_of_the_finger_is_needed(
    extractor: LeaderExtractor, impression: np.ndarray, side: int, defect: Defect
) -> None:
    top, left = (length // 2 for length in impression.shape)
    latent = np.full((300, 300), 253, np.uint8)
    latent[120 : 120 + side, 120 : 120 + side] = impression[top : top + side, left : left + side]
    assert outcome(extractor, latent) is defect
    assert "finger pad" in INSTRUCTIONS[defect]


def test_a_quarter_of_a_print_is_usable(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    height, width = impression.shape
    quarter = impression[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]
    assert outcome(extractor, quarter) is None


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((300, 300), 255, np.uint8),
        np.zeros((300, 300), np.uint8),
        np.random.default_rng(1).integers(0, 256, (300, 300)).astype(np.uint8),
        np.full((1, 1), 9, np.uint8),
        np.full((3, 900), 9, np.uint8),
    ],
    ids=["white", "black", "noise", "one pixel", "three rows"],
)
def test_where_there_is_no_finger_that_is_said(extractor: LeaderExtractor, pixels: np.ndarray) -> None:
    assert outcome(extractor, pixels) is Defect.NO_FINGER


def test_parallel_stripes_are_no_finger(extractor: LeaderExtractor) -> None:
    stripes = (127 + 100 * np.sin(np.arange(300) * 2 * np.pi / 9) * np.ones((300, 1))).astype(np.uint8)
    assert outcome(extractor, stripes) in {Defect.NO_FINGER, Defect.TOO_FEW_MINUTIAE}


def grey(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    return pixels


@pytest.mark.shared_data
def test_faces_are_no_fingers(extractor: LeaderExtractor, shared_data: Path) -> None:
    faces = sorted((shared_data / "faces" / "lfw_half").glob("*/*.jpg"))[::160]
    outcomes = [outcome(extractor, grey(face)) for face in faces]
    assert len(outcomes) >= 40
    assert outcomes.count(None) <= 1


@pytest.mark.shared_data
def test_no_real_print_is_lost_before_the_network(extractor: LeaderExtractor, shared_data: Path) -> None:
    for folder in sorted((shared_data / "fingerprints").iterdir()):
        dpi = float((folder / "dpi").read_text()) if (folder / "dpi").exists() else 500.0
        for path in sorted(folder.glob("*_*.png"))[::4]:
            assert isinstance(extractor.locate(sample(grey(path), dpi)), LocatedSample), path


def test_the_fused_graph_gives_what_the_published_one_gives(
    model: Path, published: Path, impression: np.ndarray
) -> None:
    height, width = (side // 32 * 32 for side in impression.shape)
    image = impression[:height, :width].astype(np.float32)
    (theirs,) = onnxruntime.InferenceSession(published).run(None, {"input": image[None, ..., None]})
    (ours,) = open_session(model).run(None, {"image": image[None, None]})
    position, cosine, sine, kind = ours[0]
    np.testing.assert_allclose(1 / (1 + np.exp(-position)), theirs[0, ..., 0], atol=1e-4)
    np.testing.assert_allclose(1 / (1 + np.exp(-kind)), theirs[0, ..., 2], atol=1e-4)
    there = theirs[0, ..., 3] > 0.2
    turn = np.exp(1j * (np.arctan2(sine, cosine) - theirs[0, ..., 1]))[there]
    assert np.abs(np.angle(turn)).max() < 1e-4


def test_a_batch_gives_what_single_images_give(model: Path, impression: np.ndarray) -> None:
    session = open_session(model, threads=2)
    batch = np.stack([impression[:320, :352], impression[-320:, -352:]]).astype(np.float32)[:, None]
    (together,) = session.run(None, {"image": batch})
    singly = np.concatenate([session.run(None, {"image": image[None]})[0] for image in batch])
    np.testing.assert_allclose(together, singly, atol=1e-4)


def test_the_recipe_gives_the_same_bytes_every_time(published: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        build(published, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_recipe_refuses_another_model(model: Path, tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        build(model, tmp_path / "target")
    assert fault.value.code is ErrorCode.MODEL_INVALID


def test_a_session_on_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(BiometricServiceError) as fault:
        open_session(tmp_path / "model.onnx")
    assert fault.value.code is ErrorCode.MODEL_INVALID


def test_a_print_without_ridges_is_not_taken(extractor: LeaderExtractor, impression: np.ndarray) -> None:
    assert outcome(extractor, cv2.GaussianBlur(impression, (0, 0), 8)) is not None
