"""Sharing with other agencies: agreements, what leaves under them, and what comes in.

A field is named as ``biographic.<name>``, ``contextual.<name>``, ``encounter.at`` (or ``status``, ``kind``,
``legal_basis``, ``exceptions``), ``image.<modality>``, ``template.<modality>``, or ``transaction.rest``: what came with
the person in a transaction of the same profile and has no name here. What is not named does not leave.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterStatus, GalleryId, SubjectId

OFFICERS: Final = 2
"""How many different officers sign an agreement, and approve what needs a review before it leaves."""


class Channel(StrEnum):
    """How an agency gets what is for it."""

    PULL = "pull"
    WEBHOOK = "webhook"
    SFTP = "sftp"
    OSIA = "osia"


class RecordForm(StrEnum):
    """How a record of a person is written: as JSON, or as files, one for each encounter.

    Files are transactions of ANSI/NIST-ITL by a domain profile, or CBEFF in XML with records of ISO/IEC 19794.
    """

    JSON = "json"
    ANSI_NIST_ITL = "ansi_nist_itl"
    CBEFF = "cbeff"


class RequestKind(StrEnum):
    """What another agency may ask."""

    SEARCH = "search"
    VERIFICATION = "verification"
    SUBMISSION = "submission"


@dataclass(frozen=True, slots=True)
class Partner:
    """Another agency.

    ``principal``: the caller that it is here (the id of its API key). ``encryption_key``: RSA public key, PEM.
    ``signing_key``: Ed25519 public key (hex) that its receipts, manifests and messages are signed with.
    ``address``: a URL, with ``sftp`` the folder of the drop. ``manifest_address``: URL of its manifest of a day, which
    takes the place of ``{day}``. ``user`` and ``host_key``: of the drop, the key as in ``known_hosts``.
    """

    agency: str
    name: str
    principal: str
    encryption_key: str
    signing_key: str
    channel: Channel = Channel.PULL
    address: str = ""
    manifest_address: str = ""
    user: str = ""
    host_key: str = ""


@dataclass(frozen=True, slots=True)
class Circle:
    """Of whom: whoever has an encounter in one of the galleries (ALL_GALLERIES for any) with one of the statuses.

    ``subjects``: only these where any is named.
    """

    galleries: frozenset[GalleryId]
    statuses: frozenset[EncounterStatus] = frozenset({EncounterStatus.ACTIVE})
    subjects: frozenset[SubjectId] = frozenset()

    def names(self, subject: SubjectId) -> bool:
        """Whether this subject may be meant at all."""
        return not self.subjects or subject in self.subjects

    def holds(self, galleries: frozenset[GalleryId], status: EncounterStatus) -> bool:
        """Whether an encounter is within it."""
        return status in self.statuses and (ALL_GALLERIES in self.galleries or bool(galleries & self.galleries))


@dataclass(frozen=True, slots=True)
class Terms:
    """What two agencies agreed.

    ``fields``: what is given of a person, each by name. ``answers``: what the partner may ask. ``receives``: whether
    what it sends is taken in. ``two_person_review``: whether two officers look at what leaves before it does.
    ``automatic``: whether it is sent without being asked, whenever somebody comes into the circle or is changed.
    ``profile``: domain profile of transactions.
    """

    partner: Partner
    circle: Circle
    fields: tuple[str, ...]
    purpose: str
    legal_basis: str
    valid_from: datetime
    until: datetime
    form: RecordForm = RecordForm.JSON
    two_person_review: bool = True
    automatic: bool = False
    answers: frozenset[RequestKind] = frozenset()
    receives: bool = False
    profile: str = "itl"


@dataclass(frozen=True, slots=True)
class Signature:
    """An officer put a name to something."""

    officer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of an agreement; ``ended_at``: when it was withdrawn or a later version took its place."""

    name: str
    version: int
    terms: Terms
    proposed_by: str
    proposed_at: datetime
    signatures: tuple[Signature, ...] = ()
    ended_at: datetime | None = None

    @property
    def id(self) -> str:
        """Names this version."""
        return agreement_id(self.name, self.version)

    @property
    def signed(self) -> bool:
        """Whether enough officers signed it."""
        return len({each.officer for each in self.signatures}) >= OFFICERS

    def in_force(self, at: datetime) -> bool:
        """Whether anything may leave under it at a moment."""
        return self.signed and self.ended_at is None and self.terms.valid_from <= at < self.terms.until


def agreement_id(name: str, version: int) -> str:
    """Such as ``police:2``."""
    return f"{name}:{version}"


