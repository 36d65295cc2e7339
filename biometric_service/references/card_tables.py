"""The table of cards. It points to no subject's row: one that is erased leaves a number that names nobody."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from biometric_service.references.models import Base, Moment, Name, Number, Sealed, UtcTime


class CardRow(Base):
    """A card; ``public_key``: what its code was signed for with; ``seal`` as of API keys."""

    __tablename__ = "cards"

    id: Mapped[Name] = mapped_column(primary_key=True)
    subject: Mapped[Number] = mapped_column(index=True)
    issued_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    public_key: Mapped[Sealed]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seal: Mapped[Sealed]
