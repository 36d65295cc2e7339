"""What sharing with other agencies asks of the store; each change is one transaction with its audit event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import (
    AgencyRequest,
    Agreement,
    Disclosure,
    DisclosureState,
    Manifest,
    Message,
    NewRequest,
    Outgoing,
    Received,
    Reconciliation,
    Terms,
)
from biometric_service.vocabulary.statements import Signer


class AgreementStore(Protocol):
    """Agreements, version by version; RECORD_TAMPERED or RIGHTS_REPLAYED where one was changed by hand."""

    def propose(self, name: str, terms: Terms, event: AuditEvent) -> Agreement:
        """Keep the next version of an agreement, which nobody has signed yet; REQUEST_INVALID."""

    def sign(self, agreement: str, event: AuditEvent) -> Agreement:
        """Put the caller's name to a version; with the second one it comes into force, in the place of earlier ones.

        AGREEMENT_UNKNOWN; SHARING_CONFLICT where the officer has signed already, or it has ended.
        """

    def withdraw(self, agreement: str, event: AuditEvent) -> Agreement:
        """End a version at once: what is under way is cancelled with it; AGREEMENT_UNKNOWN, SHARING_CONFLICT."""

    def agreement(self, agreement: str) -> Agreement:
        """One version; AGREEMENT_UNKNOWN."""

    def agreements(self) -> Sequence[Agreement]:
        """Every version, by name and version."""


class DisclosureStore(Protocol):
    """What leaves, and how far it has got."""

    @property
    def signer(self) -> Signer:
        """What messages, receipts and manifests are signed with; another key once the store key was renewed."""

    def add(self, message: Message, event: AuditEvent) -> Disclosure:
        """Keep what is to leave; made by the same cause before, that one is returned and nothing is written.

        SHARING_REFUSED unless its agreement is in force, VERSION_MISMATCH where the person was changed since it was
        read, SUBJECT_UNKNOWN where the person was erased.
        """

    def recall(self, disclosure: Disclosure, message: Message, note: str, event: AuditEvent) -> None:
        """Stop what has not left yet, or send a recall after what has; done once for each disclosure."""

    def approve(self, disclosure: str, event: AuditEvent) -> Disclosure:
        """Let it go, each officer once and nobody their own work; with the second one it is sent.

        DISCLOSURE_UNKNOWN, SHARING_CONFLICT, SHARING_REFUSED where its agreement is no longer in force.
        """

    def refuse(self, disclosure: str, note: str, event: AuditEvent) -> Disclosure:
        """Hold it back for good; DISCLOSURE_UNKNOWN, SHARING_CONFLICT."""

    def draft(self, disclosure: str) -> bytes:
        """What it says, as long as it waits for its review; DISCLOSURE_UNKNOWN, SHARING_CONFLICT."""

    def disclosure(self, disclosure: str) -> Disclosure:
        """One; DISCLOSURE_UNKNOWN."""

    def of_subject(self, subject: SubjectId) -> Sequence[Disclosure]:
        """Everything that was shared of a person and the recalls of it, oldest first.

        Under each id that is theirs by now, and of what was shared while a merge made it theirs.
        """

    def of_agreement(self, agreement: str) -> Sequence[Disclosure]:
        """Everything under one version of an agreement, oldest first."""

    def listed(
        self,
        after: int,
        limit: int,
        state: DisclosureState | None,
        agreement: str | None = None,
        *,
        newest: bool = False,
    ) -> Sequence[Disclosure]:
        """A page by number, after the given one; in one state, or all; under one agreement, or all.

        ``newest``: the newest first, from before the given number on, 0 for from the last.
        """

    def waiting_for(self, principal: str, after: int, limit: int) -> Sequence[Disclosure]:
        """What the agency that a caller is has still to sign for, by number after the given one."""

    def take(self, disclosure: str, principal: str, event: AuditEvent) -> Outgoing:
        """What is for the agency that the caller is; DISCLOSURE_UNKNOWN, SHARING_REFUSED, SHARING_CONFLICT."""

    def claim(self, now: datetime, until: datetime) -> Outgoing | None:
        """The next to be delivered or, where a receipt is still to be fetched, to be looked after."""

    def sent(self, disclosure: str, at: datetime, due: datetime) -> None:
        """It left; its receipt is looked for from ``due`` on."""

    def postponed(self, disclosure: str, due: datetime | None, note: str) -> None:
        """It was not taken: it is tried again then, or given up until somebody has it sent again."""

    def acknowledged(self, disclosure: str, receipt: str, event: AuditEvent) -> Disclosure:
        """The receiver signed for it."""

    def redeliver(self, disclosure: str, event: AuditEvent) -> Disclosure:
        """Send it once more; DISCLOSURE_UNKNOWN, SHARING_REFUSED, SHARING_CONFLICT where it is no longer kept."""

    def manifest(self, agency: str, day: str) -> Manifest:
        """What left to an agency of what was made on a day; it may grow later, such as by a review."""

    def days(self, agency: str, first: str, before: str) -> Sequence[str]:
        """The days of which anything left to an agency by now, from the first to the last one before another."""

    def purge(self, before: datetime) -> int:
        """Destroy what was sent and signed for before a moment; returns how many."""


class ReceivedStore(Protocol):
    """What comes in, how far the audit log was followed for recalls, and what was reconciled."""

    def add(self, received: Received, event: AuditEvent) -> None:
        """Keep what came; sent again, it is kept once. SHARING_CONFLICT for another content under the same id."""

    def recall(self, recall: Received, about: str, event: AuditEvent) -> None:
        """Destroy what a recall is of, and keep that it came, also where the other never did; done once."""

    def received(self, agency: str, disclosure: str) -> Received:
        """One with its content; DISCLOSURE_UNKNOWN."""

    def listed(self, limit: int) -> Sequence[Received]:
        """The newest, without their contents."""

    def manifest(self, agency: str, day: str) -> Manifest:
        """What came from an agency of what it sent on a day, recalls and what was recalled since too."""

    def progress(self) -> int:
        """Up to which event the audit log was followed."""

    def followed(self, event: int) -> None:
        """The audit log was followed up to this event."""

    def reconciled(self, found: Reconciliation, event: AuditEvent) -> None:
        """Keep what a reconciliation found, in the place of an earlier one of the same day."""

    def reconciliation(self, agency: str, day: str) -> Reconciliation | None:
        """What was found last of a day, None where nobody compared it yet."""


class AgencyRequestStore(Protocol):
    """What other agencies ask, the most urgent first; whoever claims a request holds it until a moment."""

    def add(self, request: NewRequest, event: AuditEvent) -> AgencyRequest:
        """Queue it; SHARING_REFUSED unless its agreement is in force and lets the agency ask this."""

    def claim(self, now: datetime, until: datetime) -> tuple[AgencyRequest, bytes] | None:
        """The most urgent request that waits, with what is asked."""

    def answered(self, request: str, outcome: str, answer: str, event: AuditEvent) -> None:
        """It has its answer, a disclosure; what was asked is forgotten."""

    def failed(self, request: str, note: str, event: AuditEvent, *, refused: bool) -> None:
        """It cannot be answered, or may not any more; what was asked is forgotten."""

    def postponed(self, request: str, due: datetime, note: str) -> None:
        """It could not be done: it is tried again then."""

    def request(self, request: str) -> AgencyRequest:
        """One; AGENCY_REQUEST_UNKNOWN."""

    def content(self, request: str) -> bytes | None:
        """What is asked, None once it is forgotten; AGENCY_REQUEST_UNKNOWN."""

    def listed(self, after: int, limit: int, agency: str | None = None) -> Sequence[AgencyRequest]:
        """A page by number, after the given one; of one agency, or all."""

    def pressing(self, after: int, limit: int) -> Sequence[AgencyRequest]:
        """A page of those that wait to be looked at, or for the review of their answer; the most urgent first.

        ``after``: number of the last one of the page before, 0 for none.
        """
