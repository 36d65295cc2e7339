"""Rows on their way out of one database and into another, whichever two they are.

A frame holds rows of one table, or keys of rows that are to go. It is a JSON text with the binary values behind it:
their lengths stand in the text where they belong. Moments are in UTC.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, tuple_

from biometric_service.references import journal

_LENGTH = struct.Struct(">I")
_FRAME_BYTES = 1_000_000
_ROWS_A_READ = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """``rows``: values in the order of ``columns``; or ``gone``: primary keys."""

    table: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    gone: tuple[tuple[Any, ...], ...] = ()


def pack(frame: Frame) -> bytes:
    """The frame as bytes."""
    blobs: list[bytes] = []
    rows = [[_plain(value, blobs) for value in row] for row in frame.rows]
    fields = {"table": frame.table, "columns": frame.columns, "rows": rows, "gone": frame.gone}
    text = json.dumps(fields, separators=(",", ":")).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *blobs])


def unpack(packed: bytes) -> Frame:
    """The frame; ValueError, KeyError or struct.error where it is none."""
    (length,) = _LENGTH.unpack_from(packed)
    at = _LENGTH.size + length
    fields = json.loads(packed[_LENGTH.size : at])
    blobs = _Blobs(packed, at)
    rows = tuple(tuple(_value(value, blobs) for value in row) for row in fields["rows"])
    return Frame(fields["table"], tuple(fields["columns"]), rows, tuple(map(tuple, fields["gone"])))


def whole(connection: Connection, table: Table) -> Iterator[Frame]:
    """Every row of a table."""
    ordered = select(table).order_by(*table.primary_key)
    yield from _framed(table, connection.execute(ordered, execution_options={"yield_per": _ROWS_A_READ}))


def since(connection: Connection, after: int) -> Iterator[Frame]:
    """What was done after a number of the journal: first the keys of all that was touched, then the rows there are."""
    changed = journal.touched(connection, after)
    known = [table for table in journal.tables(connection) if table.name in changed]
    for table in reversed(known):
        yield Frame(table.name, gone=tuple(changed[table.name]))
    for table in known:
        keys = changed[table.name]
        for first in range(0, len(keys), _ROWS_A_READ):
            rows = select(table).where(_with_keys(table, keys[first : first + _ROWS_A_READ]))
            yield from _framed(table, connection.execute(rows))


class Loader:
    """Puts frames into a database whose foreign keys are not looked at meanwhile.

    ``tables``: those of the database where somebody has read them already, which takes longer than a few rows.
    """

    def __init__(self, connection: Connection, tables: Iterable[Table] | None = None) -> None:
        self._connection = connection
        self._tables = {table.name: table for table in tables or journal.tables(connection)}

    def put(self, frame: Frame) -> None:
        """Take away what is gone, add the rows."""
        table = self._tables[frame.table]
        for first in range(0, len(frame.gone), _ROWS_A_READ):
            keys = frame.gone[first : first + _ROWS_A_READ]
            self._connection.execute(delete(table).where(_with_keys(table, keys)))
        if frame.rows:
            self._connection.execute(insert(table), [dict(zip(frame.columns, row, strict=True)) for row in frame.rows])


@dataclass(frozen=True, slots=True)
class Contents:
    """How many rows there are, and a digest that does not depend on their order."""

    rows: int
    digest: int


def contents(frames: Iterable[Frame]) -> Contents:
    """Of all rows in the frames: the digest is the sum of the rows' SHA-256, modulo 2 to the 256th."""
    count = total = 0
    for frame in frames:
        for row in frame.rows:
            packed = pack(Frame(frame.table, frame.columns, (row,)))
            total += int.from_bytes(hashlib.sha256(packed).digest())
            count += 1
    return Contents(count, total % 2**256)


class _Blobs:
    def __init__(self, packed: bytes, at: int) -> None:
        self._packed = packed
        self._at = at

    def take(self, length: int) -> bytes:
        self._at += length
        return self._packed[self._at - length : self._at]


def _framed(table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[Frame]:
    columns = tuple(sorted(column.name for column in table.columns))
    order = [list(table.columns.keys()).index(name) for name in columns]
    held: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        held.append(tuple(row[index] for index in order))
        size += sum(len(value) for value in row if isinstance(value, bytes | memoryview | str)) + len(columns)
        if size > _FRAME_BYTES:
            yield Frame(table.name, columns, tuple(held))
            held, size = [], 0
    if held:
        yield Frame(table.name, columns, tuple(held))


def _with_keys(table: Table, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    columns = list(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def _plain(value: Any, blobs: list[bytes]) -> object:  # noqa: ANN401 - whatever a column may hold
    if isinstance(value, bytes | memoryview):
        blobs.append(bytes(value))
        return {"bytes": len(value)}
    if isinstance(value, datetime):
        return {"moment": (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"json": value} if isinstance(value, list | dict) else value


def _value(value: Any, blobs: _Blobs) -> object:  # noqa: ANN401
    if not isinstance(value, Mapping):
        return value
    ((kind, held),) = value.items()
    if kind == "bytes":
        return blobs.take(held)
    if kind == "moment":
        return datetime.fromisoformat(held)
    return date.fromisoformat(held) if kind == "date" else held
