"""Templates of cards, normal and compact size, bare and wrapped; the first byte says which is tried."""

from collections.abc import Iterator

import numpy as np

from benchmarks.fuzz.target import Target
from benchmarks.throughput.random_encounters import FINGERPRINT_FORMAT, random_minutiae
from biometric_service.errors import BiometricServiceError
from biometric_service.templates.card_exchange import card_of, template_of
from biometric_service.templates.iso19794_2_card import CardFormat, read_card, write_card
from biometric_service.vocabulary.samples import FingerPosition

FORMATS = tuple(CardFormat)


def exercise(data: bytes) -> None:
    """What was read strictly is written as it was."""
    form = FORMATS[data[0] % len(FORMATS)] if data else FORMATS[0]
    try:
        card = read_card(data[1:], form)
    except BiometricServiceError:
        card = read_card(data[1:], form, strict=False)
    else:
        assert read_card(write_card(card), form) == card
    template_of(card, FINGERPRINT_FORMAT, FingerPosition.UNKNOWN)


def seeds() -> Iterator[bytes]:
    """A print in both sizes, bare and wrapped."""
    one = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_THUMB, count=8)
    for number, form in enumerate(FORMATS):
        for wrapped in (False, True):
            yield bytes([number]) + write_card(card_of(one, form), wrapped=wrapped)


TARGET = Target(exercise, seeds, longest=1024)
