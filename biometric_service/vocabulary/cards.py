"""Cards that people carry: a reference in a QR code that says nothing by itself, and whose it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import SubjectId


@dataclass(frozen=True, slots=True)
class Card:
    """``id``: random, hexadecimal. ``code``: what the QR code says; empty where the card is only listed."""

    id: str
    subject: SubjectId
    issued_at: datetime
    expires_at: datetime
    code: str = ""


class CardStore(Protocol):
    """Keeps which card is whose, each change with its audit event in one transaction; no row can be put back."""

    def issue(self, subject: SubjectId, expires_at: datetime, event: AuditEvent) -> Card:
        """Make a card for a subject; SUBJECT_UNKNOWN, SUBJECT_MERGED."""

    def resolve(self, code: str) -> Card:
        """Whose card it is, today; CARD_INVALID for a code that is not ours, or of a card that is not in force."""

    def cards(self, subject: SubjectId) -> list[Card]:
        """The cards of a subject that are in force, newest first; SUBJECT_UNKNOWN."""

    def revoke(self, card: str, event: AuditEvent) -> None:
        """End a card at once; CARD_INVALID where there is none in force."""
