"""Tables of what other agencies sent and nobody is enrolled by yet: held transactions, and latents."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from biometric_service.references.models import Base, Moment, Name, Number, NumberKey, Sealed, UtcTime


class HeldTransactionRow(Base):
    """A transaction that was not taken in; ``sealed``: its bytes, until it is settled.

    ``facts``: the name of its file or message; ``why``; both are sealed too.
    """

    __tablename__ = "held_transactions"

    number: Mapped[NumberKey]
    id: Mapped[Name] = mapped_column(unique=True)
    received_at: Mapped[Moment]
    sender: Mapped[Name]
    facts: Mapped[Sealed]
    profile: Mapped[Name]
    digest: Mapped[Name] = mapped_column(index=True)
    size: Mapped[Number]
    reason: Mapped[Name]
    why: Mapped[Sealed]
    state: Mapped[Name] = mapped_column(index=True)
    attempts: Mapped[int]
    keep_until: Mapped[Moment] = mapped_column(index=True)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class LatentRow(Base):
    """A latent; ``sealed``: its image and records.

    ``facts``: TCN and ORI of its transaction; ``mark``: what the examiner said; both are sealed too.
    """

    __tablename__ = "latents"

    number: Mapped[NumberKey]
    id: Mapped[Name] = mapped_column(unique=True)
    received_at: Mapped[Moment]
    sender: Mapped[Name]
    dpi: Mapped[float]
    positions: Mapped[Name]
    facts: Mapped[Sealed]
    digest: Mapped[Name] = mapped_column(index=True)
    keep_until: Mapped[Moment] = mapped_column(index=True)
    sealed: Mapped[Sealed]
    mark: Mapped[bytes | None] = mapped_column(LargeBinary)
