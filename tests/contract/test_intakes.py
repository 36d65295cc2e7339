"""Intakes on every database: kept step by step, resumed, refused, completed, and destroyed when their time is over."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import LargeBinary, delete, select, text, update

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter, random_minutiae
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import ErrorCode
from biometric_service.references.backup import create_backup, restore_backup
from biometric_service.references.holders import find_holder
from biometric_service.references.intake_tables import PersonNameRow
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.models import Base
from biometric_service.references.opening import OpenedStore, open_database, open_store
from biometric_service.references.person_names import rewrite_names
from biometric_service.references.protection import name_binding
from biometric_service.references.store_copy import copy_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.intakes import (
    Intake,
    IntakeCapture,
    IntakePerson,
    IntakeState,
    Mark,
    MarkKind,
    Namesake,
    NewCapture,
)
from biometric_service.vocabulary.particulars import SexCode
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import (
    CaptureException,
    Circumstances,
    EncounterId,
    ExceptionKind,
    GalleryId,
    Json,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition
from tests.stores import Opener, refused, templates_equal

NAME = "Ana Núñez"
PERSON = IntakePerson(SubjectId("P-7"), NAME, date(1990, 2, 3), "from court", "Prisons Act, s. 12", SexCode.FEMALE)
THUMB = IntakeCapture("right_thumb", datetime.now(UTC), 41.0, "ab" * 32, 500.0, "gate", defects=(Defect.TOO_DRY,))
TATTOO = Mark(MarkKind.TATTOO, "left forearm", "an anchor")
TEMPLATE = random_minutiae(np.random.default_rng(1), FingerPosition.RIGHT_THUMB)
LATER = timedelta(days=1)
LATE = datetime.now(UTC) + LATER
MISSING = CaptureException(FingerPosition.LEFT_RING, ExceptionKind.AMPUTATED, date(2019, 3, 1))


def new_intake(name: str = "i-1", person: IntakePerson = PERSON, lasts: timedelta = LATER) -> Intake:
    now = datetime.now(UTC)
    return Intake(name, IntakeState.OPEN, frozenset({GALLERY}), "officer", now, now + lasts, person)


def begun(opened: OpenedStore, name: str = "i-1", lasts: timedelta = LATER) -> str:
    opened.intakes.open(new_intake(name, lasts=lasts), audit_event(EventKind.INTAKE_OPENED))
    return name


def kept(opened: OpenedStore, intake: str, *captures: IntakeCapture) -> None:
    new = [
        NewCapture(each, f"picture of {each.place} {each.quality}".encode(), None if each.mark else TEMPLATE)
        for each in captures
    ]
    opened.intakes.keep(intake, new, LATE, audit_event(EventKind.INTAKE_CAPTURED))


@pytest.fixture
def intake(opened: OpenedStore) -> str:
    name = begun(opened)
    kept(opened, name, THUMB, replace(THUMB, place="mark_1", mark=TATTOO, defects=()))
    return name


def pictures(opened: OpenedStore, intake: str) -> dict[str, bytes]:
    return {each.capture.place: each.image for each in opened.intakes.images(intake)}


def blobs(opened: OpenedStore) -> list[bytes]:
    tables = [Base.metadata.tables[name] for name in ("intakes", "intake_captures")]
    columns = [
        (table.name, each.key) for table in tables for each in table.columns if isinstance(each.type, LargeBinary)
    ]
    assert columns[0] == ("intakes", "details")
    assert [name for _, name in columns[1:]] == ["facts", "image", "template"]
    with opened.database.reading() as connection:
        found = [connection.scalars(text(f"SELECT {column} FROM {name}")).all() for name, column in columns]
    return [bytes(blob) for one in found for blob in one if blob is not None]


def test_what_was_captured_is_there_for_whoever_opens_the_store_next(
    opener: Opener, opened: OpenedStore, intake: str
) -> None:
    opened.intakes.except_fingers(intake, [MISSING], audit_event(EventKind.INTAKE_EXCEPTED))
    opened.close()
    again = opener()
    found = again.intakes.intake(intake)
    assert (found.person, found.exceptions, set(found.galleries)) == (PERSON, (MISSING,), {GALLERY})
    assert found.state is IntakeState.OPEN
    assert [each.place for each in found.captures] == ["mark_1", "right_thumb"]
    assert (found.at("right_thumb"), found.at("left_thumb")) == (THUMB, None)
    assert found.captures[0].mark == TATTOO
    assert pictures(again, intake)["right_thumb"] == b"picture of right_thumb 41.0"
    (mark, thumb) = again.intakes.images(intake)
    assert mark.template is None
    assert thumb.template
    assert templates_equal(thumb.template, TEMPLATE)
    assert [each.id for each in again.intakes.intakes()] == [intake]
    again.close()


def test_a_further_capture_takes_the_place_of_the_one_before_and_the_intake_lasts_longer(opened: OpenedStore) -> None:
    name = begun(opened, lasts=timedelta(minutes=30))
    kept(opened, name, THUMB)
    kept(opened, name, replace(THUMB, quality=80.0))
    assert pictures(opened, name) == {"right_thumb": b"picture of right_thumb 80.0"}
    assert opened.intakes.intake(name).expires_at == LATE
    opened.intakes.discard(name, "right_thumb", audit_event(EventKind.INTAKE_DISCARDED))
    assert opened.intakes.intake(name).captures == ()
    refused(ErrorCode.REQUEST_INVALID, lambda: opened.intakes.discard(name, "right_thumb", audit_event()))


@pytest.mark.usefixtures("intake")
def test_nothing_of_a_person_is_in_the_clear(opened: OpenedStore) -> None:
    sealed = b"".join(blobs(opened))
    assert len(sealed) > 200
    assert not any(each in sealed for each in (b"Ana", b"1990", b"anchor", b"picture", b"court", b"too_dry"))


def test_a_refused_intake_keeps_its_evidence_and_takes_nothing_more(opened: OpenedStore, intake: str) -> None:
    opened.intakes.refuse(intake, [SubjectId("P-1")], LATE + LATER, audit_event(EventKind.INTAKE_REFUSED))
    found = opened.intakes.intake(intake)
    assert (found.state, found.found, len(found.captures)) == (IntakeState.REFUSED, ("P-1",), 2)
    assert len(pictures(opened, intake)) == 2
    for act in (
        lambda: kept(opened, intake, THUMB),
        lambda: opened.intakes.discard(intake, "right_thumb", audit_event()),
        lambda: opened.intakes.except_fingers(intake, [], audit_event()),
    ):
        refused(ErrorCode.INTAKE_CLOSED, act)
    opened.intakes.refuse(intake, [SubjectId("P-2"), SubjectId("P-1")], LATE, audit_event(EventKind.INTAKE_REFUSED))
    assert opened.intakes.intake(intake).found == ("P-1", "P-2")


def test_a_complete_intake_holds_nothing_any_more_but_what_became_of_it(opened: OpenedStore, intake: str) -> None:
    opened.intakes.complete(intake, EncounterId("e-1"), LATE, audit_event(EventKind.INTAKE_COMPLETED))
    found = opened.intakes.intake(intake)
    assert (found.state, found.encounter, found.person) == (
        IntakeState.COMPLETE,
        "e-1",
        IntakePerson(SubjectId("P-7"), ""),
    )
    assert (opened.intakes.images(intake), opened.intakes.intakes()) == ([], [])
    refused(ErrorCode.INTAKE_CLOSED, lambda: opened.intakes.complete(intake, EncounterId("e-2"), LATE, audit_event()))
    refused(ErrorCode.INTAKE_CLOSED, lambda: opened.intakes.refuse(intake, [], LATE, audit_event()))


def test_what_is_over_its_time_reads_like_nothing_and_is_destroyed_with_an_event(
    opened: OpenedStore, intake: str
) -> None:
    over = begun(opened, "i-2", lasts=timedelta(hours=-1))
    refused(ErrorCode.INTAKE_UNKNOWN, lambda: opened.intakes.intake(over))
    refused(ErrorCode.INTAKE_UNKNOWN, lambda: kept(opened, over, THUMB))
    events = opened.store.verify_events()
    assert opened.intakes.expire(datetime.now(UTC), audit_event(EventKind.INTAKE_EXPIRED)) == 1
    assert opened.intakes.expire(datetime.now(UTC), audit_event(EventKind.INTAKE_EXPIRED)) == 0
    assert [each.event.details["intake"] for each in opened.store.events(events, 5)] == [over]
    assert len(blobs(opened)) == 1 + 2 * 2 + 1
    opened.intakes.complete(intake, EncounterId("e-1"), LATE, audit_event())
    assert opened.intakes.expire(LATE + LATER, audit_event(EventKind.INTAKE_EXPIRED)) == 1
    assert opened.store.verify_events() == events + 2


def test_what_is_wiped_is_gone(opened: OpenedStore, intake: str) -> None:
    opened.intakes.wipe(intake, audit_event(EventKind.INTAKE_WIPED))
    refused(ErrorCode.INTAKE_UNKNOWN, lambda: opened.intakes.images(intake))
    assert blobs(opened) == []


def test_an_erased_subject_takes_every_intake_of_it_or_like_it_along(opened: OpenedStore, intake: str) -> None:
    opened.store.enrol(random_encounter(1, "P-7"), audit_event())
    like = begun(opened, "i-2")
    opened.intakes.refuse(intake, [SubjectId("P-1")], LATE, audit_event())
    opened.store.erase(SubjectId("P-7"), audit_event())
    refused(ErrorCode.INTAKE_UNKNOWN, lambda: opened.intakes.intake(intake))
    refused(ErrorCode.INTAKE_UNKNOWN, lambda: opened.intakes.intake(like))
    opened.intakes.open(new_intake("i-3", replace(PERSON, subject=SubjectId("P-9"))), audit_event())
    opened.store.enrol(random_encounter(2, "P-8"), audit_event())
    opened.intakes.refuse("i-3", [SubjectId("P-8")], LATE, audit_event())
    opened.store.erase(SubjectId("P-8"), audit_event())
    assert blobs(opened) == []


def test_a_renewal_of_the_keys_a_backup_and_a_copy_take_it_along(
    opened: OpenedStore, intake: str, other_url: str, tmp_path: Path
) -> None:
    before, sealed = pictures(opened, intake), set(blobs(opened))
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert sealed.isdisjoint(blobs(opened))
    assert pictures(opened, intake) == before
    backup = tmp_path / "one.backup"
    create_backup(opened, backup, audit_event(EventKind.BACKUP_CREATED))
    restored_at = f"sqlite:///{tmp_path}/back.db"
    restore_backup(backup, restored_at, KeyFile(tmp_path / "master.key"), ChainedLog)
    target = open_database(other_url)
    list(copy_store(opened, target, audit_event(EventKind.STORE_MOVED)))
    target.close()
    for url in (restored_at, other_url):
        there = open_store(url, KeyFile(tmp_path / "master.key"), ChainedLog)
        assert (there.intakes.intake(intake).person, pictures(there, intake)) == (PERSON, before)
        there.close()


def test_a_capture_moved_to_another_place_does_not_open(opened: OpenedStore, intake: str) -> None:
    with opened.database.writing() as connection:
        connection.execute(text("UPDATE intake_captures SET place = 'left_thumb' WHERE place = 'right_thumb'"))
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.intakes.intake(intake))
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.intakes.images(intake))


@pytest.mark.parametrize("change", ["state = 'open'", "found = '[]'", "subject = 'P-8'", "galleries = '[]'"])
def test_how_an_intake_stands_is_not_changed_by_hand(opened: OpenedStore, intake: str, change: str) -> None:
    opened.intakes.refuse(intake, [SubjectId("P-1")], LATE, audit_event(EventKind.INTAKE_REFUSED))
    with opened.database.writing() as connection:
        connection.execute(text(f"UPDATE intakes SET {change}"))
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.intakes.intake(intake))
    refused(ErrorCode.RECORD_TAMPERED, opened.intakes.intakes)
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.intakes.complete(intake, EncounterId("e"), LATE, audit_event()))


def test_an_intake_into_a_gallery_that_is_not_there_is_refused(opened: OpenedStore) -> None:
    nowhere = replace(new_intake(), galleries=frozenset({GalleryId("nowhere")}))
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: opened.intakes.open(nowhere, audit_event()))
    assert opened.intakes.intakes() == []


@pytest.fixture
def named(opened: OpenedStore) -> OpenedStore:
    said: list[dict[str, Json]] = [
        {"name": "NUNEZ, Ana", "born": "1990-02-03"},
        {"firstName": "Ana", "lastName": "Núñez"},
        {"name": "Ana Nuno"},
        {"name": {"family": "Núñez", "given": "Ana"}, "date_of_birth": "1990-02-03"},
    ]
    for seed, biographic in enumerate(said):
        person = replace(
            random_encounter(seed, f"N-{seed}", f"of N-{seed}"), circumstances=Circumstances(biographic=biographic)
        )
        opened.store.enrol(person, audit_event())
    return opened


def test_namesakes_are_found_however_the_name_is_written(named: OpenedStore) -> None:
    found = named.intakes.namesakes(NAME, date(1990, 2, 3))
    births = {"N-0": True, "N-1": None, "N-3": True}
    assert list(found) == [Namesake(SubjectId(each), same_birth=same) for each, same in births.items()]
    assert named.intakes.namesakes(NAME, date(1991, 2, 3))[0].same_birth is False
    assert named.intakes.namesakes("Nobody", None) == []


def test_names_of_records_of_earlier_versions_are_written_anew(named: OpenedStore) -> None:
    present = list(named.intakes.namesakes(NAME, date(1990, 2, 3)))
    for seed in range(100, 300):
        named.store.enrol(random_encounter(seed, f"X-{seed}", "nameless"), audit_event())
    assert list(rewrite_names(named.database, named.keys)) == [0, 0]
    with named.database.writing() as connection:
        holder = find_holder(connection, named.keys, SubjectId("N-0"))
        first, *_, last = connection.scalars(select(PersonNameRow.encounter).order_by(PersonNameRow.encounter))
        stale = holder.key.seal(b'["Ana", ""]', name_binding(first, holder.number))
        connection.execute(update(PersonNameRow).where(PersonNameRow.encounter == first).values(sealed=stale))
        connection.execute(delete(PersonNameRow).where(PersonNameRow.encounter == last))
    assert {each.subject for each in named.intakes.namesakes(NAME, None)} == {"N-1"}
    assert list(rewrite_names(named.database, named.keys)) == [2, 0]
    assert list(named.intakes.namesakes(NAME, date(1990, 2, 3))) == present


def test_names_follow_merges_renewals_and_erasures(named: OpenedStore) -> None:
    named.encounters.merge(SubjectId("N-0"), SubjectId("N-2"), audit_event())
    list(renew(named, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert {each.subject for each in named.intakes.namesakes(NAME, None)} == {"N-2", "N-1", "N-3"}
    named.store.erase(SubjectId("N-2"), audit_event())
    assert {each.subject for each in named.intakes.namesakes(NAME, None)} == {"N-1", "N-3"}
