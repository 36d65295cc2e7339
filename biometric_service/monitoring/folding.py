"""A page of the audit log folded into what is known of each stream."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date

from biometric_service.monitoring.evidence import ALARM, NONE, grown, rank, together
from biometric_service.monitoring.figures import SCALES, Figure, figures_of
from biometric_service.vocabulary.drift import Alarm, DaySketch, Direction, Folded, Stream, StreamKey
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent

LEARNING = 100
"""So many figures of its own make a stream its own measure; until then it is held against the others of its kind."""
SERVICE = "service"
PURPOSE = "drift"


def fold(events: Sequence[RecordedEvent], known: Mapping[StreamKey, Stream]) -> Folded:
    """Every figure in the order of the log."""
    streams, days = dict(known), _Days()
    found: list[AuditEvent] = []
    touched: dict[StreamKey, None] = {}
    for recorded in events:
        for figure in figures_of(recorded):
            before = streams.get(figure.key) or Stream(figure.key, (0,) * SCALES[figure.key.measure].bins, NONE, NONE)
            after = watched(before, figure, _peers(before, streams), recorded)
            if after.alarm is not None and before.alarm is None:
                found.append(_told(after, recorded))
            streams[figure.key], touched[figure.key] = after, None
            days.add(figure, recorded.event.at.astimezone(UTC).date())
    return Folded([streams[key] for key in touched], days.sketches(), found)


def watched(stream: Stream, figure: Figure, peers: Sequence[int], recorded: RecordedEvent) -> Stream:
    """The stream after a figure; ``peers``: what it is held against beside its own past, by bin.

    While there is an alarm nothing is learned, so that what it was for does not become the measure.
    """
    if stream.alarm is not None:
        return replace(stream, checks=stream.checks + 1)
    held = [own + other for own, other in zip(stream.counts, peers, strict=True)]
    p_value = rank(held, figure.place, figure.chance)
    lower, higher = grown(stream.lower, p_value), grown(stream.higher, 1 - p_value)
    counts = tuple(count + (at == figure.place) for at, count in enumerate(stream.counts))
    after = replace(stream, counts=counts, lower=lower, higher=higher, checks=stream.checks + 1)
    spoken = {Direction.LOWER: together(lower), Direction.HIGHER: together(higher)}
    direction = max(spoken, key=spoken.__getitem__)
    if spoken[direction] < ALARM:
        return after
    alarm = Alarm(direction, recorded.event.at, recorded.number)
    return replace(after, counts=stream.counts, lower=NONE, higher=NONE, alarm=alarm)


def _peers(stream: Stream, streams: Mapping[StreamKey, Stream]) -> Sequence[int]:
    """Figures of all other devices and posts of the same kind and measure, while there are few of its own."""
    if sum(stream.counts) >= LEARNING:
        return (0,) * len(stream.counts)
    others = [
        each.counts
        for key, each in streams.items()
        if (key.kind, key.measure) == (stream.key.kind, stream.key.measure) and key != stream.key
    ]
    return [sum(each) for each in zip(*others, strict=True)] if others else (0,) * len(stream.counts)


def _told(stream: Stream, recorded: RecordedEvent) -> AuditEvent:
    assert stream.alarm is not None
    key = stream.key
    details = {
        "device": key.device,
        "post": key.post,
        "of": key.kind,
        "measure": key.measure.value,
        "direction": stream.alarm.direction.value,
        "checks": str(stream.checks),
        "event": str(recorded.number),
    }
    caller = Caller(SERVICE, PURPOSE, key.device)
    return AuditEvent(EventKind.DRIFT_FOUND, recorded.event.at, caller, None, None, details)


class _Days:
    """Figures by stream and day."""

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[StreamKey, date], list[int]] = defaultdict(list)

    def add(self, figure: Figure, day: date) -> None:
        counts = self._counts[figure.key, day]
        if not counts:
            counts += [0] * SCALES[figure.key.measure].bins
        counts[figure.place] += 1

    def sketches(self) -> list[DaySketch]:
        return [DaySketch(key, day, tuple(counts)) for (key, day), counts in self._counts.items()]
