"""Fingers that could not be captured: codes of Fields 14.018 and 4-domain lists (XX, UP), and what they mean here."""

from collections.abc import Iterable, Mapping

from biometric_service.capture.session.scans import ABSENCES
from biometric_service.vocabulary.references import CaptureException, ExceptionKind
from biometric_service.vocabulary.samples import FingerPosition

AMPUTATED, UNPRINTABLE = "XX", "UP"
CODES: Mapping[ExceptionKind, str] = {
    ExceptionKind.AMPUTATED: AMPUTATED,
    ExceptionKind.MISSING: AMPUTATED,
    ExceptionKind.BANDAGED: UNPRINTABLE,
    ExceptionKind.DAMAGED: UNPRINTABLE,
}
"""The standard tells only these two apart: a missing finger comes back as amputated, a damaged one as bandaged."""


def exceptions_of(said: Iterable[tuple[int, str]]) -> tuple[CaptureException, ...]:
    """Positions with their codes; what is no finger, or neither code, is passed over. The first of a finger holds."""
    fingers: dict[int, str] = {}
    for position, code in said:
        if 1 <= position <= FingerPosition.LEFT_LITTLE and code in ABSENCES:
            fingers.setdefault(position, code)
    return tuple(CaptureException(FingerPosition(position), ABSENCES[code]) for position, code in fingers.items())


def code_of(exception: CaptureException) -> str:
    """The standard's code."""
    return CODES[exception.kind]
