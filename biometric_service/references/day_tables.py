"""Tables of counts, releases and visits; what officers note is sealed, and open releases are bound."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
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


class MusterRow(Base):
    """A count; ``report``: the signed statement that it was closed with."""

    __tablename__ = "musters"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    galleries: Mapped[Names]
    zones: Mapped[Names]
    shown: Mapped[Name]
    off_site: Mapped[int]
    started_by: Mapped[Name]
    started_at: Mapped[Moment]
    closed_by: Mapped[Name]
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    report: Mapped[str] = mapped_column(Text)


class MusterPersonRow(Base):
    """Somebody who is expected at a count, and how it stands; ``demanded``: the finger to show, None for the face."""

    __tablename__ = "muster_people"

    muster: Mapped[NumberKey] = mapped_column(ForeignKey("musters.number", ondelete="CASCADE"))
    subject: Mapped[NumberKey] = mapped_column(ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    zone: Mapped[str | None] = mapped_column(NAME)
    since: Mapped[datetime | None] = mapped_column(UtcTime)
    demanded: Mapped[int | None]
    state: Mapped[Name]
    counted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    counted_by: Mapped[Name]
    counted_zone: Mapped[str | None] = mapped_column(NAME)
    means: Mapped[Name]
    event: Mapped[Number | None]


class MusterFindingRow(Base):
    """What a count found beside those it counted."""

    __tablename__ = "muster_findings"

    number: Mapped[NumberKey]
    muster: Mapped[Number] = mapped_column(ForeignKey("musters.number", ondelete="CASCADE"), index=True)
    finding: Mapped[Name]
    subject: Mapped[int | None] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    at: Mapped[Moment]
    zone: Mapped[str | None] = mapped_column(NAME)
    event: Mapped[Number]


class ReleaseRow(Base):
    """A release or transfer; ``particulars`` (basis, destination) and ``checked`` are sealed, ``seal`` as of keys.

    ``ended_at``: None while it is open, and its seal bound.
    """

    __tablename__ = "releases"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    kind: Mapped[Name]
    subject: Mapped[int] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    gallery: Mapped[Name]
    particulars: Mapped[Sealed]
    checked: Mapped[Sealed | None]
    opened_by: Mapped[Name]
    opened_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    state: Mapped[Name]
    confirmed_by: Mapped[Names]
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    seal: Mapped[Sealed]


class VisitRow(Base):
    """A visitor who was let in."""

    __tablename__ = "visits"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    visitor: Mapped[int] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    host: Mapped[int | None] = mapped_column(NUMBER, ForeignKey("subjects.number", ondelete="SET NULL"), index=True)
    gallery: Mapped[Name]
    zone: Mapped[str | None] = mapped_column(NAME)
    opened_by: Mapped[Name]
    opened_at: Mapped[Moment]
    left_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
