"""Callers' keys in SQL (``vocabulary.protocols.ApiKeyStore``): a secret leaves once and is kept only as a digest.

A secret holds 256 random bits, so one round of SHA-256 is as good as a slow hash. The seal, a MAC under a key derived
from the store key, covers every column: a right or a life given by hand in the database is RECORD_TAMPERED.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import ApiKeyRow
from biometric_service.references.protection import StoreKey
from biometric_service.references.refusals import check_name
from biometric_service.vocabulary.access import ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import GalleryId

_SECRET_BYTES = 32
_COLUMNS = select(*ApiKeyRow.__table__.columns)


class SqlApiKeyStore:
    """Keeps API keys in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, store_key: StoreKey, log: EventLog) -> None:
        self._database = database
        self._seal_key = store_key.api_keys
        self._log = log

    def create(self, key: ApiKey, event: AuditEvent) -> str:
        """Keep the key and return its secret, ``<id>.<random>``, shown this once; STORE_CONFLICT for an id in use."""
        check_name(key.id, "id of the API key")
        check_name(key.name, "name of the API key")
        secret = f"{key.id}.{secrets.token_urlsafe(_SECRET_BYTES)}"
        with self._database.writing() as connection:
            if _row(connection, key.id) is not None:
                raise _taken(key.id)
            connection.execute(insert(ApiKeyRow), self._sealed(_fields(key, secret)))
            self._log.append(connection, event)
        return secret

    def find(self, secret: str) -> ApiKey | None:
        """The key of a secret; None where it is unknown, revoked or expired. RECORD_TAMPERED where it was changed.

        Digests are compared in constant time, and an unknown id takes a comparison too.
        """
        if not secret.isprintable():
            return None
        with self._database.reading() as connection:
            row = _row(connection, secret.rpartition(".")[0])
        known = hmac.compare_digest(_digest(secret), row["secret_digest"] if row else bytes(32))
        return self._key(row) if known and row and self._in_force(row) else None

    def revoke(self, key: str, event: AuditEvent) -> None:
        """End the key with this id at once; REQUEST_INVALID where there is none."""
        with self._database.writing() as connection:
            row = _row(connection, key)
            if row is None or not self._in_force(row):
                raise _absent(key)
            revoked = self._sealed({**row, "revoked_at": event.at.astimezone(UTC)})
            connection.execute(update(ApiKeyRow).where(ApiKeyRow.id == key).values(**revoked))
            self._log.append(connection, event)

    def keys(self) -> Sequence[ApiKey]:
        """Every key that is neither revoked nor expired, by id."""
        with self._database.reading() as connection:
            rows = connection.execute(_COLUMNS.order_by(ApiKeyRow.id)).mappings().all()
        return [self._key(row) for row in rows if self._in_force(row)]

    def _in_force(self, row: RowMapping) -> bool:
        self._check_seal(row)
        return row["revoked_at"] is None and (row["expires_at"] is None or row["expires_at"] > datetime.now(UTC))

    def _check_seal(self, row: RowMapping) -> None:
        if not hmac.compare_digest(row["seal"], self._sealed(row)["seal"]):
            raise BiometricServiceError(
                ErrorCode.RECORD_TAMPERED,
                "An API key was changed in the database.",
                "Keep the database as evidence, find out who could write to it, and create new keys.",
            )

    def _sealed(self, fields: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
        """The fields with the seal over all others."""
        open_fields = {name: value for name, value in fields.items() if name != "seal"}
        canonical = json.dumps(open_fields, sort_keys=True, default=_canonical).encode()
        return {**open_fields, "seal": hmac.digest(self._seal_key, canonical, hashlib.sha256)}

    @staticmethod
    def _key(row: RowMapping) -> ApiKey:
        return ApiKey(
            id=row["id"],
            name=row["name"],
            scopes=frozenset(map(Scope, row["scopes"])),
            galleries=frozenset(map(GalleryId, row["galleries"])),
            purposes=frozenset(row["purposes"]),
            expires_at=row["expires_at"],
        )


def _fields(key: ApiKey, secret: str) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "galleries": sorted(key.galleries),
        "purposes": sorted(key.purposes),
        "expires_at": key.expires_at and key.expires_at.astimezone(UTC),
        "secret_digest": _digest(secret),
        "revoked_at": None,
    }


def _row(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(_COLUMNS.where(ApiKeyRow.id == key)).mappings().one_or_none()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _canonical(value: datetime | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else value.isoformat()


def _taken(key: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.STORE_CONFLICT, f"There is an API key {key!r} already.", "Give another id.")


def _absent(key: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, f"There is no API key {key!r} in force.", "Check its id.")
