"""The names that people are enrolled under: sealed with each encounter, opened together to find namesakes.

Nothing is indexed by name, so that whoever has the database learns of no two people that they share one. All names are
opened for each question, which takes about a second for 50,000 encounters.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from biometric_service.references.database import Database
from biometric_service.references.details import unpack_notes
from biometric_service.references.intake_tables import PersonNameRow
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import DataKeyRow, EncounterRow, SubjectRow
from biometric_service.references.protection import DataKey, details_binding, name_binding
from biometric_service.vocabulary.intakes import Namesake
from biometric_service.vocabulary.particulars import birth_in, name_in
from biometric_service.vocabulary.references import Json, SubjectId

_WORDS = re.compile(r"[^\W_]+")
_ALL = (
    select(PersonNameRow.encounter, PersonNameRow.sealed, SubjectRow.number, SubjectRow.id, DataKeyRow.wrapped)
    .join(EncounterRow, EncounterRow.number == PersonNameRow.encounter)
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    .order_by(PersonNameRow.encounter)
)
_PAGE = 200
_PAGE_OF_ENCOUNTERS = (
    select(EncounterRow.number, EncounterRow.details, EncounterRow.subject, SubjectRow.id, DataKeyRow.wrapped)
    .add_columns(PersonNameRow.sealed)
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    .outerjoin(PersonNameRow, PersonNameRow.encounter == EncounterRow.number)
    .where(EncounterRow.number > bindparam("after"))
    .order_by(EncounterRow.number)
    .limit(_PAGE)
)


def pack_name(biographic: Mapping[str, Json]) -> bytes | None:
    """The name and the date of birth that a record's biographic data tell; None where they tell no name."""
    name, born = name_in(biographic), birth_in(biographic)
    if name is None or not written_alike(name.whole):
        return None
    return json.dumps([name.whole, born.isoformat() if born else ""]).encode()


def written_alike(name: str) -> tuple[str, ...]:
    """The words of a name without case and accents, in alphabetical order: equal for all ways to write it."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return tuple(sorted(_WORDS.findall(plain.casefold())))


def namesakes(connection: Connection, keys: KeyRing, name: str, born: date | None) -> list[Namesake]:
    """Each subject once that is enrolled under the name; RECORD_TAMPERED."""
    wanted, found = written_alike(name), dict[SubjectId, Namesake]()
    opened: dict[int, DataKey] = {}
    for encounter, sealed, subject, known_as, wrapped in connection.execute(_ALL):
        whose = SubjectId(known_as)
        key = opened.get(subject) or keys.data_key(wrapped, subject, whose)
        opened[subject] = key
        other, when = json.loads(key.open(sealed, name_binding(encounter, subject)))
        if written_alike(other) == wanted:
            same = None if not (born and when) else when == born.isoformat()
            found[whose] = Namesake(whose, same)
    return list(found.values())


def rewrite_names(database: Database, keys: KeyRing) -> Iterator[int]:
    """Write the names of all records as they are read now: older ones were kept when fewer ways to say one were read.

    After each page says how many were written. Cut off, it is begun again and passes over what is right already.
    RECORD_TAMPERED.
    """
    after, full = 0, True
    while full:
        with database.writing() as connection:
            rows = connection.execute(_PAGE_OF_ENCOUNTERS, {"after": after}).all()
            written = sum(_is_rewritten(connection, keys, row) for row in rows)
        yield written
        after, full = rows[-1].number if rows else 0, len(rows) == _PAGE


def _is_rewritten(connection: Connection, keys: KeyRing, row: Row[Any]) -> bool:
    key = keys.data_key(row.wrapped, row.subject, SubjectId(row.id))
    details = row.details and key.open(row.details, details_binding(row.number, row.subject))
    biographic, binding = unpack_notes(details).get("biographic"), name_binding(row.number, row.subject)
    name = pack_name(biographic) if isinstance(biographic, Mapping) else None
    if name == (row.sealed and key.open(row.sealed, binding)):
        return False
    connection.execute(delete(PersonNameRow).where(PersonNameRow.encounter == row.number))
    if name is not None:
        connection.execute(insert(PersonNameRow), {"encounter": row.number, "sealed": key.seal(name, binding)})
    return True
