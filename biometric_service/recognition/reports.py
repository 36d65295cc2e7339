"""What another system's terminal says it saw: noted, never believed, since nothing was compared here."""

from dataclasses import dataclass
from datetime import UTC, datetime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.walk import Walk, require_gallery, require_member
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId


@dataclass(frozen=True, slots=True)
class MovementReport:
    """``id``: the sender's own, the same when it is sent again. ``person``: whom the terminal takes it to be.

    ``claimed``: the subject that the sender takes this person for, None where it knows of none. ``direction``: None
    where the terminal does not say. ``method``: what the terminal went by, in the sender's word.
    """

    id: str
    gallery: GalleryId
    checkpoint: str
    terminal: str
    person: str
    claimed: SubjectId | None
    direction: Movement | None
    method: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class NotedReport:
    """``event``: its number in the audit log. ``subject``: who is enrolled as claimed, None where nobody is."""

    event: int
    subject: SubjectId | None


def note_report(walk: Walk, report: MovementReport, caller: Caller) -> NotedReport:
    """Note the report in the audit log, of whomever it tells. GALLERY_UNKNOWN."""
    require_gallery(walk, report.gallery)
    subject = _known(walk, report)
    details = {
        "report": report.id,
        "checkpoint": report.checkpoint,
        "terminal": report.terminal,
        "person": report.person,
        "claimed": report.claimed or "",
        "status": walk.store.subject(subject).status.value if subject else "unknown",
        "direction": report.direction.value if report.direction else "",
        "method": report.method,
        "seen_at": report.seen_at.astimezone(UTC).isoformat(),
    }
    event = AuditEvent(EventKind.MOVEMENT_REPORTED, datetime.now(UTC), caller, subject, report.gallery, details)
    return NotedReport(walk.store.record(event), subject)


def _known(walk: Walk, report: MovementReport) -> SubjectId | None:
    try:
        return require_member(walk, report.claimed, report.gallery) if report.claimed else None
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
            raise
        return None
