"""A store of many synthetic people, filled in bulk: a few hundred people a transaction, one change each.

Ten fingers of random minutiae and a random face a person, no images. Whoever reads the store sees no difference to one
that was filled person by person, but for an audit log with fewer events.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import insert

from benchmarks.throughput.random_encounters import GALLERY, TEN_FINGERS, audit_event, random_encounter
from biometric_service.references.encounters import Place, Rows, new_rows, template_count, write_rows
from biometric_service.references.holders import Holder
from biometric_service.references.models import DataKeyRow, SubjectRow
from biometric_service.references.numbers import Numbers, new_change, take_numbers
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, Encounter

BATCH = 250


def fill(opened: OpenedStore, people: int) -> None:
    """Bring the store up to so many people; one that was cut off is gone on with."""
    if GALLERY not in opened.store.galleries():
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    there = _count(opened)
    while there < people:
        numbers = range(there, min(there + BATCH, people))
        _keep(opened, [_person(number) for number in numbers])
        there = numbers[-1] + 1


def _count(opened: OpenedStore) -> int:
    """How many there are: each has the number that it was made from in its id."""
    newest = -1
    page = opened.store.subjects(ALL_GALLERIES, None, 10_000)
    while page:
        newest = max(newest, *(int(one.subject[1:]) for one in page))
        page = opened.store.subjects(ALL_GALLERIES, page[-1].subject, 10_000)
    return newest + 1


def _person(number: int) -> Encounter:
    encounter = random_encounter(number, f"S{number:07d}", fingers=TEN_FINGERS, image_bytes=0)
    return replace(encounter, galleries=frozenset({GALLERY}))


def _keep(opened: OpenedStore, people: Sequence[Encounter]) -> None:
    with opened.database.writing() as connection:
        new_change(connection, opened.log, audit_event())
        samples = sum(len(each.samples) for each in people)
        last = take_numbers(
            connection, subjects=len(people), encounters=len(people), samples=samples, templates=samples
        )
        subjects, keys, rows = [], [], []
        for left, encounter in zip(range(len(people) - 1, -1, -1), people, strict=True):
            number = last.subject - left
            wrapped = opened.keys.new_data_key(number, encounter.subject)
            subjects.append({"number": number, "id": encounter.subject, "enrolled_at": encounter.at, "version": 1})
            keys.append({"subject": number, "wrapped": wrapped})
            holder = Holder(number, encounter.subject, 1, opened.keys.data_key(wrapped, number, encounter.subject))
            rows.append(_rows(encounter, holder, last, left))
        connection.execute(insert(SubjectRow), subjects)
        connection.execute(insert(DataKeyRow), keys)
        write_rows(connection, rows)


def _rows(encounter: Encounter, holder: Holder, last: Numbers, left: int) -> Rows:
    """All people have as many samples; so many people are ``left`` after this one."""
    number = last.encounter - left
    sample, template = last.sample - left * len(encounter.samples), last.template - left * template_count(encounter)
    return new_rows(encounter, Place(holder, number, replace(last, sample=sample, template=template)))
