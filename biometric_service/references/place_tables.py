"""Tables of where people may pass and where they are; what officers note is sealed, and what gives leave is bound."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from biometric_service.references.models import (
    NAME,
    NUMBER,
    Base,
    Moment,
    Name,
    Names,
    Number,
    NumberKey,
    Sealed,
    UtcTime,
)


class ZoneRow(Base):
    """A part of the prison."""

    __tablename__ = "zones"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[Name]
    capacity: Mapped[int | None] = mapped_column(Integer)
    off_site: Mapped[bool]


class PostRow(Base):
    """A way between two zones; ``seal`` as of keys, so that nobody makes a post lenient by hand."""

    __tablename__ = "posts"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[Name]
    from_zone: Mapped[str] = mapped_column(NAME, ForeignKey("zones.id"), index=True)
    to_zone: Mapped[str] = mapped_column(NAME, ForeignKey("zones.id"), index=True)
    gallery: Mapped[Name]
    devices: Mapped[Names]
    demands_order: Mapped[bool]
    on_discrepancy: Mapped[Name]
    seal: Mapped[Sealed]


class OrderRow(Base):
    """A movement order; ``over``: cancelled or run out, after which its seal is no longer bound.

    ``subject``: None for everybody of the gallery, in ``zone`` or anywhere.
    """

    __tablename__ = "movement_orders"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    gallery: Mapped[Name]
    subject: Mapped[int | None] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    zone: Mapped[str | None] = mapped_column(NAME)
    from_zone: Mapped[str | None] = mapped_column(NAME)
    to_zone: Mapped[Name]
    valid_from: Mapped[Moment]
    valid_until: Mapped[Moment]
    purpose: Mapped[Name]
    must: Mapped[bool]
    both_ways: Mapped[bool]
    note: Mapped[Sealed]
    issued_by: Mapped[Name]
    issued_at: Mapped[Moment]
    cancelled_by: Mapped[Name]
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    over: Mapped[bool] = mapped_column(index=True)
    seal: Mapped[Sealed]


class SightingRow(Base):
    """One time that somebody was at a post, was counted or was placed; ``id``: once for each device."""

    __tablename__ = "sightings"
    __table_args__ = (UniqueConstraint("device", "id"),)

    number: Mapped[NumberKey]
    device: Mapped[Name]
    id: Mapped[Name]
    subject: Mapped[int | None] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    received_at: Mapped[Moment]
    how: Mapped[Name]
    means: Mapped[Name]
    passage: Mapped[Name]
    ground: Mapped[Name]
    zone: Mapped[str | None] = mapped_column(NAME)
    post: Mapped[str | None] = mapped_column(NAME)
    direction: Mapped[str | None] = mapped_column(NAME)
    discrepancy: Mapped[bool]
    slice: Mapped[int | None] = mapped_column(NUMBER)
    muster: Mapped[Name]
    event: Mapped[Number]


class WhereaboutsRow(Base):
    """Where a subject is believed to be, since when, and by which event."""

    __tablename__ = "whereabouts"

    subject: Mapped[NumberKey] = mapped_column(ForeignKey("subjects.number", ondelete="CASCADE"))
    zone: Mapped[str] = mapped_column(NAME, index=True)
    since: Mapped[Moment]
    event: Mapped[Number]
    how: Mapped[Name]


class ManualCheckRow(Base):
    """What two officers say of somebody; ``reason`` is sealed."""

    __tablename__ = "manual_checks"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    subject: Mapped[int] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    gallery: Mapped[Name]
    post: Mapped[str | None] = mapped_column(NAME)
    direction: Mapped[str | None] = mapped_column(NAME)
    muster: Mapped[Name]
    zone: Mapped[str | None] = mapped_column(NAME)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    opened_by: Mapped[Name]
    opened_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    confirmed_by: Mapped[Name]
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    passage: Mapped[str | None] = mapped_column(NAME)
