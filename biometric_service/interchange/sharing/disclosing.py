"""The one way out: nothing of a person leaves but what an agreement in force lets go, and all of it is on record.

Whatever is to leave is made here: a record, the answer to a request, a recall. The store keeps it, with its audit
event, in a transaction that sees the agreement in force; no other module makes a message that tells of a person.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sending import Layout
from biometric_service.interchange.sharing.agreeing import standing
from biometric_service.interchange.sharing.faults import not_allowed, unfit
from biometric_service.interchange.sharing.messages import Saying, written
from biometric_service.interchange.sharing.minimising import within
from biometric_service.interchange.sharing.parts import Finding, Sharing, sharing_event
from biometric_service.interchange.sharing.records import Record, field_name, record_of
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import Encounter, EncounterId, EncounterStatus, Json, SubjectId
from biometric_service.vocabulary.sharing import (
    AgencyRequest,
    Agreement,
    Channel,
    Disclosure,
    DisclosureKind,
    DisclosureState,
    Message,
    RecordForm,
    RequestKind,
)

OVER = frozenset({DisclosureState.CANCELLED, DisclosureState.REFUSED})
"""States of what does not leave any more."""
NOTHING = "Nothing of this person is within the agreement."
_TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a file is made of. ``encounter``: None for the newest active one, else the newest."""

    layout: Layout
    encounter: EncounterId | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A file that was made, and the disclosure that it is."""

    disclosure: Disclosure
    data: bytes


def disclose(
    sharing: Sharing, agreement: str, subject: SubjectId, caller: Caller, cause: str | None = None
) -> Disclosure:
    """Make what an agreement lets go of a person, to be sent once it is reviewed where it has to be.

    ``cause``: what made it, so that it is made once. Raises AGREEMENT_UNKNOWN, SUBJECT_UNKNOWN, and SHARING_REFUSED
    where the agreement is not in force or not about this person.
    """
    found = sharing.agreements.agreement(agreement)
    return _settled(lambda: _kept(sharing, found, _saying(sharing, found, subject, cause=cause), caller))


def hand_over(sharing: Sharing, agreement: str, subject: SubjectId, choice: Choice, caller: Caller) -> HandedOver:
    """Make the file that an agreement lets go of one encounter, for whoever carries it to the agency.

    It is a disclosure that has left: the agency signs for it by the operation that signs for what it fetches. Raises
    what ``disclose`` raises, SHARING_REFUSED too where officers are to look at it or the form is no file.
    """
    found = sharing.agreements.agreement(agreement)
    if found.terms.two_person_review or found.terms.form is RecordForm.JSON:
        raise not_allowed("Nobody may carry a file under this agreement: officers look at what leaves, or it is JSON.")
    saying, made = _settled(lambda: _made_by_hand(sharing, found, subject, choice, caller))
    [data] = saying.files
    facts = {"disclosure": made.id, "to": made.agency, "digest": hashlib.sha256(data).hexdigest()}
    sharing.disclosures.take(
        made.id, made.principal, sharing_event(EventKind.TRANSACTION_EXPORTED, caller, facts, made.subject)
    )
    return HandedOver(sharing.disclosures.disclosure(made.id), data)


def answer(sharing: Sharing, request: AgencyRequest, finding: Finding, caller: Caller, control: str = "") -> Disclosure:
    """Make the answer to a request: its outcome, at which error rate, and of a match what the agreement lets go.

    ``control``: number of the transaction (TCN) that it came as, which the answer names.
    """
    found = sharing.agreements.agreement(request.agreement)
    require_in_force(found)
    content: dict[str, Json] = {
        "request": request.id,
        "outcome": finding.outcome,
        "error_rate": finding.error_rate,
        "searched": finding.searched,
        **({"response": control} if control else {}),
    }
    version, lacks = None, tuple[int, ...]()
    if finding.subject is not None:
        version = sharing.store.subject(finding.subject).version
        layout = Layout(found.terms.partner.agency, found.terms.profile, response=control)
        record = _record(sharing, found, finding.subject, layout=layout)
        content["record"], lacks = record.content, record.lacks
    saying = Saying(
        kind=DisclosureKind.ANSWER,
        content=content,
        subject=finding.subject,
        fields=found.terms.fields if finding.subject is not None else (),
        about=request.id,
        cause=f"request {request.id}",
        subject_version=version,
        reviewed=found.terms.two_person_review or request.kind is RequestKind.SUBMISSION,
        fetched=True,
        lacks=lacks,
    )
    return _kept(sharing, found, saying, caller)


def recall(sharing: Sharing, disclosure: Disclosure, why: str, caller: Caller) -> None:
    """Stop what has not left yet, or send a recall after what has, also where the agreement has ended.

    It goes as the newest version of the agreement says, to whose keys and addresses the agency holds.
    """
    found = standing(sharing, disclosure.agreement)
    saying = Saying(
        kind=DisclosureKind.RECALL,
        content={"disclosure": disclosure.id, "digest": disclosure.digest, "reason": why},
        subject=disclosure.subject,
        about=disclosure.id,
        cause=f"recall of {disclosure.id}",
        fetched=disclosure.channel is not Channel.OSIA,
    )
    message = written(sharing, found, saying)
    sharing.disclosures.recall(disclosure, message, why, _event(EventKind.RECALL_MADE, caller, message, reason=why))


def take_back(sharing: Sharing, disclosure: str, why: str, caller: Caller) -> Disclosure:
    """Recall something as an officer who found it wrong; DISCLOSURE_UNKNOWN, SHARING_CONFLICT where it is over."""
    found = sharing.disclosures.disclosure(disclosure)
    if found.kind is DisclosureKind.RECALL or found.recalled_by or found.state in OVER:
        raise unfit("It cannot be recalled: it never left, is recalled already, or is a recall.", "Read its state.")
    recall(sharing, found, why, caller)
    return sharing.disclosures.disclosure(disclosure)


def approve(sharing: Sharing, disclosure: str, caller: Caller) -> Disclosure:
    """Let something go as an officer; DISCLOSURE_UNKNOWN, SHARING_CONFLICT, SHARING_REFUSED."""
    event = _reviewed(sharing, EventKind.DISCLOSURE_APPROVED, disclosure, caller)
    return sharing.disclosures.approve(disclosure, event)


def refuse(sharing: Sharing, disclosure: str, note: str, caller: Caller) -> Disclosure:
    """Hold something back as an officer; DISCLOSURE_UNKNOWN, SHARING_CONFLICT."""
    event = _reviewed(sharing, EventKind.DISCLOSURE_REFUSED, disclosure, caller)
    return sharing.disclosures.refuse(disclosure, note, event)


def draft(sharing: Sharing, disclosure: str, caller: Caller) -> bytes:
    """What is to leave, for an officer who reviews it; DISCLOSURE_UNKNOWN, SHARING_CONFLICT."""
    text = sharing.disclosures.draft(disclosure)
    sharing.store.record(_reviewed(sharing, EventKind.DISCLOSURE_READ, disclosure, caller))
    return text


def shared_of(sharing: Sharing, subject: SubjectId, caller: Caller) -> Sequence[Disclosure]:
    """Everything that was shared of a person, erased or not: what the person may ask to know."""
    found = sharing.disclosures.of_subject(subject)
    sharing.store.record(sharing_event(EventKind.DISCLOSURES_LISTED, caller, {"count": str(len(found))}, subject))
    return found


def require_in_force(agreement: Agreement) -> None:
    """SHARING_REFUSED unless the agreement is in force."""
    if not agreement.in_force(datetime.now(UTC)):
        raise not_allowed("The agreement is not in force.")


def _settled(make: Callable[[], T]) -> T:
    """Made again where the person was changed meanwhile."""
    for _ in range(_TRIES - 1):
        try:
            return make()
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.VERSION_MISMATCH:
                raise
    return make()


def _made_by_hand(
    sharing: Sharing, agreement: Agreement, subject: SubjectId, choice: Choice, caller: Caller
) -> tuple[Saying, Disclosure]:
    saying = _saying(sharing, agreement, subject, choice)
    return saying, _kept(sharing, agreement, saying, caller)


def _saying(
    sharing: Sharing, agreement: Agreement, subject: SubjectId, choice: Choice | None = None, cause: str | None = None
) -> Saying:
    require_in_force(agreement)
    if not agreement.terms.circle.names(subject):
        raise not_allowed(NOTHING)
    whom = sharing.store.subject(subject).merged_into or subject
    version = sharing.store.subject(whom).version
    record = _record(sharing, agreement, whom, choice)
    if not record.files and agreement.terms.form is not RecordForm.JSON:
        raise not_allowed(NOTHING)
    return Saying(
        kind=DisclosureKind.RECORD,
        content={"record": record.content},
        subject=whom,
        fields=agreement.terms.fields,
        cause=cause,
        subject_version=version,
        reviewed=agreement.terms.two_person_review,
        by_hand=choice is not None,
        files=record.files,
        lacks=record.lacks,
    )


def _record(
    sharing: Sharing,
    agreement: Agreement,
    subject: SubjectId,
    choice: Choice | None = None,
    layout: Layout | None = None,
) -> Record:
    """The person's record as the agreement lets it go, without files where they would hold nothing.

    SHARING_REFUSED where nobody is within it.
    """
    encounters = within(agreement.terms.circle, sharing.encounters.encounters(subject))
    if choice is not None:
        encounters, layout = _chosen(encounters, choice), choice.layout
    if not encounters:
        raise not_allowed(NOTHING)
    return record_of(sharing.rules, subject, encounters, agreement.terms, layout)


def _chosen(encounters: Sequence[Encounter], choice: Choice) -> Sequence[Encounter]:
    """The one that is named, else the newest active one, else the newest."""
    if choice.encounter is not None:
        return [each for each in encounters if each.encounter == choice.encounter]
    active = [each for each in encounters if each.circumstances.status is EncounterStatus.ACTIVE]
    return sorted(active or encounters, key=lambda each: each.at)[-1:]


def _kept(sharing: Sharing, agreement: Agreement, saying: Saying, caller: Caller) -> Disclosure:
    message = written(sharing, agreement, saying)
    facts = {"lacks": " ".join(map(field_name, saying.lacks))} if saying.lacks else {}
    return sharing.disclosures.add(message, _event(EventKind.DISCLOSURE_MADE, caller, message, **facts))


def _event(kind: EventKind, caller: Caller, message: Message, **facts: str) -> AuditEvent:
    """What left is named by its digest; the fields by their names, never by what is in them."""
    said = {
        "disclosure": message.id,
        "what": message.kind.value,
        "agreement": message.agreement.id,
        "agency": message.agreement.terms.partner.agency,
        "fields": " ".join(message.fields),
        "digest": message.digest,
        "about": message.about,
        **facts,
    }
    return sharing_event(kind, caller, said, message.subject)


def _reviewed(sharing: Sharing, kind: EventKind, disclosure: str, caller: Caller) -> AuditEvent:
    found = sharing.disclosures.disclosure(disclosure)
    return sharing_event(kind, caller, {"disclosure": found.id, "digest": found.digest}, found.subject)
