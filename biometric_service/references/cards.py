"""Cards in SQL (``vocabulary.cards.CardStore``): what a code says is a random number, and who that is stands here.

A code is ``BSC1.`` and base32 of 16 random bytes, the expiry in seconds since 1970 (4 bytes) and an Ed25519 signature
of the store over both. Whoever has the public key can check it without asking; only this table knows whose it is. Rows
are sealed and anchored like API keys, so that a card that was revoked stays so.
"""

import base64
import binascii
import secrets
import struct
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, RowMapping, insert, select, update

from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.card_tables import CardRow
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import followed, live_number, subject_number
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import SubjectRow
from biometric_service.references.refusals import card_invalid
from biometric_service.references.rights import RightsSeal
from biometric_service.vocabulary.cards import Card
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import SubjectId

PREFIX = "BSC1."
_ID_BYTES = 16
_EXPIRY = struct.Struct(">I")
_SIGNED_BYTES = _ID_BYTES + _EXPIRY.size
_SCHEME = b"biometric-card-1\n"
_ROWS = select(*CardRow.__table__.columns)


class SqlCardStore:
    """Keeps cards in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._seal = RightsSeal(lambda: keys.current.cards, "A card")
        self._anchored = AnchoredRights(CardRow, log)

    def issue(self, subject: SubjectId, expires_at: datetime, event: AuditEvent) -> Card:
        """Make a card for a subject; SUBJECT_UNKNOWN, SUBJECT_MERGED."""
        until = expires_at.astimezone(UTC).replace(microsecond=0)
        signed = secrets.token_bytes(_ID_BYTES) + _EXPIRY.pack(int(until.timestamp()))
        with self._database.writing() as connection:
            number = live_number(connection, subject)
            row = {
                "id": signed[:_ID_BYTES].hex(),
                "subject": number,
                "issued_at": event.at.astimezone(UTC),
                "expires_at": until,
                "public_key": self._keys.current.public_key,
                "revoked_at": None,
            }
            connection.execute(insert(CardRow), self._seal.sealed(row))
            self._anchored.bind(connection)
            self._log.append(connection, event)
            code = signed + self._keys.current.sign(_SCHEME + signed)
        return Card(signed[:_ID_BYTES].hex(), subject, event.at, until, _written(code))

    def resolve(self, code: str) -> Card:
        """Whose card it is today; CARD_INVALID, RECORD_TAMPERED, RIGHTS_REPLAYED."""
        signed, signature = _read(code)
        with self._database.reading() as connection:
            row = self._in_force(connection, signed[:_ID_BYTES].hex())
            if row is None or not _is_signed(row, signed, signature):
                raise card_invalid()
            return _card(connection, row)

    def cards(self, subject: SubjectId) -> list[Card]:
        """The cards of a subject that are in force, newest first; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            number = followed(connection, subject_number(connection, subject))
            rows = connection.execute(_ROWS.where(CardRow.subject == number).order_by(CardRow.issued_at.desc()))
            return [_card(connection, row) for row in rows.mappings().all() if self._is_good(connection, row)]

    def revoke(self, card: str, event: AuditEvent) -> None:
        """End a card at once; CARD_INVALID where there is none in force."""
        with self._database.writing() as connection:
            row = self._in_force(connection, card)
            if row is None:
                raise card_invalid()
            revoked = self._seal.sealed({**row, "revoked_at": event.at.astimezone(UTC)})
            connection.execute(update(CardRow).where(CardRow.id == card).values(**revoked))
            self._anchored.bind(connection)
            self._log.append(connection, event)

    def _in_force(self, connection: Connection, card: str) -> RowMapping | None:
        row = connection.execute(_ROWS.where(CardRow.id == card)).mappings().one_or_none()
        return row if row is not None and self._is_good(connection, row) else None

    def _is_good(self, connection: Connection, row: RowMapping) -> bool:
        self._anchored.require(connection, row["id"], row["seal"])
        return self._seal.in_force(row)


def _card(connection: Connection, row: RowMapping) -> Card:
    """CARD_INVALID where its subject was erased."""
    known_as = connection.scalar(select(SubjectRow.id).where(SubjectRow.number == followed(connection, row["subject"])))
    if known_as is None:
        raise card_invalid()
    return Card(row["id"], SubjectId(known_as), row["issued_at"], row["expires_at"])


def _is_signed(row: RowMapping, signed: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(row["public_key"]).verify(signature, _SCHEME + signed)
    except InvalidSignature:
        return False
    return True


def _written(code: bytes) -> str:
    """In capitals and digits alone, which QR codes write shortest."""
    return PREFIX + base64.b32encode(code).decode().rstrip("=")


def _read(code: str) -> tuple[bytes, bytes]:
    text = code.strip().removeprefix(PREFIX)
    try:
        read = base64.b32decode(text + "=" * (-len(text) % 8))
    except (ValueError, binascii.Error):
        raise card_invalid() from None
    if not code.strip().startswith(PREFIX) or _written(read) != code.strip():
        raise card_invalid()
    return read[:_SIGNED_BYTES], read[_SIGNED_BYTES:]
