"""The tables of who is told what, and of what is on its way to them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from biometric_service.references.models import Base, Moment, Name, Names, Number, NumberKey, Sealed, UtcTime


class SubscriptionRow(Base):
    """A subscription; ``secret`` and ``former`` are sealed, ``seal`` is a MAC over all the rest."""

    __tablename__ = "subscriptions"

    id: Mapped[Name] = mapped_column(primary_key=True)
    name: Mapped[Name]
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[Names]
    galleries: Mapped[Names]
    purpose: Mapped[Name]
    created_by: Mapped[Name]
    secret: Mapped[Sealed]
    former: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_until: Mapped[datetime | None] = mapped_column(UtcTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seal: Mapped[Sealed]


class SubscriptionProgressRow(Base):
    """Up to which audit event the events of a subscription were laid out as deliveries."""

    __tablename__ = "subscription_progress"

    subscription: Mapped[Name] = mapped_column(ForeignKey("subscriptions.id"), primary_key=True)
    event: Mapped[Number]


class DeliveryRow(Base):
    """An event that is to be sent; the row goes when it was taken. Its content is in the audit log alone.

    ``subject``, ``other``: whom it is about, empty for nobody. Numbers are used again, since the journal remembers
    each for ever.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("subscription", "event"),
        Index("ix_deliveries_subject", "subscription", "subject"),
        Index("ix_deliveries_due_at", "status", "due_at"),
    )

    number: Mapped[NumberKey]
    subscription: Mapped[Name] = mapped_column(ForeignKey("subscriptions.id"))
    event: Mapped[Number]
    subject: Mapped[Name]
    other: Mapped[Name | None]
    status: Mapped[Name]
    since: Mapped[Moment]
    due_at: Mapped[Moment]
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    attempts: Mapped[int]
    answer: Mapped[Name]
