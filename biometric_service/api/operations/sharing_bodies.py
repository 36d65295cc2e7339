"""What the operations on sharing are asked and what they answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from biometric_service.api.operations.bodies import AskingBody, Base64, Body, Id, Line, Purpose, RequestBody
from biometric_service.interchange.sharing.records import Lack, field_name
from biometric_service.vocabulary.references import EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.sharing import (
    AgencyRequest,
    Agreement,
    Channel,
    Circle,
    Disclosure,
    DisclosureKind,
    DisclosureState,
    Partner,
    Received,
    RecordForm,
    RequestKind,
    RequestState,
    Signature,
    Terms,
)

Pem = Annotated[str, Field(max_length=10_000)]
Address = Annotated[str, Field(max_length=1000)]
FieldName = Annotated[str, Field(min_length=1, max_length=200)]


class PartnerBody(Body):
    """The other agency."""

    agency: Id = Field(description="Its id.", examples=["police"])
    name: Line = Field(min_length=1, description="What people call it.", examples=["Police, records office"])
    principal: Id = Field(description="Id of the key that it calls us with.", examples=["police-key"])
    encryption_key: Pem = Field(description="Its RSA public key in PEM: what is for it is encrypted to it.")
    signing_key: Line = Field(description="Its Ed25519 public key, 64 hexadecimal digits: it signs with it.")
    channel: Channel = Field(Channel.PULL, description="How it gets what is for it.")
    address: Address = Field("", description="Where that is sent: a URL, or sftp://host/folder.")
    manifest_address: Address = Field("", description="URL of its manifest of a {day}.")
    user: Line = Field("", description="Of the file drop.")
    host_key: Address = Field("", description="Of the file drop: type and base64, as in known_hosts.")

    def partner(self) -> Partner:
        """As the use cases have it."""
        return Partner(**self.model_dump())


class TermsBody(Body):
    """What is agreed."""

    partner: PartnerBody
    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Of whom: whoever is in one of these.", examples=[["residents"]]
    )
    statuses: frozenset[EncounterStatus] = Field(
        default=frozenset({EncounterStatus.ACTIVE}), min_length=1, description="Of encounters with these."
    )
    subjects: Annotated[frozenset[Id], Field(max_length=10_000)] = Field(
        default=frozenset(), description="Of these alone, where any is named."
    )
    fields: Annotated[tuple[FieldName, ...], Field(max_length=200)] = Field(
        description="What is given of a person, field by field.", examples=[["biographic.lastName", "image.face"]]
    )
    purpose: Purpose = Field(description="For which purpose.", examples=["police-cooperation"])
    legal_basis: Line = Field(min_length=1, description="On which legal basis.", examples=["Police Act, s. 9"])
    valid_from: AwareDatetime = Field(description="From when.")
    until: AwareDatetime = Field(description="Until when.")
    form: RecordForm = Field(RecordForm.JSON, description="How a record is written.")
    two_person_review: bool = Field(default=True, description="Whether two officers look at what leaves.")
    automatic: bool = Field(default=False, description="Whether it is sent without being asked.")
    answers: frozenset[RequestKind] = Field(default=frozenset(), description="What the agency may ask.")
    receives: bool = Field(default=False, description="Whether what the agency sends is taken in.")
    profile: Id = Field("itl", description="Domain profile of transactions.")

    def terms(self) -> Terms:
        """As the use cases have it."""
        circle = Circle(
            frozenset(map(GalleryId, self.galleries)), self.statuses, frozenset(map(SubjectId, self.subjects))
        )
        return Terms(
            partner=self.partner.partner(),
            circle=circle,
            fields=self.fields,
            purpose=self.purpose,
            legal_basis=self.legal_basis,
            valid_from=self.valid_from,
            until=self.until,
            form=self.form,
            two_person_review=self.two_person_review,
            automatic=self.automatic,
            answers=self.answers,
            receives=self.receives,
            profile=self.profile,
        )


class AgreementBody(AskingBody):
    """Draw up the next version of an agreement."""

    name: Id = Field(description="Its name; versions are numbered.", examples=["police"])
    terms: TermsBody


class OfficerBody(AskingBody):
    """Do it as the officer who asks."""


class DiscloseBody(AskingBody):
    """Share a person under an agreement."""

    agreement: Id = Field(description="Under which agreement.", examples=["police:1"])
    subject: Id = Field(description="Whom.", examples=["P-1042"])


class HoldBackBody(AskingBody):
    """Hold back what was to leave, or recall what left."""

    note: Line = Field(min_length=1, description="Why.", examples=["Not needed for the purpose."])


class ReceiptBody(AskingBody):
    """The receiver's signature."""

    receipt: Annotated[str, Field(max_length=10_000)] = Field(description="The signed statement.")


class ReconcileBody(AskingBody):
    """Compare what was sent with what was received."""

    agency: Id = Field(description="With whom.", examples=["police"])
    day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] = Field(description="UTC.", examples=["2026-11-29"])
    manifest: Annotated[str, Field(max_length=10_000_000)] | None = Field(
        None, description="The agency's signed manifest; left out, it is fetched from its address."
    )


