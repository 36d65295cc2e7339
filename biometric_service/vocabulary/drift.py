"""Drift: whether what devices deliver, and what is decided on it, is still as it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from biometric_service.vocabulary.events import AuditEvent, RecordedEvent

Evidence = tuple[float, ...]
"""Natural logarithms, one for each bet."""


class Measure(StrEnum):
    """What is watched, a figure of each check."""

    FINGERPRINT_QUALITY = "fingerprint_quality"
    FACE_QUALITY = "face_quality"
    SCORE = "score"
    UNKNOWN = "unknown"
    REVIEW = "review"


class Direction(StrEnum):
    """Which way figures went."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True, order=True)
class StreamKey:
    """Figures of one kind from one place.

    ``device``: as callers name it, empty where they do not. ``post``: the checkpoint, empty elsewhere. ``kind``: of the
    audit events that they come from.
    """

    device: str
    post: str
    kind: str
    measure: Measure


@dataclass(frozen=True, slots=True)
class Alarm:
    """Figures left their band: which way, when, and at which event of the audit log."""

    direction: Direction
    at: datetime
    event: int


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of a stream.

    ``counts``: figures so far by bin, without those since an alarm. ``lower``, ``higher``: evidence that they went that
    way (see ``monitoring.evidence``). ``checks``: how many figures ever. ``alarm``: None while they are in their band.
    """

    key: StreamKey
    counts: tuple[int, ...]
    lower: Evidence
    higher: Evidence
    checks: int = 0
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True)
class DaySketch:
    """Figures of a stream on one day (UTC), by bin."""

    key: StreamKey
    day: date
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a page of the audit log adds: streams as they are now, figures by day, and what is to be told."""

    streams: Sequence[Stream]
    sketches: Sequence[DaySketch]
    events: Sequence[AuditEvent]


Fold = Callable[[Sequence[RecordedEvent], Mapping[StreamKey, Stream]], Folded]
