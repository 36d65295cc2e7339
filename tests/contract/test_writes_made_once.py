"""A write under an idempotency key is made once, its answer kept; one enrolment at a time, on every database."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from benchmarks.throughput.random_encounters import audit_event, random_encounter
from biometric_service.errors import ErrorCode
from biometric_service.references.idempotency import KEPT, SqlAnswerStore
from biometric_service.references.key_renewal import renew
from biometric_service.references.models import IdempotencyKeyRow
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import EncounterId, EncounterKey, EncounterStatus, Guard, Once, SubjectId
from tests.stores import Opener, refused

ONCE = Once("gate", "k-1", b"\x01" * 32)
OTHER = replace(ONCE, request=b"\x02" * 32)


@pytest.fixture
def other(opener: Opener) -> Iterator[OpenedStore]:
    other = opener()
    yield other
    other.close()


def test_a_write_made_again_changes_nothing_and_says_what_it_did(opened: OpenedStore) -> None:
    guard = Guard(once=ONCE)
    assert opened.store.enrol(random_encounter(1, "A"), audit_event(), guard) == 1
    before = opened.store.verify_events()
    assert opened.store.enrol(random_encounter(1, "A"), audit_event(), guard) == 1
    assert opened.answers.change_made(ONCE) == 1
    assert (opened.store.last_change(), opened.store.verify_events()) == (1, before)
    key, status = EncounterKey(SubjectId("A"), EncounterId("first")), Guard(1, replace(ONCE, key="k-2"))
    for _ in range(2):
        assert opened.encounters.set_status(key, EncounterStatus.RELEASED, audit_event(), status) == 2


def test_a_key_is_good_for_one_request(opened: OpenedStore) -> None:
    opened.store.enrol(random_encounter(1, "A"), audit_event(), Guard(once=ONCE))
    refused(
        ErrorCode.IDEMPOTENCY_KEY_REUSED,
        lambda: opened.store.enrol(random_encounter(2, "B"), audit_event(), Guard(once=OTHER)),
    )
    refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, lambda: opened.answers.begin(OTHER))
    assert opened.store.last_change() == 1
    theirs = replace(OTHER, actor="desk")
    assert opened.store.enrol(random_encounter(2, "B"), audit_event(), Guard(once=theirs)) == 2


def test_a_refused_write_leaves_its_key_free(opened: OpenedStore) -> None:
    opened.store.enrol(random_encounter(1, "A"), audit_event())
    refused(
        ErrorCode.SUBJECT_EXISTS, lambda: opened.store.enrol(random_encounter(1, "A"), audit_event(), Guard(once=ONCE))
    )
    assert opened.store.enrol(random_encounter(2, "B"), audit_event(), Guard(once=OTHER)) == 2


def test_an_answer_is_given_again_and_one_at_a_time_works_on_it(opened: OpenedStore, other: OpenedStore) -> None:
    assert opened.answers.begin(ONCE) is None
    refused(ErrorCode.IDEMPOTENCY_KEY_IN_USE, lambda: other.answers.begin(ONCE))
    opened.answers.finish(ONCE, b"kept")
    assert (other.answers.begin(ONCE), opened.answers.begin(ONCE)) == (b"kept", b"kept")


def test_what_was_given_up_may_be_done_by_the_next(opened: OpenedStore) -> None:
    assert opened.answers.begin(ONCE) is None
    opened.answers.give_up(ONCE)
    assert opened.answers.begin(OTHER) is None


def test_whoever_died_over_a_request_is_followed_by_the_next(opened: OpenedStore) -> None:
    assert opened.answers.begin(ONCE) is None
    opened.store.enrol(random_encounter(1, "A"), audit_event(), Guard(once=ONCE))
    impatient = SqlAnswerStore(opened.database, opened.answers._keys, given_up=-timedelta(hours=1))
    assert impatient.begin(ONCE) is None
    assert impatient.change_made(ONCE) == 1


def test_an_answer_goes_with_whoever_it_names_and_the_write_stays_done(opened: OpenedStore) -> None:
    for seed, name in enumerate(("A", "B", "C")):
        opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())
    of_a, of_c = ONCE, replace(ONCE, key="k-2")
    for once, names in ((of_a, ["nobody", "A", "\0"]), (of_c, ["C"])):
        opened.answers.begin(once)
        opened.answers.finish(once, b"kept", names)
    opened.encounters.merge(SubjectId("A"), SubjectId("B"), audit_event())
    assert opened.answers.begin(of_a) == b"kept"
    opened.store.erase(SubjectId("B"), audit_event())
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.answers.begin(of_a))
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.answers.begin(of_a))
    assert opened.answers.begin(of_c) == b"kept"
    with opened.database.reading() as connection:
        rows = connection.execute(select(IdempotencyKeyRow.answer, IdempotencyKeyRow.about)).all()
    assert sorted(row.about or [] for row in rows) == [[], ["C"]]
    assert b"" in {row.answer for row in rows}


def test_a_key_is_forgotten_after_a_day(opened: OpenedStore) -> None:
    opened.answers.begin(ONCE)
    opened.answers.finish(ONCE, b"kept")
    for age, answer in ((KEPT - timedelta(minutes=1), b"kept"), (KEPT + timedelta(minutes=1), None)):
        with opened.database.writing() as connection:
            connection.execute(update(IdempotencyKeyRow).values(at=datetime.now(UTC) - age))
        assert opened.answers.begin(ONCE) == answer


def test_of_many_that_ask_at_once_one_writes(opened: OpenedStore, other: OpenedStore) -> None:
    def enrol(store: OpenedStore) -> int:
        return store.store.enrol(random_encounter(1, "A"), audit_event(), Guard(once=ONCE))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(enrol, [opened, other] * 4)) == [1] * 8


def test_one_enrols_at_a_time_in_every_thread_and_process(opened: OpenedStore, other: OpenedStore) -> None:
    inside: list[int] = []
    most: list[int] = []

    def enrol(store: OpenedStore) -> None:
        with store.store.enrolling():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enrol, [opened, other] * 6))
    assert most == [1] * 12


def test_who_waits_too_long_to_enrol_is_told_so(opener: Opener, opened: OpenedStore) -> None:
    impatient = opener()
    turn = replace(impatient.database.enrolment, patience_s=0.05)
    entered, done = threading.Event(), threading.Event()

    def hold() -> None:
        with opened.store.enrolling():
            entered.set()
            done.wait(60)

    def enrol() -> None:
        with turn.held():
            pytest.fail("two enrol at once")

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(60)
    refused(ErrorCode.STORE_BUSY, enrol)
    done.set()
    holder.join()
    with turn.held():
        pass
    impatient.close()


def test_a_fault_within_an_enrolment_lets_go_of_the_turn_and_stays_what_it_is(opened: OpenedStore) -> None:
    def fail() -> None:
        with opened.store.enrolling():
            raise ValueError("of the use case")

    with pytest.raises(ValueError, match="of the use case"):
        fail()
    with opened.store.enrolling():
        assert opened.store.last_change() == 0
