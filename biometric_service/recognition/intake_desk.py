"""Where people are taken in: who judges, who keeps, and for how long."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.intakes import Intake, IntakeState, IntakeStore


@dataclass(frozen=True, slots=True)
class IntakeDesk:
    """``hours``: how long an intake waits for what comes next. ``evidence_days``: how long a refused one is kept."""

    walk: Walk
    intakes: IntakeStore
    hours: float
    evidence_days: float

    def until(self) -> datetime:
        """When an intake is over in which something happened now."""
        return datetime.now(UTC) + timedelta(hours=self.hours)

    def evidence_until(self) -> datetime:
        """When an intake is over that was refused now."""
        return datetime.now(UTC) + timedelta(days=self.evidence_days)

    def open_one(self, intake: str) -> Intake:
        """The intake; INTAKE_UNKNOWN, INTAKE_CLOSED unless it is open."""
        found = self.intakes.intake(intake)
        if found.state is IntakeState.OPEN:
            return found
        message = f"The intake is {found.state.value}: nothing more is captured in it."
        raise BiometricServiceError(ErrorCode.INTAKE_CLOSED, message, "Open a new intake.")


def intake_event(kind: EventKind, caller: Caller, intake: Intake, **facts: str) -> AuditEvent:
    """An event of now about an intake."""
    gallery = min(intake.galleries, default=None)
    details = {"intake": intake.id, **facts}
    return AuditEvent(kind, datetime.now(UTC), caller, intake.person.subject, gallery, details)
