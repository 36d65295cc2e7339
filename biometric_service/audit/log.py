"""The audit log in the store's database: written in the store's transactions, checked as it lies on disk."""

import hashlib
import hmac
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, bindparam, cast, insert, select, update
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
_HEAD_ROW = select(
    AuditHeadRow.count,
    _bytes(AuditHeadRow.digest),
    _bytes(AuditHeadRow.mac),
    AuditHeadRow.states,
    AuditHeadRow.states_mac,
).where(AuditHeadRow.id == _HEAD)
HeadRow = Select[int, bytes, bytes, str | None, bytes | None]
_LOCKED_HEAD_ROW = _HEAD_ROW.with_for_update()
_SET_HEAD = update(AuditHeadRow).where(AuditHeadRow.id == _HEAD)
_ADD_EVENT = insert(AuditEventRow)
_AFTER = select(AuditEventRow.number).where(AuditEventRow.number > bindparam("count")).limit(1)


@dataclass(frozen=True, slots=True)
class _Closed:
    """Where the chain ends, and what else the head closes over: ``states`` as they lie in the database."""

    head: Head
    states: str | None


class ChainedLog:
    """Appends to, reads and verifies the chain; ``key`` gives the key of the MAC over its head.

    The head is closed with a MAC at every append, so that events cut off the end are missed; it closes over states of
    other tables too (``bind``), so that nobody puts back how they were. Only one transaction may
    append at a time: the caller's transaction holds the database's write lock.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def begin(self, connection: Connection) -> None:
        """Close the empty chain of a new store."""
        empty = _Closed(Head(0, GENESIS), None)
        connection.execute(insert(AuditHeadRow).values({"id": _HEAD, **self._row(empty)}))

    def append(self, connection: Connection, event: AuditEvent) -> int:
        """Add an event; returns its number. AUDIT_CHAIN_BROKEN where the head is not as it was left."""
        closed = self._closed(connection, _LOCKED_HEAD_ROW)
        kept = chain.link(closed.head, event)
        row = {"number": kept.number, "body": kept.body, "previous": kept.previous, "digest": kept.digest}
        connection.execute(_ADD_EVENT, row)
        self._close(connection, _Closed(Head(kept.number, kept.digest), closed.states))
        return kept.number

    def read(self, connection: Connection, after: int, limit: int) -> Sequence[RecordedEvent]:
        """Up to ``limit`` events after the given number, in order; AUDIT_CHAIN_BROKEN for one that cannot be read."""
        rows = connection.execute(_LINKS.where(AuditEventRow.number > after).limit(limit))
        return [chain.recorded(Link(*row)) for row in rows]

    def verify(self, connection: Connection) -> int:
        """Check every event against the chain and its head; returns how many there are, or AUDIT_CHAIN_BROKEN."""
        head = self._closed(connection, _HEAD_ROW).head
        with closing(_stored_links(connection)) as links:
            chain.verify(links, head)
        return head.count

    def export(self, connection: Connection) -> Iterator[str]:
        """Every event as a line that anybody can check (``audit.exported``)."""
        return exported.lines(_stored_links(connection))

    def head(self, connection: Connection) -> tuple[int, str]:
        """How many events there are, and the digest of the last (hex); AUDIT_CHAIN_BROKEN."""
        head = self._closed(connection, _HEAD_ROW).head
        return head.count, head.digest.hex()

    def require_extension(self, connection: Connection, count: int, digest: str) -> None:
        """AUDIT_ROLLED_BACK unless the log goes on from a head that was kept outside."""
        there = connection.scalar(select(_bytes(AuditEventRow.digest)).where(AuditEventRow.number == count))
        exported.require_extension(chain.Head(count, bytes.fromhex(digest)), there)

    def bind(self, connection: Connection, name: str, state: str) -> None:
        """Have the head close over a state of something else in the database; AUDIT_CHAIN_BROKEN."""
        closed = self._closed(connection, _LOCKED_HEAD_ROW)
        states = {**json.loads(closed.states or "{}"), name: state}
        self._close(connection, replace(closed, states=json.dumps(states, sort_keys=True)))

    def bound(self, connection: Connection, name: str) -> str:
        """The state that was last bound under a name, empty where none was.

        AUDIT_CHAIN_BROKEN, also where there are events after the head: it is an older one, with older states.
        """
        closed = self._closed(connection, _HEAD_ROW)
        if connection.scalar(_AFTER, {"count": closed.head.count}) is not None:
            raise chain.broken(closed.head.count + 1, "comes after the record of where the log ends")
        return str(json.loads(closed.states or "{}").get(name, ""))

    def reclose(self, connection: Connection, key: bytes) -> None:
        """Put the head under another key; AUDIT_CHAIN_BROKEN where it is not as it was left."""
        closed = self._closed(connection, _LOCKED_HEAD_ROW)
        connection.execute(_SET_HEAD, _macs(key, closed))

    def _closed(self, connection: Connection, statement: HeadRow) -> _Closed:
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise chain.broken(0, "(the record of where the log ends) is missing")
        count, digest, mac, states, states_mac = row
        closed = _Closed(Head(count, digest), states)
        macs = _macs(self._key(), closed)
        same = hmac.compare_digest(mac, macs["mac"])
        if not same or (states is not None and not hmac.compare_digest(states_mac or b"", macs["states_mac"])):
            raise chain.broken(0, "(the record of where the log ends) was changed")
        return closed

    def _close(self, connection: Connection, closed: _Closed) -> None:
        connection.execute(_SET_HEAD, self._row(closed))

    def _row(self, closed: _Closed) -> dict[str, Any]:
        head = closed.head
        return {
            "count": head.count,
            "digest": head.digest,
            "states": closed.states,
            **_macs(self._key(), closed),
        }


def _macs(key: bytes, closed: _Closed) -> dict[str, bytes]:
    head = str(closed.head.count).encode() + b":" + closed.head.digest
    states = head + b":" + (closed.states or "").encode()
    return {"mac": hmac.digest(key, head, hashlib.sha256), "states_mac": hmac.digest(key, states, hashlib.sha256)}


def _stored_links(connection: Connection) -> Generator[Link]:
    with connection.execute(_LINKS, execution_options={"yield_per": _ROWS_A_READ}) as rows:
        for row in rows:
            yield Link(*row)