def newest_signed(agreements: Iterable[Agreement]) -> Mapping[tuple[str, str], Agreement]:
    """The newest version of each that was ever signed, in force or not, by its name and the agency that it is with.

    Whose caller, keys and addresses the agency's are is said there.
    """
    signed = sorted((each for each in agreements if each.signed), key=lambda each: each.version)
    return {(each.name, each.terms.partner.agency): each for each in signed}


def agencies_of(agreements: Iterable[Agreement], principal: str) -> frozenset[str]:
    """The agencies that a caller is; one that a later version replaced by another is none any more."""
    partners = (each.terms.partner for each in newest_signed(agreements).values())
    return frozenset(each.agency for each in partners if each.principal == principal)


class DisclosureKind(StrEnum):
    """What left: the record of a person, the answer to a request, or the recall of either."""

    RECORD = "record"
    ANSWER = "answer"
    RECALL = "recall"


class DisclosureState(StrEnum):
    """How far a disclosure has got; only what is SENT or ACKNOWLEDGED has left."""

    AWAITING_REVIEW = "awaiting_review"
    PENDING = "pending"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Message:
    """What is to leave.

    ``plain``: a signed statement in JSON; ``sealed``: the same, encrypted to the receiver (JWE). ``digest``: SHA-256 of
    ``plain``, hex. ``day``: UTC, by which both sides count. ``reviewed``: whether officers look at it before it leaves.
    ``channel``: how it goes.
    """

    id: str
    kind: DisclosureKind
    agreement: Agreement
    at: datetime
    subject: SubjectId | None
    fields: tuple[str, ...]
    plain: bytes
    sealed: str
    channel: Channel
    digest: str
    about: str = ""
    cause: str | None = None
    subject_version: int | None = None
    reviewed: bool = False

    @property
    def day(self) -> str:
        """As ``2026-11-30``."""
        return day_of(self.at)


def day_of(at: datetime) -> str:
    """The day by which both sides of an exchange count."""
    return at.date().isoformat()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What is kept of something that left or is to leave.

    ``event``: number of the audit event that it was made with.
    ``about``: the disclosure that a recall is of, or the request that an answer is to. ``recalled_by``: id of the
    recall that was sent after it. ``note``: why it failed, was refused, cancelled or recalled.
    """

    number: int
    id: str
    event: int
    kind: DisclosureKind
    agreement: str
    agency: str
    principal: str
    channel: Channel
    subject: SubjectId | None
    about: str
    at: datetime
    made_by: str
    purpose: str
    legal_basis: str
    fields: tuple[str, ...]
    digest: str
    state: DisclosureState
    attempts: int
    sent_at: datetime | None
    acknowledged_at: datetime | None
    receipt: str
    note: str
    approvals: tuple[Signature, ...] = ()
    recalled_by: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A disclosure that somebody has claimed to deliver; ``sealed``: what is to be sent."""

    disclosure: Disclosure
    sealed: str


@dataclass(frozen=True, slots=True)
class Received:
    """What another agency sent; ``content``: None once it was recalled or not asked for."""

    agency: str
    id: str
    kind: DisclosureKind
    agreement: str
    at: datetime
    digest: str
    received_at: datetime
    recalled_at: datetime | None
    content: bytes | None = None


class RequestState(StrEnum):
    """How far a request of another agency has got."""

    QUEUED = "queued"
    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AgencyRequest:
    """What another agency asks; ``priority``: 0 to 9, 9 first. ``answer``: id of the disclosure that answers it."""

    number: int
    id: str
    agency: str
    agreement: str
    kind: RequestKind
    gallery: GalleryId
    subject: SubjectId | None
    priority: int
    asked_at: datetime
    state: RequestState
    attempts: int
    outcome: str
    answer: str
    note: str


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request as it comes in; ``content``: what is to be looked at, as JSON to be sealed."""

    id: str
    agreement: Agreement
    kind: RequestKind
    gallery: GalleryId
    subject: SubjectId | None
    priority: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one side sent or received on a day (UTC): the digest of each disclosure by its id."""

    day: str
    entries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Whether what was sent on a day was received; ``missing``, ``unknown`` and ``differing`` are ids.

    ``compared_on``: the day (UTC) of the comparison, empty where nobody noted it.
    """

    agency: str
    day: str
    sent: int
    received: int
    sent_digest: str
    received_digest: str
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    differing: tuple[str, ...]
    compared_on: str = ""

    @property
    def proven(self) -> bool:
        """Whether both sides have the same."""
        return self.sent_digest == self.received_digest
