"""The names that people are enrolled under: sealed with each encounter, opened together to find namesakes.

Nothing is indexed by name, so that whoever has the database learns of no two people that they share one. All names are
opened for each question, which takes about a second for 50,000 encounters.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, select

from biometric_service.references.intake_tables import PersonNameRow
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import DataKeyRow, EncounterRow, SubjectRow
from biometric_service.references.protection import DataKey, name_binding
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
