"""Callers' keys in SQL (``vocabulary.protocols.ApiKeyStore``): a secret leaves once and is kept only as a digest.

A secret holds 256 random bits, so one round of SHA-256 is as good as a slow hash.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import ApiKeyRow, EndedSessionRow
from biometric_service.references.refusals import check_name, check_officer
from biometric_service.references.rights import RightsSeal, rights_columns, rights_of
from biometric_service.vocabulary.access import ApiKey
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.officer_keys import (
    KeptKey,
    KeyProof,
    OfficerKey,
    OfficerKeys,
    digest_of,
    mac_in_slice,
    mac_of_said,
)

_SECRET_BYTES = 32
_COLUMNS = select(*ApiKeyRow.__table__.columns)
_ONE = _COLUMNS.where(ApiKeyRow.id == bindparam("key"))


class SqlApiKeyStore:
    """Keeps API keys in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._seal = api_key_seal(lambda: keys.current.api_keys)
        self._log = log
        self._anchored = AnchoredRights(ApiKeyRow, log)

    def create(self, key: ApiKey, event: AuditEvent) -> str:
        """Keep the key and return its secret, ``<id>.<random>``, shown this once.

        STORE_CONFLICT for an id in use, REQUEST_INVALID for names that are none.
        """
        check_name(key.id, "id of the API key")
        check_name(key.name, "name of the API key")
        if key.owner:
            check_officer(key.owner)
        secret = f"{key.id}.{secrets.token_urlsafe(_SECRET_BYTES)}"
        with self._database.writing() as connection:
            if self._row(connection, key.id) is not None:
                raise _taken(key.id)
            row = {**rights_columns(key), "owner": key.owner, "secret_digest": digest_of(secret)}
            connection.execute(insert(ApiKeyRow), self._seal.sealed(row))
            self._anchored.bind(connection)
            self._log.append(connection, event)
        return secret

    def find(self, secret: str) -> ApiKey | None:
        """The key of a secret; None where it is unknown, revoked or expired.

        RECORD_TAMPERED where it was changed, RIGHTS_REPLAYED where it was put back as it was before. Digests are
        compared in constant time, and an unknown id takes a comparison too.
        """
        if not secret.isprintable():
            return None
        with self._database.reading() as connection:
            row = self._row(connection, secret.rpartition(".")[0])
            known = hmac.compare_digest(digest_of(secret), row["secret_digest"] if row else bytes(32))
            return _key(row) if known and row and self._seal.in_force(row) else None

    def revoke(self, key: str, event: AuditEvent) -> None:
        """End the key with this id at once; REQUEST_INVALID where there is none."""
        with self._database.writing() as connection:
            row = self._row(connection, key)
            if row is None or not self._seal.in_force(row):
                raise _absent(key)
            revoked = self._seal.sealed({**row, "revoked_at": event.at.astimezone(UTC)})
            connection.execute(update(ApiKeyRow).where(ApiKeyRow.id == key).values(**revoked))
            self._anchored.bind(connection)
            self._log.append(connection, event)

    def end_session(self, session: str, until: datetime, event: AuditEvent) -> None:
        """Keep that a session of the console is over, ``until`` it would be anyhow."""
        with self._database.writing() as connection:
            connection.execute(delete(EndedSessionRow).where(EndedSessionRow.until <= event.at.astimezone(UTC)))
            if not _is_ended(connection, session):
                connection.execute(insert(EndedSessionRow), {"id": session, "until": until.astimezone(UTC)})
            self._log.append(connection, event)

    def is_ended(self, session: str) -> bool:
        """Whether a session was ended before its time."""
        with self._database.reading() as connection:
            return _is_ended(connection, session)

    def keys(self) -> Sequence[ApiKey]:
        """Every key that is neither revoked nor expired, by id."""
        return [_key(row) for row in self._in_force()]

    def officer_keys(self, device: str, may: Callable[[ApiKey], bool]) -> OfficerKeys:
        """The keys in force that ``may`` take part, for a slice of this device, under a new salt."""
        salt = secrets.token_hex(_SECRET_BYTES)
        return OfficerKeys(salt, tuple(_carried(row, salt, device) for row in self._in_force() if may(_key(row))))

    def proven(self, proof: KeyProof, said: bytes) -> KeptKey | None:
        """The key that said it, even where it is over; None where there is none, or the proof is another's.

        RECORD_TAMPERED, RIGHTS_REPLAYED. As ``find``, in the time of a comparison whichever key it is.
        """
        with self._database.reading() as connection:
            row = self._row(connection, proof.key)
            made = mac_of_said(row["secret_digest"] if row else bytes(32), said)
            if not hmac.compare_digest(made.encode(), proof.mac.encode()) or row is None:
                return None
            self._seal.require_intact(row)
        return KeptKey(_key(row), row["revoked_at"])

    def _in_force(self) -> Sequence[RowMapping]:
        with self._database.reading() as connection:
            rows = connection.execute(_COLUMNS.order_by(ApiKeyRow.id)).mappings().all()
            for row in rows:
                self._anchored.require(connection, row["id"], row["seal"])
            return [row for row in rows if self._seal.in_force(row)]

    def _row(self, connection: Connection, key: str) -> RowMapping | None:
        row = connection.execute(_ONE, {"key": key}).mappings().one_or_none()
        if row is not None:
            self._anchored.require(connection, row["id"], row["seal"])
        return row


def api_key_seal(key: Callable[[], bytes]) -> RightsSeal:
    """The seal of API keys; of those without an owner it is as it was before keys had owners."""
    return RightsSeal(key, "An API key", later="owner")


def _carried(row: RowMapping, salt: str, device: str) -> OfficerKey:
    mac = mac_in_slice(row["secret_digest"], salt, device, row["id"])
    return OfficerKey(row["id"], row["owner"], row["expires_at"], mac)


def _is_ended(connection: Connection, session: str) -> bool:
    return bool(connection.scalar(select(exists().where(EndedSessionRow.id == session))))


def _key(row: RowMapping) -> ApiKey:
    rights = rights_of(row)
    held = (rights.scopes, rights.galleries, rights.purposes)
    return ApiKey(rights.id, rights.name, *held, rights.expires_at, owner=row["owner"])


def _taken(key: str) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.STORE_CONFLICT, "key_exists", key=key)


def _absent(key: str) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "key_unknown", key=key)
