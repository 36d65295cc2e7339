"""The figures of each audit event that are watched, and the bins that they are counted in."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.drift import Measure, StreamKey
from biometric_service.vocabulary.events import AuditEvent, EventKind, RecordedEvent
from biometric_service.vocabulary.samples import Modality

WATCHED = frozenset(
    {
        EventKind.IDENTIFICATION,
        EventKind.VERIFICATION,
        EventKind.MOVEMENT_CHECK,
        EventKind.SUBJECT_ENROLLED,
        EventKind.ENCOUNTER_ADDED,
        EventKind.ENROLMENT_REFUSED,
    }
)
ENROLMENTS = frozenset({EventKind.SUBJECT_ENROLLED, EventKind.ENCOUNTER_ADDED, EventKind.ENROLMENT_REFUSED})
ENROLMENT = "enrolment"
QUALITIES = {Modality.FINGERPRINT: Measure.FINGERPRINT_QUALITY, Modality.FACE: Measure.FACE_QUALITY}
NOT_USABLE = "none"
"""What stands for the quality of a sample that no template could be made of."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Bins of a measure: bin 0 for what could not be measured, then bins of ``width`` from 0 on, ``bins`` in all."""

    width: float
    bins: int

    def place(self, value: float | None) -> int:
        """The bin of a value; None is below all."""
        return 0 if value is None else 1 + min(max(int(value / self.width), 0), self.bins - 2)

    def mean(self, counts: tuple[int, ...]) -> float | None:
        """The mean of what was measured, by the middle of each bin; None where nothing was."""
        known = counts[1:]
        middles = ((at + 0.5) * self.width * count for at, count in enumerate(known))
        return sum(middles) / sum(known) if sum(known) else None


@dataclass(frozen=True, slots=True)
class YesOrNo:
    """Two bins; the mean is the share of yes."""

    bins: int = 2

    def place(self, value: float | None) -> int:
        """1 for yes."""
        return int(bool(value))

    def mean(self, counts: tuple[int, ...]) -> float | None:
        """The share of yes."""
        return counts[1] / sum(counts) if sum(counts) else None


SCALES: Mapping[Measure, Scale | YesOrNo] = {
    Measure.FINGERPRINT_QUALITY: Scale(4.0, 27),
    Measure.FACE_QUALITY: Scale(4.0, 27),
    Measure.SCORE: Scale(0.25, 82),
    Measure.UNKNOWN: YesOrNo(),
    Measure.REVIEW: YesOrNo(),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: of which stream, in which bin, and what parts it from its ties (0 to 1, drawn by the event)."""

    key: StreamKey
    place: int
    chance: float


def figures_of(recorded: RecordedEvent) -> Iterator[Figure]:
    """Every figure of an event; none of events that are not watched."""
    event = recorded.event
    if event.kind not in WATCHED:
        return
    kind = ENROLMENT if event.kind in ENROLMENTS else event.kind.value
    for number, (measure, value) in enumerate(_values(event)):
        key = StreamKey(event.caller.device, event.details.get("checkpoint", ""), kind, measure)
        yield Figure(key, SCALES[measure].place(value), _chance(recorded.digest, number))


def _values(event: AuditEvent) -> Iterator[tuple[Measure, float | None]]:
    for said in event.details.get("qualities", "").split():
        modality, _, quality = said.partition("=")
        yield QUALITIES[Modality(modality)], None if quality == NOT_USABLE else float(quality)
    if event.kind not in ENROLMENTS:
        yield from _decided(event.details)


def _decided(details: Mapping[str, str]) -> Iterator[tuple[Measure, float | None]]:
    """Of a movement check the search, where there was one, says who it is, and the claim's score how like they are."""
    found = [name for name in ("outcome", "identification_outcome", "verification_outcome") if name in details]
    if not found or details[found[0]] in {Outcome.RECAPTURE, Outcome.INCOMPLETE}:
        return
    outcome = details[found[0]]
    yield Measure.SCORE, float(details[found[-1].replace("outcome", "score")])
    yield Measure.UNKNOWN, outcome in {Outcome.UNKNOWN, Outcome.NO_MATCH}
    yield Measure.REVIEW, details.get("passage", outcome) == Outcome.REVIEW


def _chance(digest: str, number: int) -> float:
    """From 0 to 1, the same whenever the log is read."""
    drawn = hashlib.sha256(f"{digest}:{number}".encode()).digest()
    return (int.from_bytes(drawn[:6], "big") + 0.5) / 2**48
