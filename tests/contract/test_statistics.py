"""Statistics, on every database: each month is published once, is what the log says, and names nobody."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.errors import ErrorCode
from biometric_service.interchange.statistics import writing
from biometric_service.interchange.statistics.publishing import Observatory, publish, recounted, shown
from biometric_service.references.key_renewal import renew
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import (
    Circumstances,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    Json,
    SubjectId,
)
from biometric_service.vocabulary.statistics import TOTAL, Measure, MonthTable
from tests.sharing import person
from tests.stores import refused

BY = Caller("observatory", "statistics")
OCTOBER = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 30, tzinfo=UTC)
MONTH = "2026-10"
NAME = "Quetzalcoatl-Arana"
PEOPLE = 7


@pytest.fixture
def observatory(opened: OpenedStore) -> Observatory:
    """Seven women of 35 and one man of 20 came in October; one of them was released, and one name was tried twice."""
    for seed in range(PEOPLE):
        came = replace(audit_event(subject=f"W-{seed}"), at=OCTOBER)
        opened.store.enrol(person(seed, f"W-{seed}", lastName=NAME), came)
    man = person(20, "M-1", gender="male", dateOfBirth="2006-01-01", lastName=NAME)
    opened.store.enrol(man, replace(audit_event(subject="M-1"), at=OCTOBER))
    for subject in ("W-1", "M-1"):
        released = replace(audit_event(EventKind.STATUS_CHANGED, subject), at=OCTOBER, details={"status": "released"})
        key = EncounterKey(SubjectId(subject), man.encounter)
        opened.encounters.set_status(key, EncounterStatus.RELEASED, released)
    alike = {"enrolment": "duplicate_suspected", "duplicates_candidates": "W-2 W-3"}
    opened.store.record(replace(audit_event(EventKind.ENROLMENT_REFUSED, "NEW"), at=OCTOBER, details=alike))
    for way, how_often in (("pass", 9), ("stop", 6)):
        for _ in range(how_often):
            moved = {"passage": way, "claimed": "W-1"}
            opened.store.record(replace(audit_event(EventKind.MOVEMENT_CHECK), at=OCTOBER, details=moved))
    return Observatory(opened.store, opened.encounters, opened.statistics, "prison", frozenset({GALLERY}))


def figure(table: MonthTable, measure: Measure, sex: str = TOTAL, age: str = TOTAL) -> int | None:
    (found,) = [each.value for each in table.cells if (each.measure, each.sex, each.age) == (measure, sex, age)]
    return found


def published(observatory: Observatory, month: str = MONTH) -> MonthTable:
    return publish(observatory, month, BY, LATER)


def test_a_month_is_counted_by_sex_and_age_and_small_counts_are_not_told(observatory: Observatory) -> None:
    table = published(observatory)
    assert figure(table, Measure.ADMISSIONS) == PEOPLE + 1
    assert figure(table, Measure.ADMISSIONS, "M", "Y18T24") is None
    assert figure(table, Measure.ADMISSIONS, "F", "Y35T49") is None
    assert figure(table, Measure.MOVEMENTS, "F", "Y35T49") == figure(table, Measure.MOVEMENTS) == 9
    assert figure(table, Measure.STOPPED_PASSAGES, "F") == 6
    assert figure(table, Measure.RELEASES) is figure(table, Measure.REFUSED_ENROLMENTS) is None
    everything = publish(replace(observatory, smallest=1, tables=_Nowhere()), MONTH, BY, LATER)
    assert figure(everything, Measure.ADMISSIONS, "F", "Y35T49") == PEOPLE
    assert figure(everything, Measure.ADMISSIONS, "M", "Y18T24") == 1
    assert figure(everything, Measure.RELEASES) == 2
    assert figure(everything, Measure.REFUSED_ENROLMENTS, "F", "Y35T49") == 1


def test_people_are_counted_alike_however_their_record_came(observatory: Observatory, opened: OpenedStore) -> None:
    opened.store.create_gallery(GalleryId("visitors"), audit_event())
    station: dict[str, Json] = {"name": "Ana Cal", "born": "1991-04-02", "sex": "F"}
    police: dict[str, Json] = {"name": {"family": "Cal"}, "date_of_birth": "1991-04-02", "sex": "female"}
    for subject, said, gallery in (("S-1", station, GALLERY), ("B-1", police, GALLERY), ("V-1", station, "visitors")):
        known = replace(person(30, subject), circumstances=Circumstances(biographic=said))
        came = replace(audit_event(subject=subject), at=OCTOBER, details={"galleries": gallery})
        opened.store.enrol(replace(known, galleries=frozenset({GalleryId(gallery)})), came)
    for release, subject in (("r-1", "S-1"), ("r-1", "S-1"), ("r-2", "B-1"), ("r-3", "V-1")):
        blocked = replace(audit_event(EventKind.RELEASE_BLOCKED, subject), at=OCTOBER, details={"release": release})
        opened.store.record(blocked)
    table = publish(replace(observatory, smallest=1, tables=_Nowhere()), MONTH, BY, LATER)
    assert figure(table, Measure.ADMISSIONS, "F", "Y35T49") == PEOPLE + 2
    assert figure(table, Measure.ADMISSIONS) == PEOPLE + 1 + 2
    assert figure(table, Measure.BLOCKED_RELEASES, "F") == figure(table, Measure.BLOCKED_RELEASES) == 2


def test_nothing_is_published_where_no_gallery_holds_inmates(observatory: Observatory) -> None:
    nowhere = replace(observatory, inmates=frozenset({GalleryId("nowhere")}))
    refused(ErrorCode.STATISTICS_REFUSED, lambda: published(nowhere))


class _Nowhere:
    """Keeps nothing, so that a month can be counted with other settings."""

    noise_key = bytes(32)

    def find(self, month: str) -> None:
        """Nothing."""

    def tables(self) -> list[MonthTable]:
        return []

    def add(self, table: MonthTable, event: AuditEvent) -> MonthTable:
        assert event.details["digest"] == table.digest
        return table


def test_passages_that_were_decided_offline_or_by_two_officers_are_movements(
    observatory: Observatory, opened: OpenedStore
) -> None:
    for kind in (EventKind.PASSAGE_RECORDED, EventKind.MANUAL_CHECK_CONFIRMED):
        for way in ("pass", "stop"):
            opened.store.record(replace(audit_event(kind, "W-1"), at=OCTOBER, details={"passage": way}))
    opened.store.record(replace(audit_event(EventKind.PASSAGE_RECORDED), at=OCTOBER, details={"refused": "no post"}))
    table = published(observatory)
    assert figure(table, Measure.MOVEMENTS, "F", "Y35T49") == figure(table, Measure.MOVEMENTS) == 11
    assert figure(table, Measure.STOPPED_PASSAGES) == 8


def test_what_was_published_stands_and_follows_from_the_log(observatory: Observatory, opened: OpenedStore) -> None:
    first = published(observatory)
    assert (first.event, first.event_digest) == (19 + PEOPLE + 1, opened.store.events(first.event - 1, 1)[0].digest)
    assert recounted(observatory, first)
    late = replace(audit_event(EventKind.MOVEMENT_CHECK), at=OCTOBER, details={"passage": "pass", "claimed": "W-1"})
    opened.store.record(late)
    assert published(observatory) == first == shown(observatory, MONTH, BY)
    assert recounted(observatory, first)
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert published(observatory) == first
    assert recounted(observatory, first)
    opened.store.erase(SubjectId("W-1"), audit_event(EventKind.SUBJECT_ERASED, "W-1"))
    assert published(observatory) == first
    assert not recounted(observatory, first)


def test_a_month_is_published_once_it_is_over_and_within_the_years_privacy(observatory: Observatory) -> None:
    refused(ErrorCode.STATISTICS_REFUSED, lambda: published(observatory, "2026-11"))
    refused(ErrorCode.REQUEST_INVALID, lambda: published(observatory, "2026-13"))
    refused(ErrorCode.STATISTICS_UNKNOWN, lambda: shown(observatory, MONTH, BY))
    noisy = replace(observatory, epsilon=1.0, epsilon_a_year=2.0)
    noised = [published(noisy, month) for month in (MONTH, "2026-09")]
    refused(ErrorCode.STATISTICS_REFUSED, lambda: published(noisy, "2026-08"))
    assert published(noisy) == noised[0]
    assert published(noisy, "2025-08").epsilon == 1.0
    assert recounted(noisy, noised[0])
    assert [each.month for each in observatory.tables.tables()] == ["2025-08", "2026-09", MONTH]


def test_a_table_that_was_changed_by_hand_is_found(observatory: Observatory, opened: OpenedStore) -> None:
    published(observatory)
    with opened.database.engine.begin() as connection:
        changed = """UPDATE statistics_tables SET "table" = replace("table", '"value":9', '"value":8')"""
        connection.exec_driver_sql(changed)
    refused(ErrorCode.RECORD_TAMPERED, lambda: shown(observatory, MONTH, BY))


def test_nothing_that_is_published_names_anybody(observatory: Observatory, opened: OpenedStore) -> None:
    table = published(observatory)
    audit = [each.event for each in opened.store.events(0, 100) if each.event.kind is EventKind.STATISTICS_PUBLISHED]
    written = [
        json.dumps(asdict(table)),
        writing.as_csv([table]),
        writing.sdmx_text([table], "prison"),
        writing.dictionary(),
        repr(audit),
    ]
    with opened.database.reading() as connection:
        written.append(str(connection.execute(text("SELECT * FROM statistics_tables")).all()))
    people = opened.encounters.encounters(SubjectId("W-1"))[0].encounter
    secrets = {
        *(f"W-{seed}" for seed in range(PEOPLE)),
        *("M-1", "NEW", NAME, "Arana", "Ines", "1991-04-02", "2006-01-01"),
        *(sample.sample.digest for sample in people.samples),
        *(sample.image.hex()[:32] for sample in people.samples),
    }
    assert not {secret for secret in secrets for each in written if secret in each}
    assert NAME in str(people.circumstances.biographic)


def test_both_forms_say_the_same(observatory: Observatory) -> None:
    table = published(observatory)
    rows = list(csv.DictReader(io.StringIO(writing.as_csv([table]))))
    said = {
        (row["MEASURE"].lower(), row["SEX"], row["AGE"]): int(row["OBS_VALUE"]) if row["OBS_VALUE"] else None
        for row in rows
    }
    assert said == {(each.measure.value, each.sex, each.age): each.value for each in table.cells}
    assert all((row["CONF_STATUS"] == "C") == (not row["OBS_VALUE"]) for row in rows)
    message = json.loads(writing.sdmx_text([table], "prison"))
    dimensions = message["data"]["structures"][0]["dimensions"]["series"]
    codes = [[value["id"] for value in each["values"]] for each in dimensions]
    status = [each["id"] for each in message["data"]["structures"][0]["attributes"]["observation"][0]["values"]]
    read = {}
    for key, series in message["data"]["dataSets"][0]["series"].items():
        measure, sex, age = (names[int(place)] for names, place in zip(codes, key.split(":"), strict=True))
        value, mark = series["observations"]["0"]
        assert (value is None) == (status[mark] == "C")
        read[measure.lower(), sex, age] = value
    assert read == said
    known = set(csv.DictReader(io.StringIO(writing.dictionary())).fieldnames or ())
    assert known == {"column", "code", "meaning"}


@pytest.fixture(autouse=True)
def _the_log_is_whole(opened: OpenedStore) -> Iterator[None]:
    yield
    opened.store.verify_events()
