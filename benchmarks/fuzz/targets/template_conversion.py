"""Templates of every kind, read leniently and written as every other kind."""

from collections.abc import Iterator

import numpy as np

from benchmarks.fuzz.target import Target
from benchmarks.throughput.random_encounters import random_minutiae
from biometric_service.errors import BiometricServiceError
from biometric_service.templates.conversion import EDITIONS, TemplateKind, read_any, write_as
from biometric_service.templates.extended_data import (
    CoresAndDeltas,
    RidgeCounts,
    SingularPoint,
    ZonalQuality,
    block_of,
    write_blocks,
)
from biometric_service.templates.minutiae_record import Edition, FingerView, Minutia, MinutiaeRecord
from biometric_service.templates.minutiae_records import write_record
from biometric_service.vocabulary.samples import FingerPosition


def exercise(data: bytes) -> None:
    """What is written is read strictly."""
    held = read_any(data, strict=False)
    for kind in TemplateKind:
        try:
            written = write_as(held, kind)
        except BiometricServiceError:
            continue
        if kind in EDITIONS:
            read_any(written)


def seeds() -> Iterator[bytes]:
    """A print in every edition, with extended data, and as SourceAFIS has it."""
    one = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_THUMB, count=5)
    yield write_as(one, TemplateKind.SOURCEAFIS)
    point = SingularPoint(9, 8, (45,))
    data = (RidgeCounts(1, ((1, 2, 3),)), CoresAndDeltas((point,), ()), ZonalQuality(9, 9, 8, b"12"))
    for edition in Edition:
        extended = write_blocks([block_of(each, edition) for each in data])
        minutiae = (Minutia(1, 10, 20, 90, 50), Minutia(2, 30, 40, 179, 60))
        view = FingerView(1, 0, 0, (300, 400), (197, 197), minutiae, extended=extended)
        yield write_record(MinutiaeRecord(edition, (view,)))


TARGET = Target(exercise, seeds)
