"""Image files through the whole face extractor: decoding, detection, quality, alignment, embedding.

Needs the face models. Good inputs are small uncompressed pictures, so that mutation changes what is seen and not only
whether the file can be read: real faces where ``BIOMETRIC_SHARED_DATA`` holds some, and drawn ones.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.fuzz.target import Target
from biometric_service.app.stages import Stages, build_stages
from biometric_service.recognition.requests import GivenImage
from biometric_service.settings import load_settings
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.samples import FaceArea, Modality
from biometric_service.vocabulary.templates import FaceTemplate

SIDE = 72
REAL = 12
LARGEST = {"max_image_bytes": 1_000_000, "max_image_pixels": 1_000_000}


def exercise(data: bytes) -> None:
    """Whatever the picture is, there is a face with a quality and a template, or a reason why there is none."""
    stages = _stages()
    extractor = stages.extractors[Modality.FACE]
    located = extractor.locate(stages.decode(GivenImage(data, Modality.FACE)))
    if isinstance(located, ExtractionFailure):
        return
    assert isinstance(located.area, FaceArea)
    assert np.isfinite(located.area.landmarks).all()
    assessed = stages.assessors[Modality.FACE].assess(located)
    assert 0 <= assessed.score <= 100  # noqa: PLR2004 - the ends of the scale
    assert np.isfinite(list(assessed.measures.values())).all()
    made = extractor.extract(located)
    assert isinstance(made, ExtractionFailure | FaceTemplate)


def seeds() -> Iterator[bytes]:
    """Faces, upright and lying, as BMP and as other formats; a strip and a dot."""
    for number, face in enumerate((*_real(), _drawn())):
        yield _saved(np.ascontiguousarray(np.rot90(face, number % 4)), ".bmp")
    for form in (".jpg", ".png", ".webp"):
        yield _saved(_drawn(), form)
    for height, width in ((1, 300), (300, 1), (1, 1)):
        yield _saved(np.full((height, width, 3), 128, np.uint8), ".bmp")


@cache
def _stages() -> Stages:
    pinned = {"fingerprint_model": "", "face_runtime": "onnxruntime", **LARGEST}
    return build_stages(load_settings().model_copy(update=pinned))


def _real() -> Iterator[NDArray[np.uint8]]:
    folder = Path(os.environ.get("BIOMETRIC_SHARED_DATA", "")) / "faces" / "lfw_half"
    for path in sorted(folder.glob("*/*_0001.jpg"))[:REAL]:
        photograph = np.asarray(cv2.imread(str(path)), np.uint8)
        middle = photograph[50:200, 50:200]
        yield np.asarray(cv2.resize(middle, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _drawn() -> NDArray[np.uint8]:
    """As a child would."""
    face = np.full((SIDE, SIDE, 3), 90, np.uint8)
    cv2.ellipse(face, (36, 38), (22, 30), 0, 0, 360, (150, 175, 215), -1)
    for x in (28, 44):
        cv2.circle(face, (x, 30), 3, (30, 30, 40), -1)
    cv2.line(face, (36, 32), (36, 44), (110, 130, 170), 2)
    cv2.ellipse(face, (36, 52), (9, 4), 0, 0, 180, (60, 60, 150), 2)
    return face


def _saved(pixels: NDArray[np.uint8], form: str) -> bytes:
    return cv2.imencode(form, pixels)[1].tobytes()


TARGET = Target(exercise, seeds, longest=18_000)
