"""Whether what devices deliver is still as it was. It tells of every gallery's devices, so the key must reach all."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.asking import Asking
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.recognition.drift import StreamState, drift, drift_event
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.drift import Direction, Measure
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

router = APIRouter(prefix=f"{OPERATIONS}/drift", tags=["audit"])


class DriftAlarmAnswer(Answer):
    """Figures left their band."""

    direction: Direction = Field(description="Which way they went.")
    at: datetime = Field(description="When that was certain.")
    event: int = Field(description="The event of the audit log that made it so.")


class StreamAnswer(Answer):
    """Figures of one kind from one place."""

    device: str = Field(description="As callers name it, empty where they do not.")
    post: str = Field(description="The checkpoint, empty elsewhere.")
    kind: str = Field(description="Which events they come from.")
    measure: Measure = Field(description="What is measured.")
    checks: int = Field(description="How many figures there were.")
    usual: float | None = Field(description="Mean or share so far, without those since an alarm; null without any.")
    recent: float | None = Field(description="Mean or share of the last seven days; null without any.")
    recent_checks: int = Field(description="Figures of the last seven days.")
    evidence: float = Field(description="From 0 to 1, how far it is on the way to an alarm.")
    alarm: DriftAlarmAnswer | None = Field(description="Null while the figures are in their band.")


class DriftAnswer(Answer):
    """Every stream, those with an alarm first."""

    alarms: int = Field(description="How many have an alarm.")
    streams: tuple[StreamAnswer, ...] = Field(description="Those with an alarm first, then by their evidence.")


@router.get("")
async def read_drift(
    admission: Annotated[Admission, Depends(requires(Scope.AUDIT_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
) -> DriftAnswer:
    """Read which devices and posts left their band, and how the others stand."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    await run_in_threadpool(services.store.record, drift_event(EventKind.DRIFT_READ, caller))
    states = await run_in_threadpool(drift, services.drift, datetime.now(UTC).date())
    alarms = sum(state.alarm is not None for state in states)
    return DriftAnswer(alarms=alarms, streams=tuple(map(_answer, states)))


def _answer(state: StreamState) -> StreamAnswer:
    key, alarm = state.key, state.alarm
    return StreamAnswer(
        device=key.device,
        post=key.post,
        kind=key.kind,
        measure=key.measure,
        checks=state.checks,
        usual=state.usual,
        recent=state.recent,
        recent_checks=state.recent_checks,
        evidence=state.evidence,
        alarm=DriftAlarmAnswer(direction=alarm.direction, at=alarm.at, event=alarm.event) if alarm else None,
    )
