"""Tables of what is shared with other agencies, and of the statistics that are published."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from biometric_service.references.models import LONGEST_NAME, Base, Moment, Name, Names, Number, NumberKey, UtcTime
from biometric_service.references.models import Sealed as SealedBytes

_NAME = String(LONGEST_NAME).with_variant(String(LONGEST_NAME, collation="C"), "postgresql")


class AgreementRow(Base):
    """One version of an agreement; ``seal`` is a MAC over all the rest, as of API keys."""

    __tablename__ = "agreements"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    name: Mapped[str] = mapped_column(_NAME, index=True)
    version: Mapped[int] = mapped_column(Integer)
    terms: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[Name]
    proposed_at: Mapped[Moment]
    signatures: Mapped[Names]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seal: Mapped[SealedBytes]


class DisclosureRow(Base):
    """What left, or is to leave.

    ``event``: the audit event that it was made with. ``draft``: what it says, sealed, until it was reviewed.
    ``payload``: what is sent, encrypted to the receiver, as long as it may have to be sent again. ``cause``: what made
    it, so that nothing makes it twice.
    """

    __tablename__ = "disclosures"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(_NAME, unique=True)
    event: Mapped[Number]
    kind: Mapped[Name]
    agreement: Mapped[str] = mapped_column(_NAME, ForeignKey("agreements.id"), index=True)
    agency: Mapped[Name]
    principal: Mapped[str] = mapped_column(_NAME, index=True)
    channel: Mapped[Name]
    subject: Mapped[str | None] = mapped_column(_NAME, index=True)
    about: Mapped[str] = mapped_column(_NAME, index=True)
    cause: Mapped[str | None] = mapped_column(_NAME, unique=True)
    at: Mapped[Moment]
    day: Mapped[str] = mapped_column(_NAME, index=True)
    made_by: Mapped[Name]
    purpose: Mapped[Name]
    legal_basis: Mapped[Name]
    fields: Mapped[Names]
    digest: Mapped[Name]
    state: Mapped[str] = mapped_column(_NAME, index=True)
    attempts: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcTime)
    receipt: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    draft: Mapped[bytes | None] = mapped_column(LargeBinary)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)


class DisclosedPersonRow(Base):
    """Another id of whom a disclosure is about: one that was merged with theirs when it was made, or when they went."""

    __tablename__ = "disclosed_people"

    disclosure: Mapped[NumberKey] = mapped_column(ForeignKey("disclosures.number", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(_NAME, primary_key=True, index=True)


class ApprovalRow(Base):
    """An officer who looked at a disclosure and let it go."""

    __tablename__ = "disclosure_approvals"

    disclosure: Mapped[NumberKey] = mapped_column(ForeignKey("disclosures.number", ondelete="CASCADE"))
    officer: Mapped[str] = mapped_column(_NAME, primary_key=True)
    at: Mapped[Moment]


class SharingProgressRow(Base):
    """The one row that says up to which event the audit log was followed for recalls."""

    __tablename__ = "sharing_progress"

    id: Mapped[NumberKey]
    event: Mapped[Number]


class ReceivedRow(Base):
    """What another agency sent; ``content`` is sealed, and destroyed by a recall. ``about``: what a recall is of."""

    __tablename__ = "received_disclosures"

    agency: Mapped[str] = mapped_column(_NAME, primary_key=True)
    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    kind: Mapped[Name]
    agreement: Mapped[Name]
    at: Mapped[Moment]
    day: Mapped[str] = mapped_column(_NAME, index=True)
    digest: Mapped[Name]
    received_at: Mapped[Moment]
    recalled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    about: Mapped[Name] = mapped_column(index=True)


class AgencyRequestRow(Base):
    """What another agency asks; ``content`` is sealed, and forgotten once it is answered."""

    __tablename__ = "agency_requests"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(_NAME, unique=True)
    agency: Mapped[str] = mapped_column(_NAME, index=True)
    agreement: Mapped[str] = mapped_column(_NAME, ForeignKey("agreements.id"), index=True)
    kind: Mapped[Name]
    gallery: Mapped[Name]
    subject: Mapped[str | None] = mapped_column(_NAME, index=True)
    priority: Mapped[int]
    asked_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(_NAME, index=True)
    attempts: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    outcome: Mapped[Name]
    answer: Mapped[Name]
    note: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class ReconciliationRow(Base):
    """Whether all that was sent to an agency on a day was received."""

    __tablename__ = "reconciliations"

    agency: Mapped[str] = mapped_column(_NAME, primary_key=True)
    day: Mapped[str] = mapped_column(_NAME, primary_key=True)
    at: Mapped[Moment]
    proven: Mapped[bool] = mapped_column(Boolean)
    found: Mapped[str] = mapped_column(Text)


class StatisticsTableRow(Base):
    """The statistics of one month as they were published: they stand, however often they are asked for."""

    __tablename__ = "statistics_tables"

    month: Mapped[str] = mapped_column(_NAME, primary_key=True)
    published_at: Mapped[Moment]
    event: Mapped[Number]
    event_digest: Mapped[Name]
    epsilon: Mapped[float | None]
    table: Mapped[str] = mapped_column(Text)
    digest: Mapped[Name]
