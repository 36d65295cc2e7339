import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from biometric_service.app.stages import build_stages
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Extractor
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FaceArea,
    FingerPosition,
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import FaceTemplate

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

SOURCE = CaptureSource("test", datetime(2026, 1, 1, tzinfo=UTC))
PERSON, SAME_PERSON, OTHER = (
    "Tony_Blair/Tony_Blair_0001",
    "Tony_Blair/Tony_Blair_0002",
    "Aaron_Peirsol/Aaron_Peirsol_0001",
)


@pytest.fixture(scope="module")
def extractor(shared_data: Path) -> Extractor:
    models = Path(os.environ.get("BIOMETRIC_MODELS_DIR", shared_data.parent / "models"))
    chosen = {"models_dir": models, "models_offline": True, "fingerprint_model": ""}
    extractors = build_stages(load_settings().model_copy(update=chosen)).extractors
    if Modality.FACE not in extractors:
        pytest.skip(f"no face models in {models}: set BIOMETRIC_MODELS_DIR")
    return extractors[Modality.FACE]


@pytest.fixture(scope="module")
def faces(shared_data: Path) -> Path:
    return shared_data / "faces" / "lfw_half"


def photograph(faces: Path, name: str) -> np.ndarray:
    pixels = cv2.imread(str(faces / f"{name}.jpg"))
    assert pixels is not None
    return pixels.astype(np.uint8)


def sample(pixels: np.ndarray) -> BiometricSample:
    return BiometricSample(Modality.FACE, pixels, None, FingerPosition.UNKNOWN, SOURCE, "")


def located(extractor: Extractor, pixels: np.ndarray) -> LocatedSample:
    found = extractor.locate(sample(np.ascontiguousarray(pixels)))
    assert isinstance(found, LocatedSample)
    return found


def embedding(extractor: Extractor, pixels: np.ndarray) -> np.ndarray:
    template = extractor.extract(located(extractor, pixels))
    assert isinstance(template, FaceTemplate)
    return template.embedding


def test_photographs_of_a_person_are_more_alike_than_of_two(extractor: Extractor, faces: Path) -> None:
    first, second, other = (embedding(extractor, photograph(faces, name)) for name in (PERSON, SAME_PERSON, OTHER))
    assert first @ second > 0.45
    assert first @ other < 0.3


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photograph_on_its_side_is_turned_upright(extractor: Extractor, faces: Path, turns: int) -> None:
    upright = photograph(faces, PERSON)
    found = located(extractor, np.rot90(upright, turns))
    np.testing.assert_array_equal(found.sample.pixels, upright)


@pytest.mark.parametrize("scale", [0.4, 3, 16])
def test_the_size_of_the_image_matters_little(extractor: Extractor, faces: Path, scale: float) -> None:
    pixels = photograph(faces, PERSON)
    scaled = cv2.resize(
        pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    assert embedding(extractor, scaled) @ embedding(extractor, pixels) > 0.85


def test_a_face_that_is_small_in_a_large_image_is_found(extractor: Extractor, faces: Path) -> None:
    scene = np.full((2400, 3200, 3), 110, np.uint8)
    scene[1100:1350, 1500:1750] = photograph(faces, PERSON)
    assert embedding(extractor, scene) @ embedding(extractor, photograph(faces, PERSON)) > 0.85


def test_two_people_side_by_side_are_refused(extractor: Extractor, faces: Path) -> None:
    pair = np.hstack([photograph(faces, PERSON), photograph(faces, OTHER)])
    assert extractor.locate(sample(pair)) == ExtractionFailure(Defect.SEVERAL_FACES)


def test_someone_further_back_is_not_the_subject(extractor: Extractor, faces: Path) -> None:
    scene = np.full((480, 640, 3), 110, np.uint8)
    scene[110:360, 200:450] = photograph(faces, PERSON)
    scene[150:250, 500:600] = cv2.resize(photograph(faces, OTHER), (100, 100), interpolation=cv2.INTER_AREA)
    found = located(extractor, scene)
    assert isinstance(found.area, FaceArea)
    assert found.area.faces > 1
    assert embedding(extractor, scene) @ embedding(extractor, photograph(faces, PERSON)) > 0.85


def test_a_fingerprint_has_no_face(extractor: Extractor, shared_data: Path) -> None:
    for path in sorted((shared_data / "fingerprints" / "fvc2002_db1").glob("*_1.png")):
        pixels = cv2.imread(str(path))
        assert pixels is not None
        assert extractor.locate(sample(pixels.astype(np.uint8))) == ExtractionFailure(Defect.NO_FACE)


@pytest.mark.parametrize("size", [(1, 1), (480, 640), (3, 4000), (4000, 3)])
def test_noise_has_no_face(extractor: Extractor, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert extractor.locate(sample(noise)) == ExtractionFailure(Defect.NO_FACE)


def test_landmarks_in_one_point_are_no_face(extractor: Extractor, faces: Path) -> None:
    found = located(extractor, photograph(faces, PERSON))
    assert isinstance(found.area, FaceArea)
    collapsed = replace(found, area=replace(found.area, landmarks=np.full((5, 2), 100, np.float32)))
    assert extractor.extract(collapsed) == ExtractionFailure(Defect.FACE_UNCLEAR)


def test_extraction_shows_what_it_looked_at(extractor: Extractor, faces: Path) -> None:
    seen: dict[str, object] = {}

    def trace(step: str, artefact: object) -> None:
        seen[step] = artefact

    found = extractor.locate(sample(photograph(faces, PERSON)), trace)
    assert isinstance(found, LocatedSample)
    extractor.extract(found, trace)
    assert seen.keys() == {"faces", "aligned_face", "embedding_norm"}
    assert isinstance(seen["aligned_face"], np.ndarray)
    assert seen["aligned_face"].dtype == np.uint8
