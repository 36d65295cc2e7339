"""Delete what may not be kept any longer: one change and one audit event each, so that it can be cut off anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import EncounterStore, RetentionStore
from biometric_service.vocabulary.references import Guard, Overdue

CHANGED_MEANWHILE = frozenset(
    {ErrorCode.VERSION_MISMATCH, ErrorCode.ENCOUNTER_UNKNOWN, ErrorCode.SUBJECT_UNKNOWN, ErrorCode.SUBJECT_MERGED}
)


class Fate(StrEnum):
    """What became of an overdue encounter; one that was changed meanwhile is looked at again by the next run.

    HELD_BACK: by it alone it is known that somebody is inside; it goes once they were let out.
    """

    WOULD_BE_DELETED = "would_be_deleted"
    DELETED = "deleted"
    CHANGED_MEANWHILE = "changed_meanwhile"
    HELD_BACK = "held_back"


@dataclass(frozen=True, slots=True)
class Expiry:
    """One overdue encounter and what became of it."""

    overdue: Overdue
    fate: Fate


def expire(retention: RetentionStore, people: EncounterStore, caller: Caller, *, dry_run: bool) -> Iterator[Expiry]:
    """Delete every overdue encounter, with its last one the subject; ``dry_run``: only say which."""
    for overdue in retention.overdue(datetime.now(UTC)):
        yield Expiry(overdue, _forecast(overdue) if dry_run else _delete(people, overdue, caller))


def _forecast(overdue: Overdue) -> Fate:
    return Fate.HELD_BACK if overdue.held_back else Fate.WOULD_BE_DELETED


def _delete(people: EncounterStore, overdue: Overdue, caller: Caller) -> Fate:
    facts = {"encounter": overdue.key.encounter, "reason": overdue.reason}
    event = AuditEvent(EventKind.ENCOUNTER_EXPIRED, datetime.now(UTC), caller, overdue.key.subject, None, facts)
    try:
        people.delete(overdue.key, event, Guard(overdue.version))
    except BiometricServiceError as fault:
        if fault.code in CHANGED_MEANWHILE:
            return Fate.CHANGED_MEANWHILE
        if fault.code is ErrorCode.RELEASE_REQUIRED:
            return Fate.HELD_BACK
        raise
    return Fate.DELETED
