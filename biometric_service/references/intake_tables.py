"""Tables of intakes, and of the names that people are enrolled under; whatever tells of a person is sealed."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from biometric_service.references.models import Base, Moment, Name, Names, NumberKey, Sealed, UtcTime


class IntakeRow(Base):
    """An intake. ``details``: who it is said to be, which fingers are missing; ``found``: for whom it was refused."""

    __tablename__ = "intakes"

    number: Mapped[NumberKey]
    id: Mapped[Name] = mapped_column(unique=True)
    state: Mapped[Name]
    subject: Mapped[Name] = mapped_column(index=True)
    galleries: Mapped[Names]
    found: Mapped[Names]
    opened_by: Mapped[Name]
    opened_at: Mapped[Moment]
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    encounter: Mapped[Name | None]
    details: Mapped[Sealed]


class IntakeCaptureRow(Base):
    """The best capture of one place: what is known of it, the picture as it was given, the template made of it."""

    __tablename__ = "intake_captures"

    intake: Mapped[NumberKey] = mapped_column(ForeignKey("intakes.number", ondelete="CASCADE"))
    place: Mapped[Name] = mapped_column(primary_key=True)
    facts: Mapped[Sealed]
    image: Mapped[Sealed]
    template: Mapped[bytes | None] = mapped_column(LargeBinary)


class PersonNameRow(Base):
    """The name and date of birth of an encounter, small and apart, so that all can be opened for a comparison."""

    __tablename__ = "person_names"

    encounter: Mapped[NumberKey] = mapped_column(ForeignKey("encounters.number", ondelete="CASCADE"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