class AgencyQuestion(AskingBody):
    """What is asked of the prison; what may be asked, an agreement says."""

    request: Id = Field(description="Your own id of this request.", examples=["case-77-1"])
    kind: RequestKind = Field(description="A search, a verification, or a laboratory's submission to be searched.")
    gallery: Id = Field(description="Where to look.", examples=["residents"])
    subject: Id | None = Field(None, description="Who it is said to be, for a verification.")
    priority: int = Field(0, ge=0, le=9, description="The higher, the sooner.")


class AgencyRequestBody(AgencyQuestion, RequestBody):
    """Ask the prison something, with images."""


class AgencyTransactionBody(AgencyQuestion):
    """Ask the prison something by a transaction of ANSI/NIST-ITL."""

    data: Base64 = Field(description="The transaction, base64.")


class SharingAnswer(BaseModel):
    """Every answer is read-only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SignatureAnswer(SharingAnswer):
    """Who put their name to it, and when."""

    officer: str = Field(description="Who signed, as the audit log names callers.")
    at: datetime = Field(description="When.")


class LackAnswer(SharingAnswer):
    """A mandatory field that transactions under an agreement do not have."""

    field: str = Field(description="Its number.", examples=["2.012"])
    means: str = Field(description="What the domain profile says that it is.", examples=["Date of birth"])
    mandatory_in: tuple[str, ...] = Field(description="In which types of transaction.", examples=[["ENR"]])


class AgreementAnswer(SharingAnswer):
    """A version of an agreement."""

    agreement: str = Field(description="Its name and version.")
    terms: TermsBody
    proposed_by: str = Field(description="Who drew it up.")
    proposed_at: datetime = Field(description="When it was drawn up.")
    signatures: tuple[SignatureAnswer, ...] = Field(description="Of the officers who put it in force.")
    ended_at: datetime | None = Field(description="When it was withdrawn or replaced, null where it was not.")
    in_force: bool = Field(description="Whether anything may leave under it now.")
    lacks: tuple[LackAnswer, ...] = Field(
        description="What the domain profile demands and the agreement does not name: who reads by that profile will "
        "take no transaction of it in."
    )


class AgreementsAnswer(SharingAnswer):
    """Every version of every agreement."""

    agreements: tuple[AgreementAnswer, ...] = Field(description="By name and version.")


class DisclosureAnswer(SharingAnswer):
    """Something that left, or is to leave; nothing of what is in it but the names of the fields."""

    number: int = Field(description="Its place among all disclosures.")
    disclosure: str = Field(description="Its id.")
    kind: DisclosureKind
    agreement: str = Field(description="The version of the agreement that it is made under.")
    agency: str = Field(description="The receiver.")
    channel: Channel
    subject: str | None = Field(description="Whom it is about, if anybody.")
    about: str = Field(description="The disclosure or request that it belongs to, empty for none.")
    at: datetime = Field(description="When it was made.")
    made_by: str = Field(description="Who made it.")
    purpose: str = Field(description="For which purpose.")
    legal_basis: str = Field(description="On which legal basis.")
    fields: tuple[str, ...] = Field(description="The names of what it holds of the person.")
    digest: str = Field(description="SHA-256 (hex) of what leaves.")
    state: DisclosureState
    attempts: int = Field(description="How often it was sent.")
    sent_at: datetime | None = Field(description="When it was sent last, null before that.")
    acknowledged_at: datetime | None = Field(description="When the receiver signed for it, null before that.")
    note: str = Field(description="Why it failed, was refused, cancelled or recalled.")
    approvals: tuple[SignatureAnswer, ...] = Field(description="Of the officers who let it leave.")
    recalled_by: str = Field(description="The recall that was sent after it, empty for none.")


class DisclosuresAnswer(SharingAnswer):
    """A page of disclosures; ``next``: where the following one begins."""

    disclosures: tuple[DisclosureAnswer, ...] = Field(description="In the order in which they were made.")
    next: int | None = Field(None, description="Where the following page begins, null after the last.")


class ReceiptAnswer(SharingAnswer):
    """A signed statement."""

    statement: str = Field(description="What was signed, with its signature.")


class ReconciliationAnswer(SharingAnswer):
    """Whether all that was sent was received."""

    agency: str = Field(description="With whom.")
    day: str = Field(description="Which day (UTC).")
    proven: bool = Field(description="Whether counts and digests agree.")
    sent: int = Field(description="How many were sent.")
    received: int = Field(description="How many the agency says it received.")
    sent_digest: str = Field(description="SHA-256 (hex) over what was sent.")
    received_digest: str = Field(description="SHA-256 (hex) over what was received.")
    missing: tuple[str, ...] = Field(description="Sent, and not received.")
    unknown: tuple[str, ...] = Field(description="Received, and not sent.")
    differing: tuple[str, ...] = Field(description="Received otherwise than it was sent.")


class AgencyRequestAnswer(SharingAnswer):
    """How far a request has got; ``answer``: the disclosure that answers it."""

    number: int = Field(description="Its place among all requests.")
    request: str = Field(description="Its id, as the agency gave it.")
    agency: str = Field(description="Who asks.")
    agreement: str = Field(description="The version of the agreement that lets it ask.")
    kind: RequestKind
    gallery: str = Field(description="Where it is looked.")
    subject: str | None = Field(description="Who it is said to be, null for a search.")
    priority: int = Field(description="The higher, the sooner.")
    asked_at: datetime = Field(description="When it came.")
    state: RequestState
    outcome: str = Field(description="What was found, empty while nothing may be told.")
    answer: str = Field(description="The disclosure that answers it, empty before that.")
    note: str = Field(description="Why it was refused.")


class AgencyRequestsAnswer(SharingAnswer):
    """A page of requests; ``next``: where the following one begins."""

    requests: tuple[AgencyRequestAnswer, ...] = Field(description="The oldest first.")
    next: int | None = Field(None, description="Where the following page begins, null after the last.")


class ReceivedAnswer(SharingAnswer):
    """Something that another agency sent; ``content``: the statement that it signed, as JSON."""

    agency: str = Field(description="Who sent it.")
    disclosure: str = Field(description="Its id there.")
    kind: DisclosureKind
    agreement: str = Field(description="The agreement that it was sent under.")
    at: datetime = Field(description="When it was made.")
    digest: str = Field(description="SHA-256 (hex) of what was sent.")
    received_at: datetime = Field(description="When it came.")
    recalled_at: datetime | None = Field(description="When it was recalled, null where it was not.")
    content: str | None = Field(
        None, description="The statement that the agency signed, as JSON; null where it is not told."
    )


class ReceivedListAnswer(SharingAnswer):
    """The newest of what other agencies sent."""

    received: tuple[ReceivedAnswer, ...] = Field(description="The newest first.")


def agreement_answer(agreement: Agreement, lacks: Iterable[Lack], at: datetime) -> AgreementAnswer:
    """A version of an agreement as it stands at a moment."""
    return AgreementAnswer(
        agreement=agreement.id,
        terms=_terms(agreement.terms),
        proposed_by=agreement.proposed_by,
        proposed_at=agreement.proposed_at,
        signatures=_signatures(agreement.signatures),
        ended_at=agreement.ended_at,
        in_force=agreement.in_force(at),
        lacks=tuple(
            LackAnswer(field=field_name(each.number), means=each.means, mandatory_in=each.kinds) for each in lacks
        ),
    )


def disclosure_answer(found: Disclosure) -> DisclosureAnswer:
    """A disclosure."""
    return DisclosureAnswer(
        number=found.number,
        disclosure=found.id,
        kind=found.kind,
        agreement=found.agreement,
        agency=found.agency,
        channel=found.channel,
        subject=found.subject,
        about=found.about,
        at=found.at,
        made_by=found.made_by,
        purpose=found.purpose,
        legal_basis=found.legal_basis,
        fields=found.fields,
        digest=found.digest,
        state=found.state,
        attempts=found.attempts,
        sent_at=found.sent_at,
        acknowledged_at=found.acknowledged_at,
        note=found.note,
        approvals=_signatures(found.approvals),
        recalled_by=found.recalled_by,
    )


def request_answer(found: AgencyRequest) -> AgencyRequestAnswer:
    """A request."""
    return AgencyRequestAnswer(
        number=found.number,
        request=found.id,
        agency=found.agency,
        agreement=found.agreement,
        kind=found.kind,
        gallery=found.gallery,
        subject=found.subject,
        priority=found.priority,
        asked_at=found.asked_at,
        state=found.state,
        outcome=found.outcome,
        answer=found.answer,
        note=found.note,
    )


def received_answer(found: Received) -> ReceivedAnswer:
    """Something that came."""
    return ReceivedAnswer(
        agency=found.agency,
        disclosure=found.id,
        kind=found.kind,
        agreement=found.agreement,
        at=found.at,
        digest=found.digest,
        received_at=found.received_at,
        recalled_at=found.recalled_at,
        content=None if found.content is None else found.content.decode(),
    )


def _terms(terms: Terms) -> TermsBody:
    partner = terms.partner
    return TermsBody(
        partner=PartnerBody(
            agency=partner.agency,
            name=partner.name,
            principal=partner.principal,
            encryption_key=partner.encryption_key,
            signing_key=partner.signing_key,
            channel=partner.channel,
            address=partner.address,
            manifest_address=partner.manifest_address,
            user=partner.user,
            host_key=partner.host_key,
        ),
        galleries=terms.circle.galleries,
        statuses=terms.circle.statuses,
        subjects=terms.circle.subjects,
        fields=terms.fields,
        purpose=terms.purpose,
        legal_basis=terms.legal_basis,
        valid_from=terms.valid_from,
        until=terms.until,
        form=terms.form,
        two_person_review=terms.two_person_review,
        automatic=terms.automatic,
        answers=terms.answers,
        receives=terms.receives,
        profile=terms.profile,
    )


def _signatures(signatures: tuple[Signature, ...]) -> tuple[SignatureAnswer, ...]:
    return tuple(SignatureAnswer(officer=each.officer, at=each.at) for each in signatures)
