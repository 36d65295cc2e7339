"""Which rows were touched since when: triggers note the key of every row that any statement touches.

The journal has one row for each key that was ever touched, with the number of the last time. So it stays as large as
the store, whoever reads it needs to remember one number, and any number of readers (backups, a copy to another
database) go on at their own pace. Numbers grow in the order of commits, for there is one writer at a time.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select

from biometric_service.references.models import JournalRow, SnapshotKeyRow

JOURNAL = JournalRow.__tablename__
LINEAGE = ""
COPYING = "copying"
"""The table that a database has in which a copy is not finished."""
_OUTSIDE = frozenset({JOURNAL, "alembic_version", COPYING, SnapshotKeyRow.__tablename__})
"""The key of snapshots is in no backup: there it would outlive whoever is erased."""
_NOTE = (
    f"INSERT INTO {JOURNAL} (name, key, number) VALUES ('{{table}}', {{key}},"  # noqa: S608 - names of our own tables
    f" (SELECT coalesce(max(number), 0) + 1 FROM {JOURNAL}))"
    " ON CONFLICT (name, key) DO UPDATE SET number = excluded.number;"
)
_SQLITE_STRING = r"""'"' || replace(replace({0}, '\', '\\'), '"', '\"') || '"'"""
_SQLITE_EVENTS = {"INSERT": ("NEW",), "UPDATE": ("NEW", "OLD"), "DELETE": ("OLD",)}


def tables(connection: Connection) -> Sequence[Table]:
    """Every table of the store as it is in the database, those that others point to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _OUTSIDE]


def watch(connection: Connection) -> None:
    """Have every table noted from now on; to be done whenever tables were made or changed."""
    statements = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for table in tables(connection):
        for statement in statements(table.name, list(table.primary_key)):
            connection.exec_driver_sql(statement)
    if _lineage(connection) is None:
        connection.execute(insert(JournalRow), {"name": LINEAGE, "key": uuid4().hex, "number": 0})


def unwatch(connection: Connection) -> None:
    """Note nothing any more: tables are about to be changed, after which they are to be watched anew."""
    if connection.dialect.name == "sqlite":
        there = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'journal_*'"
        drops = [f"DROP TRIGGER {name}" for (name,) in connection.exec_driver_sql(there).all()]
    else:
        drops = [f'DROP TRIGGER IF EXISTS journal ON "{table.name}"' for table in tables(connection)]
    for drop in drops:
        connection.exec_driver_sql(drop)


def position(connection: Connection) -> tuple[str, int]:
    """Which journal this is, and the newest number in it; a store that was restored has a journal of its own."""
    newest = connection.scalar(select(func.max(JournalRow.number))) or 0
    return _lineage(connection) or "", newest


def touched(connection: Connection, after: int) -> dict[str, list[tuple[object, ...]]]:
    """The keys of all rows that were touched after a number, by table."""
    rows = select(JournalRow.name, JournalRow.key).where(JournalRow.number > after).order_by(JournalRow.number)
    found: dict[str, list[tuple[object, ...]]] = {}
    for name, key in connection.execute(rows):
        found.setdefault(name, []).append(tuple(json.loads(key)))
    return found


def _lineage(connection: Connection) -> str | None:
    return connection.scalar(select(JournalRow.key).where(JournalRow.name == LINEAGE))


def _sqlite(table: str, key: Sequence[Column[Any]]) -> Iterator[str]:
    for event, rows in _SQLITE_EVENTS.items():
        name = f"journal_{table}_{event.lower()}"
        notes = " ".join(_NOTE.format(table=table, key=_sqlite_array(row, key)) for row in rows)
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f'CREATE TRIGGER {name} AFTER {event} ON "{table}" BEGIN {notes} END'


def _sqlite_array(row: str, key: Sequence[Column[Any]]) -> str:
    """A JSON array without SQLite's own JSON functions, which a schema that is not trusted may not call."""
    values = [f'{row}."{column.name}"' for column in key]
    quoted = [
        value if column.type.python_type is int else _SQLITE_STRING.format(value)
        for column, value in zip(key, values, strict=True)
    ]
    between = " || ',' || "
    return f"'[' || {between.join(quoted)} || ']'"


def _postgresql(table: str, key: Sequence[Column[Any]]) -> Iterator[str]:
    new, old = (_NOTE.format(table=table, key=_postgresql_array(row, key)) for row in ("NEW", "OLD"))
    yield (
        f"CREATE OR REPLACE FUNCTION journal_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP <> 'DELETE' THEN {new} END IF; IF TG_OP <> 'INSERT' THEN {old} END IF; RETURN NULL; END $$"
    )
    yield f'DROP TRIGGER IF EXISTS journal ON "{table}"'
    yield (
        f'CREATE TRIGGER journal AFTER INSERT OR UPDATE OR DELETE ON "{table}"'
        f" FOR EACH ROW EXECUTE FUNCTION journal_{table}()"
    )


def _postgresql_array(row: str, key: Sequence[Column[Any]]) -> str:
    values = ", ".join(f'{row}."{column.name}"' for column in key)
    return f"jsonb_build_array({values})::text"
