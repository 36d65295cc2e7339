"""A live store moved to another database, of the same kind or the other, while it is in use.

Tables are copied one by one, each as it is when its turn comes; then what the journal says was touched since the start
is copied again and again, until little is left; then, while nobody can write, the rest, and the old store is closed.
What was copied is kept with the copy, so that a copy that was cut off goes on where it was.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, func, insert, inspect, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references import frames, journal
from biometric_service.references.database import Database
from biometric_service.references.frames import Loader, contents
from biometric_service.references.loading import foreign_keys, put_back, set_aside, unconstrained
from biometric_service.references.models import StoreRow
from biometric_service.references.numbers import STORE
from biometric_service.references.opening import OpenedStore
from biometric_service.references.schema import migrate
from biometric_service.vocabulary.events import AuditEvent

COPYING = Table(
    journal.COPYING,
    MetaData(),
    Column("name", String(255), primary_key=True),
    Column("lineage", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),
)
_START = ""
_LITTLE = 500


@dataclass(frozen=True, slots=True)
class Step:
    """What was done last, and how many rows it took along."""

    what: str
    rows: int


def copy_store(source: OpenedStore, target: Database, event: AuditEvent) -> Generator[Step]:
    """Copy the store into an empty database, or go on with a copy; the old store is closed once the iterator has ended.

    ``source``: opened even where it was closed by a copy that was cut off after that. REQUEST_INVALID where another
    store is at the target; STORE_CONFLICT where the two are not alike in the end, after which the old store goes on.
    """
    _begin(source, target)
    if not _is_closed(source):
        yield from _copy_tables(source, target)
        rows = _LITTLE
        while rows >= _LITTLE:
            rows = _catch_up(source, target)
            yield Step("caught up", rows)
        yield _compare(source, target)
        yield _close(source, target, event)
    yield _finish(source, target)


def _begin(source: OpenedStore, target: Database) -> None:
    with source.database.reading() as connection:
        lineage, newest = journal.position(connection)
    with unconstrained(target) as connection:
        if not inspect(connection).has_table(COPYING.name):
            if journal.tables(connection):
                raise _occupied()
            migrate(connection)
            set_aside(connection)
            COPYING.create(connection)
            connection.execute(insert(COPYING), {"name": _START, "lineage": lineage, "number": newest})
        begun = connection.execute(select(COPYING).where(COPYING.c.name == _START)).one()
    if begun.lineage != lineage:
        raise _occupied()


def _copy_tables(source: OpenedStore, target: Database) -> Iterator[Step]:
    with source.database.reading() as reading, unconstrained(target) as writing:
        originals, copies = journal.tables(reading), journal.tables(writing)
    for table in originals:
        with source.database.reading() as reading, unconstrained(target) as writing:
            if writing.execute(select(COPYING).where(COPYING.c.name == table.name)).one_or_none():
                continue
            rows = _copy_table(reading, table, Loader(writing, copies))
            writing.execute(insert(COPYING), {"name": table.name, "lineage": "", "number": rows})
        yield Step(table.name, rows)


def _copy_table(reading: Connection, table: Table, loader: Loader) -> int:
    rows = 0
    for frame in frames.whole(reading, table):
        loader.put(frame)
        rows += len(frame.rows)
    return rows


def _catch_up(source: OpenedStore, target: Database) -> int:
    with source.database.reading() as reading, unconstrained(target) as writing:
        return _bring(reading, writing)


def _bring(reading: Connection, writing: Connection) -> int:
    """Take along what was touched since the last time; returns how many rows."""
    after = writing.execute(select(COPYING.c.number).where(COPYING.c.name == _START)).scalar_one()
    _, newest = journal.position(reading)
    loader, rows = Loader(writing), 0
    for frame in frames.since(reading, after):
        loader.put(frame)
        rows += len(frame.rows)
    writing.execute(update(COPYING).where(COPYING.c.name == _START).values(number=newest))
    return rows


def _compare(source: OpenedStore, target: Database) -> Step:
    """Bring the copy up to one view of the store, and compare the two row by row by their digests."""
    with source.database.reading() as reading, unconstrained(target) as writing:
        _bring(reading, writing)
        copies, compared = {table.name: table for table in journal.tables(writing)}, 0
        for table in journal.tables(reading):
            there = contents(frames.whole(reading, table))
            if contents(frames.whole(writing, copies[table.name])) != there:
                raise _unlike(table.name)
            compared += there.rows
    return Step("compared", compared)


def _close(source: OpenedStore, target: Database, event: AuditEvent) -> Step:
    """While nobody can write: the rest, and the old store is closed to everybody."""
    with source.database.writing() as reading:
        source.log.append(reading, event)
        with unconstrained(target) as writing:
            rows = _bring(reading, writing)
            _require_equal_counts(reading, writing)
        reading.execute(update(StoreRow).where(StoreRow.id == STORE).values(moved_at=datetime.now(UTC)))
    return Step("closed the old store", rows)


def _finish(source: OpenedStore, target: Database) -> Step:
    """Make the copy a store; where that fails the old one is opened again."""
    try:
        with unconstrained(target) as writing:
            put_back(writing, foreign_keys(writing))
            COPYING.drop(writing)
            journal.watch(writing)
    except BiometricServiceError:
        with source.database.writing() as connection:
            connection.execute(update(StoreRow).where(StoreRow.id == STORE).values(moved_at=None))
        raise
    return Step("opened the new store", 0)


def _is_closed(source: OpenedStore) -> bool:
    with source.database.reading() as connection:
        return connection.scalar(select(StoreRow.moved_at).where(StoreRow.id == STORE)) is not None


def _require_equal_counts(reading: Connection, writing: Connection) -> None:
    for table in journal.tables(reading):
        count = select(func.count()).select_from(table)
        if reading.scalar(count) != writing.scalar(count):
            raise _unlike(table.name)


def _occupied() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        "There is another store, or the copy of another one, at the target.",
        "Name an empty database.",
    )


def _unlike(table: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.STORE_CONFLICT,
        f"The copy of {table} is not like the original; the old store goes on.",
        "Empty the target, find out who else writes to it, and copy again.",
    )
