"""Is what devices deliver, and what is decided on it, still as it was? Told from the audit log alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from biometric_service.monitoring.evidence import ALARM, together
from biometric_service.monitoring.figures import SCALES
from biometric_service.monitoring.folding import fold
from biometric_service.vocabulary.drift import Alarm, DaySketch, Stream, StreamKey
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import DriftStore

RECENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream as it is told: what was usual (None where nothing was measured), what came in lately, and how sure.

    ``usual``, ``recent``: a mean quality (0 to 100) or score (-log10 FMR), or a share. ``evidence``: 0 to 1, how far it
    is on the way to an alarm. ``recent_checks``: figures of the last seven days.
    """

    key: StreamKey
    checks: int
    usual: float | None
    recent: float | None
    recent_checks: int
    evidence: float
    alarm: Alarm | None


def catch_up(store: DriftStore) -> int:
    """Take in everything that the audit log has by now; returns how many events there were."""
    total = 0
    while count := store.catch_up(fold):
        total += count
    return total


def drift(store: DriftStore, today: date) -> list[StreamState]:
    """Every stream as it is now, those with an alarm first."""
    catch_up(store)
    recent = _recent(store.sketches(today - timedelta(days=RECENT_DAYS - 1)))
    states = [_state(stream, recent.get(stream.key, (0,) * len(stream.counts))) for stream in store.streams()]
    return sorted(states, key=lambda state: (state.alarm is None, -state.evidence, state.key))


def drift_event(kind: EventKind, caller: Caller, **facts: str) -> AuditEvent:
    """An event of now about drift."""
    return AuditEvent(kind, datetime.now(UTC), caller, None, None, facts)


def close_alarms(store: DriftStore, device: str, caller: Caller, *, forget: bool) -> int:
    """End the alarms of a device, once it was seen to; ``forget``: it is another now, and is learned anew."""
    catch_up(store)
    event = drift_event(EventKind.DRIFT_CLOSED, caller, device=device, forget=str(forget).lower())
    return store.close(device, event, forget=forget)


def _recent(sketches: Iterable[DaySketch]) -> dict[StreamKey, tuple[int, ...]]:
    found: defaultdict[StreamKey, list[Sequence[int]]] = defaultdict(list)
    for sketch in sketches:
        found[sketch.key].append(sketch.counts)
    return {key: tuple(sum(each) for each in zip(*days, strict=True)) for key, days in found.items()}


def _state(stream: Stream, recent: tuple[int, ...]) -> StreamState:
    scale = SCALES[stream.key.measure]
    spoken = max(together(stream.lower), together(stream.higher))
    evidence = 1.0 if stream.alarm else min(max(spoken, 0.0) / ALARM, 1.0)
    usual, lately = scale.mean(stream.counts), scale.mean(recent)
    return StreamState(stream.key, stream.checks, usual, lately, sum(recent), evidence, stream.alarm)
