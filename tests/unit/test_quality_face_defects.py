"""Defects really made on real photographs, each told and nothing else of its kind."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from biometric_service.app.faces import serve_faces
from biometric_service.app.stages import model_shelf
from biometric_service.capture.images import ImageLimits, decode
from biometric_service.extraction.face.extractor import FaceExtractor
from biometric_service.quality.face import FaceQualityAssessor
from biometric_service.quality.face.rules import RULES
from biometric_service.settings import load_settings
from biometric_service.vocabulary.quality import INSTRUCTIONS, Defect
from biometric_service.vocabulary.samples import BiometricSample, FaceArea, FingerPosition, LocatedSample, Modality
from tests.unit.test_quality_face_assessor import SOURCE, located, texture

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

ADVISED = [rule.defect for rule in RULES if not rule.weighs]
PEOPLE = 12
Spoil = Callable[[np.ndarray, np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def photographs(shared_data: Path) -> list[LocatedSample]:
    """Photographs without any of the defects that are made here."""
    served = serve_faces(load_settings(), model_shelf(load_settings()))
    assert served is not None
    extractor = served[0]
    assert isinstance(extractor, FaceExtractor)
    paths = sorted((shared_data / "faces" / "lfw_half").glob("*/*_0001.jpg"))[::40]
    found = (extractor.locate(sample(path)) for path in paths)
    good = [each for each in found if isinstance(each, LocatedSample) and not told(each) & set(ADVISED)]
    assert len(good) >= PEOPLE
    return good[:PEOPLE]


def sample(path: Path) -> BiometricSample:
    limits = ImageLimits(1_000_000, 1_000_000)
    return decode(
        path.read_bytes(),
        Modality.FACE,
        FingerPosition.UNKNOWN,
        None,
        SOURCE,
        limits,
    )


def told(each: LocatedSample) -> set[Defect]:
    return set(FaceQualityAssessor().assess(each).defects)


def spoilt(each: LocatedSample, spoil: Spoil) -> LocatedSample:
    """The photograph with the defect made; its landmarks are where they were."""
    assert isinstance(each.area, FaceArea)
    pixels = spoil(each.sample.pixels.copy(), each.area.landmarks)
    return replace(each, sample=replace(each.sample, pixels=pixels))


def apart(landmarks: np.ndarray) -> float:
    return float(np.linalg.norm(landmarks[1] - landmarks[0]))


def closed_eyes(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Lids of the colour of the skin below the eyes, and a line of lashes."""
    unit = apart(landmarks)
    for x, y in landmarks[:2].astype(int):
        below = int(y + 0.35 * unit)
        skin = np.median(pixels[below - 3 : below + 4, x - 4 : x + 5].reshape(-1, 3), axis=0)
        cv2.ellipse(pixels, (x, y), (int(0.32 * unit), int(0.2 * unit)), 0, 0, 360, skin.tolist(), -1)
        cv2.line(pixels, (int(x - 0.15 * unit), y + 2), (int(x + 0.15 * unit), y + 2), (skin * 0.5).tolist(), 1)
    return pixels


def open_mouth(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    middle, unit = landmarks[3:].mean(axis=0), apart(landmarks)
    return cv2.ellipse(
        pixels, tuple(map(int, middle)), (int(0.32 * unit), int(0.3 * unit)), 0, 0, 360, (20, 15, 35), -1
    )


def sunglasses(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    unit = apart(landmarks)
    for eye in landmarks[:2]:
        cv2.ellipse(pixels, tuple(map(int, eye)), (int(0.42 * unit), int(0.3 * unit)), 0, 0, 360, (12, 12, 12), -1)
    return pixels


def mask(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """A blue one, from the nose to the chin."""
    nose, unit = landmarks[2], apart(landmarks)
    middle = landmarks[3:].mean(axis=0) + np.array([0, 0.15]) * unit
    corners = [nose, middle + np.array([0.9, -0.4]) * unit, middle + np.array([0.6, 0.7]) * unit]
    corners += [middle + np.array([-0.6, 0.7]) * unit, middle - np.array([0.9, 0.4]) * unit]
    return cv2.fillPoly(pixels, [np.array(corners, np.int32)], (200, 150, 90))


def cap(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """A green one, down to the brows."""
    middle, unit = landmarks[:2].mean(axis=0), apart(landmarks)
    low, high = middle - np.array([1.1, 0.28]) * unit, middle + np.array([1.1, -1.3]) * unit
    return cv2.rectangle(pixels, tuple(map(int, low)), tuple(map(int, high)), (50, 130, 20), -1)


def compression(pixels: np.ndarray, _: np.ndarray) -> np.ndarray:
    coded = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, 6))[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def shelves(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Books behind the subject."""
    head, unit = np.zeros(pixels.shape[:2], np.uint8), apart(landmarks)
    middle = landmarks.mean(axis=0)
    cv2.ellipse(head, tuple(map(int, middle)), (int(1.1 * unit), int(1.7 * unit)), 0, 0, 360, 1, -1)
    books = np.repeat(np.random.default_rng(1).integers(0, 255, (1, pixels.shape[1] // 5 + 1, 3)), 5, axis=1)
    behind = np.broadcast_to(books[:, : pixels.shape[1]], pixels.shape)
    return np.where(head[:, :, None] == 1, pixels, behind).astype(np.uint8)


MADE: dict[Defect, Spoil] = {
    Defect.EYES_CLOSED: closed_eyes,
    Defect.MOUTH_OPEN: open_mouth,
    Defect.EYES_COVERED: sunglasses,
    Defect.MOUTH_COVERED: mask,
    Defect.HEAD_COVERED: cap,
    Defect.COMPRESSED: compression,
    Defect.BUSY_BACKGROUND: shelves,
}


def test_every_defect_that_advises_is_made_here() -> None:
    assert set(MADE) == set(ADVISED)
    assert all(INSTRUCTIONS[each].endswith(".") for each in ADVISED)


@pytest.mark.parametrize("defect", MADE)
def test_a_defect_made_on_real_photographs_is_told(defect: Defect, photographs: list[LocatedSample]) -> None:
    found = [defect in told(spoilt(each, MADE[defect])) for each in photographs]
    assert np.mean(found) >= 0.9, f"told of {sum(found)} in {len(found)}"


def test_the_score_does_not_go_by_what_advises(photographs: list[LocatedSample]) -> None:
    for each in photographs[:4]:
        whole, covered = (FaceQualityAssessor().assess(one) for one in (each, spoilt(each, cap)))
        assert covered.acceptable
        assert covered.components["forehead_cover"] < 50 <= whole.components["forehead_cover"]
        assert abs(covered.score - whole.score) < 25


def test_components_go_from_0_to_100(photographs: list[LocatedSample]) -> None:
    for each in photographs:
        components = FaceQualityAssessor().assess(each).components
        assert set(components) >= {rule.measure for rule in RULES} - {"recognisability"}
        assert all(0 <= value <= 100 for value in components.values())


def test_a_face_at_the_edge_and_one_that_is_a_point_are_measured(photographs: list[LocatedSample]) -> None:
    edge = located(texture(size=120), eye_distance=60, centre=(60, 20))
    assert isinstance(edge.area, FaceArea)
    point = replace(edge, area=replace(edge.area, landmarks=np.zeros((5, 2), np.float32)))
    for each in (edge, point, *photographs[:1]):
        assert np.isfinite(list(FaceQualityAssessor().assess(each).measures.values())).all()
