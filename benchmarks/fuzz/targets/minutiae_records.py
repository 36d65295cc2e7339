"""ISO/IEC 19794-2 and ANSI 378 records, read strictly and leniently, and written again."""

from collections.abc import Iterator

import numpy as np

from benchmarks.fuzz.target import Target
from benchmarks.throughput.random_encounters import FINGERPRINT_FORMAT, random_minutiae
from biometric_service.errors import BiometricServiceError
from biometric_service.templates.minutiae_exchange import record_of, templates_of
from biometric_service.templates.minutiae_record import Edition
from biometric_service.templates.minutiae_records import read_record, write_record
from biometric_service.vocabulary.samples import FingerPosition


def exercise(data: bytes) -> None:
    """Lenient reading takes all that strict reading takes, and what was read strictly is written without a change."""
    try:
        record = read_record(data)
    except BiometricServiceError:
        templates_of(read_record(data, strict=False), FINGERPRINT_FORMAT)
    else:
        assert read_record(data, strict=False) == record
        assert read_record(write_record(record)) == record
        templates_of(record, FINGERPRINT_FORMAT)


def seeds() -> Iterator[bytes]:
    """Records of one and of two views in every edition."""
    chance = np.random.default_rng(1)
    prints = [random_minutiae(chance, finger, count=8) for finger in (FingerPosition.LEFT_THUMB, FingerPosition(7))]
    for edition in Edition:
        yield write_record(record_of(prints[:1], edition))
        yield write_record(record_of(prints, edition))


TARGET = Target(exercise, seeds)
