"""The audit log in the store's database: written in the store's transactions, checked as it lies on disk."""

import hashlib
import hmac
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, cast, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from biometric_service.audit import chain, exported
from biometric_service.audit.chain import GENESIS, Head, Link
from biometric_service.audit.tables import AuditEventRow, AuditHeadRow
from biometric_service.vocabulary.events import AuditEvent, RecordedEvent

_HEAD = 1
_ROWS_A_READ = 1000


def _bytes(column: InstrumentedAttribute[bytes]) -> ColumnElement[bytes]:
    """The column as bytes whatever was put there by hand: SQLite keeps any type in any column."""
    return cast(column, LargeBinary)


_LINKS = select(
    AuditEventRow.number, _bytes(AuditEventRow.body), _bytes(AuditEventRow.previous), _bytes(AuditEventRow.digest)
).order_by(AuditEventRow.number)
_HEAD_ROW = select(AuditHeadRow.count, _bytes(AuditHeadRow.digest), _bytes(AuditHeadRow.mac)).where(
    AuditHeadRow.id == _HEAD
)


class ChainedLog:
    """Appends to, reads and verifies the chain; ``key`` gives the key of the MAC over its head.

    The head is closed with a MAC at every append, so that events cut off the end are missed. Only one transaction may
    append at a time: the caller's transaction holds the database's write lock.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def begin(self, connection: Connection) -> None:
        """Close the empty chain of a new store."""
        head = Head(0, GENESIS)
        connection.execute(insert(AuditHeadRow).values(id=_HEAD, **self._closed(head)))

    def append(self, connection: Connection, event: AuditEvent) -> int:
        """Add an event; returns its number. AUDIT_CHAIN_BROKEN where the head is not as it was left."""
        kept = chain.link(self._head(connection, _HEAD_ROW.with_for_update()), event)
        row = {"number": kept.number, "body": kept.body, "previous": kept.previous, "digest": kept.digest}
        connection.execute(insert(AuditEventRow), row)
        head = Head(kept.number, kept.digest)
        connection.execute(update(AuditHeadRow).where(AuditHeadRow.id == _HEAD).values(**self._closed(head)))
        return kept.number

    def read(self, connection: Connection, after: int, limit: int) -> Sequence[RecordedEvent]:
        """Up to ``limit`` events after the given number, in order; AUDIT_CHAIN_BROKEN for one that cannot be read."""
        rows = connection.execute(_LINKS.where(AuditEventRow.number > after).limit(limit))
        return [chain.recorded(Link(*row)) for row in rows]

    def verify(self, connection: Connection) -> int:
        """Check every event against the chain and its head; returns how many there are, or AUDIT_CHAIN_BROKEN."""
        head = self._head(connection, _HEAD_ROW)
        with closing(_stored_links(connection)) as links:
            chain.verify(links, head)
        return head.count

    def export(self, connection: Connection) -> Iterator[str]:
        """Every event as a line that anybody can check (``audit.exported``)."""
        return exported.lines(_stored_links(connection))

    def head(self, connection: Connection) -> tuple[int, str]:
        """How many events there are, and the digest of the last (hex); AUDIT_CHAIN_BROKEN."""
        head = self._head(connection, _HEAD_ROW)
        return head.count, head.digest.hex()

    def require_extension(self, connection: Connection, count: int, digest: str) -> None:
        """AUDIT_ROLLED_BACK unless the log goes on from a head that was kept outside."""
        there = connection.scalar(select(_bytes(AuditEventRow.digest)).where(AuditEventRow.number == count))
        exported.require_extension(chain.Head(count, bytes.fromhex(digest)), there)

    def reclose(self, connection: Connection, key: bytes) -> None:
        """Put the head under another key; AUDIT_CHAIN_BROKEN where it is not as it was left."""
        head = self._head(connection, _HEAD_ROW.with_for_update())
        connection.execute(update(AuditHeadRow).where(AuditHeadRow.id == _HEAD).values(mac=_mac(key, head)))

    def _head(self, connection: Connection, statement: Select[int, bytes, bytes]) -> Head:
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise chain.broken(0, "(the record of where the log ends) is missing")
        head = Head(row[0], row[1])
        if not hmac.compare_digest(row[2], self._mac(head)):
            raise chain.broken(0, "(the record of where the log ends) was changed")
        return head

    def _closed(self, head: Head) -> dict[str, Any]:
        return {"count": head.count, "digest": head.digest, "mac": self._mac(head)}

    def _mac(self, head: Head) -> bytes:
        return _mac(self._key(), head)


def _mac(key: bytes, head: Head) -> bytes:
    return hmac.digest(key, str(head.count).encode() + b":" + head.digest, hashlib.sha256)


def _stored_links(connection: Connection) -> Generator[Link]:
    with connection.execute(_LINKS, execution_options={"yield_per": _ROWS_A_READ}) as rows:
        for row in rows:
            yield Link(*row)
