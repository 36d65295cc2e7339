"""What the stores of the prison's day have in common: places in a list, sealed notes, and sealing them anew."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, select, update

from biometric_service.references.day_tables import ReleaseRow
from biometric_service.references.models import Base
from biometric_service.references.place_tables import ManualCheckRow, OrderRow, PostRow
from biometric_service.references.protection import StoreKey, day_binding
from biometric_service.references.rights import RightsSeal, reseal

Value = TypeVar("Value")

_NOTES: tuple[tuple[type[Base], str], ...] = (
    (OrderRow, "note"),
    (ManualCheckRow, "reason"),
    (ReleaseRow, "particulars"),
    (ReleaseRow, "checked"),
)

_SEALED: tuple[type[Base], ...] = (PostRow, OrderRow, ReleaseRow)


def sealed_note(key: StoreKey, table: str, record: str, column: str, text: str) -> bytes:
    """A note, sealed and bound to its place."""
    return key.day.seal(text.encode(), day_binding(table, record, column))


def note_of(key: StoreKey, table: str, record: str, column: str, sealed: bytes) -> str:
    """What ``sealed_note`` sealed; RECORD_TAMPERED."""
    return key.day.open(sealed, day_binding(table, record, column)).decode()


def maybe(kind: Callable[[str], Value], value: str | None) -> Value | None:
    """The value as one of a kind, None where there is none."""
    return None if value is None else kind(value)


def reseal_day(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put all notes and seals under a new store key; RECORD_TAMPERED."""
    before = RightsSeal(lambda: present.day_rights, "A post, order or release")
    after = RightsSeal(lambda: new.day_rights, "")
    for sealed in _SEALED:
        reseal(connection, sealed, before, before)
    for row, column in _NOTES:
        _reseal_notes(connection, row, column, (present, new))
    for sealed in _SEALED:
        _seal_all(connection, sealed, after)


def _reseal_notes(connection: Connection, row: type[Base], column: str, keys: tuple[StoreKey, StoreKey]) -> None:
    table = row.__table__
    notes = select(table.c.number, table.c.id, table.c[column]).where(table.c[column].is_not(None))
    for number, record, sealed in connection.execute(notes).all():
        binding = day_binding(row.__tablename__, record, column)
        again = keys[1].day.seal(keys[0].day.open(sealed, binding), binding)
        connection.execute(_set(table, number, {column: again}))


def _seal_all(connection: Connection, row: type[Base], seal: RightsSeal) -> None:
    table = row.metadata.tables[row.__tablename__]
    for found in connection.execute(select(table)).mappings().all():
        connection.execute(update(table).where(table.c.id == found["id"]).values(seal=seal.sealed(found)["seal"]))


def _set(table: Any, number: int, values: dict[str, bytes]) -> Any:  # noqa: ANN401 - a table of any kind
    return update(table).where(table.c.number == number).values(**values)
