"""What was shared follows the person: corrected, erased or no longer allowed, it is recalled; changed, it is sent anew.

The audit log is followed, event by event. Whatever an event brings about is done once however often it is followed, so
that nothing is lost where a process ends in between.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing.answering import PASSING
from biometric_service.interchange.sharing.disclosing import disclose, recall
from biometric_service.interchange.sharing.minimising import within
from biometric_service.interchange.sharing.parts import SERVICE, Sharing
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import Agreement, Disclosure, DisclosureKind

RECALLING: Mapping[EventKind, str] = {
    EventKind.SUBJECT_ERASED: "erased",
    EventKind.ENCOUNTER_REPLACED: "corrected",
    EventKind.ENCOUNTER_MOVED: "corrected",
    EventKind.SUBJECTS_MERGED: "corrected",
    EventKind.SUBJECT_UNMERGED: "corrected",
    EventKind.ENCOUNTER_DELETED: "deleted",
    EventKind.ENCOUNTER_EXPIRED: "kept no longer",
    EventKind.CONSENT_WITHDRAWN: "consent withdrawn",
}
"""Events of a person after which what was shared is not right any more, and the reason that the receiver is told."""

CHANGING = frozenset(
    {
        EventKind.SUBJECT_ENROLLED,
        EventKind.ENCOUNTER_ADDED,
        EventKind.ENCOUNTER_REPLACED,
        EventKind.ENCOUNTER_MOVED,
        EventKind.ENCOUNTER_DELETED,
        EventKind.ENCOUNTER_EXPIRED,
        EventKind.STATUS_CHANGED,
        EventKind.GALLERIES_CHANGED,
        EventKind.SUBJECTS_MERGED,
        EventKind.SUBJECT_UNMERGED,
        EventKind.RELEASE_COMPLETED,
    }
)
"""Events after which a person is shared under agreements that ask for no occasion of their own.

Also those after which a person may be in the circle of an agreement no longer.
"""

_BETWEEN_TWO = frozenset({EventKind.ENCOUNTER_MOVED, EventKind.SUBJECTS_MERGED, EventKind.SUBJECT_UNMERGED})
_OTHERS = ("from", "into", "to")
WITHDRAWN, LEFT = "agreement withdrawn", "not within the agreement any more"
PAGE = 200
_LATER = PASSING | {ErrorCode.STORE_FULL, ErrorCode.STORE_READ_ONLY, ErrorCode.STORE_CONFLICT}
"""Faults that may be over in a moment; any other is this person's own, and holds up nobody else's recall."""
_NOT_SHARED = frozenset({ErrorCode.SHARING_REFUSED, ErrorCode.SUBJECT_UNKNOWN})

log = logging.getLogger(__name__)


def catch_up(sharing: Sharing) -> int:
    """Follow the next page of the audit log; returns how many events there were."""
    events = sharing.store.events(sharing.received.progress(), PAGE)
    for each in events:
        _follow(sharing, each)
    if events:
        sharing.received.followed(events[-1].number)
    return len(events)


def _follow(sharing: Sharing, recorded: RecordedEvent) -> None:
    event = recorded.event
    if event.kind is EventKind.AGREEMENT_WITHDRAWN:
        _recall_all(sharing, _under(sharing, event.details["agreement"]), WITHDRAWN, recorded)
    people = _people(event)
    for subject in people:
        if event.kind in RECALLING:
            _recall_all(sharing, sharing.disclosures.of_subject(subject), RECALLING[event.kind], recorded)
        if event.kind in CHANGING:
            _recall_all(sharing, _left(sharing, subject), LEFT, recorded)
    if event.kind in CHANGING:
        _share(sharing, people, recorded.number)


def _under(sharing: Sharing, agreement: str) -> Sequence[Disclosure]:
    """What was shared under every version of an agreement that ended; a draft that nobody signed takes none with it."""
    ended = sharing.agreements.agreement(agreement)
    versions = sharing.agreements.agreements() if ended.signed else ()
    of_it = (each.id for each in versions if each.name == ended.name)
    return [each for version in of_it for each in sharing.disclosures.of_agreement(version)]


def _people(event: AuditEvent) -> Sequence[SubjectId]:
    """Whom an event is about, and from whom and to whom encounters went."""
    others = (event.details.get(each) for each in _OTHERS) if event.kind in _BETWEEN_TWO else ()
    return list(dict.fromkeys(SubjectId(each) for each in (event.subject, *others) if each))


def _recall_all(sharing: Sharing, disclosures: Sequence[Disclosure], why: str, recorded: RecordedEvent) -> None:
    """All that were made before the event; what was made after it says already what is so."""
    caller = Caller(SERVICE, recorded.event.caller.purpose)
    for each in disclosures:
        if each.kind is not DisclosureKind.RECALL and each.event < recorded.number and not each.recalled_by:
            recall(sharing, each, why, caller)


def _left(sharing: Sharing, subject: SubjectId) -> Sequence[Disclosure]:
    """What was shared of a person under agreements that are not about them any more."""
    found = [each for each in sharing.disclosures.of_subject(subject) if not each.recalled_by]
    try:
        encounters = sharing.encounters.encounters(subject) if found else ()
    except BiometricServiceError as fault:
        if fault.code in _LATER:
            raise
        if fault.code not in _NOT_SHARED:
            log.error("nobody can tell under which agreements %s still is: %s", subject, fault)  # noqa: TRY400
        return ()
    circles = {each.agreement: sharing.agreements.agreement(each.agreement).terms.circle for each in found}
    return [each for each in found if not within(circles[each.agreement], encounters)]


def _share(sharing: Sharing, people: Sequence[SubjectId], event: int) -> None:
    """Each once under each agreement, also where two ids are one person by now."""
    now = datetime.now(UTC)
    persons = {each: _present(sharing, each) for each in people}
    for agreement in sharing.agreements.agreements():
        if agreement.terms.automatic and agreement.in_force(now):
            shared: set[SubjectId] = set()
            for each, person in persons.items():
                if person not in shared and _disclosed(sharing, agreement, each, event):
                    shared.add(person)


def _present(sharing: Sharing, subject: SubjectId) -> SubjectId:
    """Who somebody is by now."""
    try:
        return sharing.store.subject(subject).merged_into or subject
    except BiometricServiceError as fault:
        if fault.code in _LATER:
            raise
        return subject


def _disclosed(sharing: Sharing, agreement: Agreement, subject: SubjectId, event: int) -> bool:
    """Whether the agreement lets anything go of the person."""
    caller = Caller(SERVICE, agreement.terms.purpose, legal_basis=agreement.terms.legal_basis)
    try:
        disclose(sharing, agreement.id, subject, caller, f"event {event} {agreement.id} {subject}")
    except BiometricServiceError as fault:
        if fault.code in _LATER:
            raise
        if fault.code not in _NOT_SHARED:
            log.error("what event %d changed is not shared under %s: %s", event, agreement.id, fault)  # noqa: TRY400
        return False
    return True
