"""Filling a database with rows from another: constraints are set aside meanwhile, and hold again before it is used."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, ForeignKeyConstraint
from sqlalchemy.schema import AddConstraint, DropConstraint

from biometric_service.references import journal
from biometric_service.references.archive import damaged
from biometric_service.references.database import Database
from biometric_service.references.faults import typed_faults
from biometric_service.references.models import Base


@contextmanager
def unconstrained(database: Database) -> Iterator[Connection]:
    """A transaction in which SQLite looks at no foreign keys; PostgreSQL's must be set aside (``set_aside``)."""
    with typed_faults(), database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            if isinstance(raw, sqlite3.Connection):
                raw.execute("PRAGMA foreign_keys=ON")


def set_aside(connection: Connection) -> list[ForeignKeyConstraint]:
    """Drop PostgreSQL's foreign keys, to be given back to ``put_back``."""
    if connection.dialect.name == "sqlite":
        return []
    keys = [key for table in journal.tables(connection) for key in table.foreign_key_constraints]
    for key in keys:
        connection.execute(DropConstraint(key))
    return keys


def foreign_keys(connection: Connection) -> list[ForeignKeyConstraint]:
    """All that were set aside on PostgreSQL, for whoever did not do it himself."""
    if connection.dialect.name == "sqlite":
        return []
    return [key for table in Base.metadata.sorted_tables for key in table.foreign_key_constraints]


def put_back(connection: Connection, keys: list[ForeignKeyConstraint]) -> None:
    """Have foreign keys hold again; BACKUP_DAMAGED where the rows do not keep them."""
    for key in keys:
        connection.execute(AddConstraint(key, isolate_from_table=False))
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise damaged()
