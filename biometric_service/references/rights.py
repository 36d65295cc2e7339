"""Rows that give rights, closed with a seal: a MAC under a key derived from the store key, over every other column.

A right or a life given by hand in the database is RECORD_TAMPERED.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.orm import DeclarativeBase

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Principal, Scope
from biometric_service.vocabulary.references import GalleryId


class RightsSeal:
    """Seals rows of one kind; ``key``: gives the key in force, ``what``: how a fault names such a row.

    ``later``: a column that rows sealed before there was one do not have: it is sealed wherever it is not empty.
    """

    def __init__(self, key: Callable[[], bytes], what: str, later: str = "") -> None:
        self._key = key
        self._what = what
        self._later = later

    def sealed(self, fields: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
        """The fields with the seal over all others."""
        open_fields = {name: value for name, value in fields.items() if name != "seal"}
        known = {name: value for name, value in open_fields.items() if value or name != self._later}
        canonical = json.dumps(known, sort_keys=True, default=_canonical).encode()
        return {**open_fields, "seal": hmac.digest(self._key(), canonical, hashlib.sha256)}

    def require_intact(self, row: Mapping[str, Any] | RowMapping) -> None:
        """RECORD_TAMPERED where the row was changed."""
        if not hmac.compare_digest(row["seal"], self.sealed(row)["seal"]):
            raise BiometricServiceError(
                ErrorCode.RECORD_TAMPERED,
                f"{self._what} was changed in the database.",
                "Keep the database as evidence, find out who could write to it, and give the rights anew.",
            )

    def in_force(self, row: RowMapping) -> bool:
        """Whether the row is neither revoked nor expired; RECORD_TAMPERED where it was changed."""
        self.require_intact(row)
        return row["revoked_at"] is None and (row["expires_at"] is None or row["expires_at"] > datetime.now(UTC))


def reseal(connection: Connection, row: type[DeclarativeBase], present: RightsSeal, new: RightsSeal) -> None:
    """Put every row of a kind under another seal; RECORD_TAMPERED where one was changed."""
    table = row.metadata.tables[row.__tablename__]
    for found in connection.execute(select(table)).mappings().all():
        present.require_intact(found)
        connection.execute(update(table).where(table.c.id == found["id"]).values(seal=new.sealed(found)["seal"]))


def rights_columns(principal: Principal) -> dict[str, Any]:
    """What every kind of principal has, as columns of a row that was not revoked."""
    return {
        "id": principal.id,
        "name": principal.name,
        "scopes": sorted(principal.scopes),
        "galleries": sorted(principal.galleries),
        "purposes": sorted(principal.purposes),
        "expires_at": principal.expires_at and principal.expires_at.astimezone(UTC),
        "revoked_at": None,
    }


def rights_of(row: RowMapping) -> Principal:
    """What every kind of principal has, of a row."""
    return Principal(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(map(Scope, row["scopes"])),
        galleries=frozenset(map(GalleryId, row["galleries"])),
        purposes=frozenset(row["purposes"]),
        expires_at=row["expires_at"],
    )


def _canonical(value: datetime | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else value.isoformat()
