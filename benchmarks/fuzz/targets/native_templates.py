"""The native codec; its checksum is made right first, or nothing would get past it."""

import zlib
from collections.abc import Iterator

import numpy as np

from benchmarks.fuzz.target import Target
from benchmarks.throughput.random_encounters import random_minutiae
from biometric_service.templates.native import decode, encode
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import FaceTemplate, SourceAfisTemplate, TemplateFormat

CHECKSUM = 4


def exercise(data: bytes) -> None:
    """What is read is written as it was."""
    whole = data + zlib.crc32(data).to_bytes(CHECKSUM, "little")
    assert encode(decode(whole)) == whole


def seeds() -> Iterator[bytes]:
    """A template of each kind, without the checksum."""
    face = np.full(16, 0.25, np.float32)
    for template in (
        random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_THUMB, count=6),
        FaceTemplate(TemplateFormat(Modality.FACE, "some", "1"), face),
        SourceAfisTemplate(TemplateFormat(Modality.FINGERPRINT, "other", "2"), FingerPosition.UNKNOWN, b"data"),
    ):
        yield encode(template)[:-CHECKSUM]


TARGET = Target(exercise, seeds)
