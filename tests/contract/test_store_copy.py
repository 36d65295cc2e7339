"""A store that is in use is moved to the other database and back: nothing is lost, nobody writes into the old one."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_database, open_store
from biometric_service.references.store_copy import Step, copy_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, ChangeNumber, SubjectId

KEY = KeyFromEnvironment("17" * 32)
PEOPLE = 5


@pytest.fixture
def opened(store_url: str) -> Iterator[OpenedStore]:
    opened = open_store(store_url, KEY, ChainedLog, patience_s=20)
    opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    for seed in range(PEOPLE):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    yield opened
    opened.close()


def copied(opened: OpenedStore, url: str) -> list[Step]:
    target = open_database(url)
    try:
        return list(copy_store(opened, target, audit_event(EventKind.STORE_MOVED)))
    finally:
        target.close()


def people(opened: OpenedStore) -> set[str]:
    return {one.subject for one in opened.store.subjects(ALL_GALLERIES, None, 10_000)}


def refused(act: Callable[[], object]) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value.code


def test_a_store_in_use_moves_with_all_that_was_acknowledged(opened: OpenedStore, other_url: str) -> None:
    acknowledged: set[str] = set()
    stopped: list[ErrorCode] = []

    def write() -> None:
        for turn in range(10_000):
            try:
                opened.store.enrol(random_encounter(turn, f"B-{turn}"), audit_event())
                acknowledged.add(f"B-{turn}")
                if turn % 3 == 0:
                    opened.store.erase(SubjectId(f"B-{turn}"), audit_event())
                    acknowledged.remove(f"B-{turn}")
            except BiometricServiceError as fault:
                stopped.append(fault.code)
                return

    writer = threading.Thread(target=write)
    writer.start()
    steps = copied(opened, other_url)
    writer.join()
    assert stopped == [ErrorCode.STORE_UNAVAILABLE]
    assert [step.what for step in steps][-3:] == ["compared", "closed the old store", "opened the new store"]
    moved = open_store(other_url, KEY, ChainedLog)
    assert acknowledged | {f"A-{seed}" for seed in range(PEOPLE)} == people(moved)
    assert all(change.added is not None for _, change in moved.store.changes(ChangeNumber(0)))
    last = moved.store.events(moved.store.verify_events() - 1, 1)[0]
    assert last.event.kind is EventKind.STORE_MOVED
    moved.store.erase(SubjectId("A-1"), audit_event())
    moved.close()


def test_a_store_moves_there_and_back(opened: OpenedStore, other_url: str, tmp_path: Path) -> None:
    copied(opened, other_url)
    moved = open_store(other_url, KEY, ChainedLog)
    back_url = f"sqlite:///{tmp_path}/back/store.db"
    copied(moved, back_url)
    back = open_store(back_url, KEY, ChainedLog)
    assert people(back) == {f"A-{seed}" for seed in range(PEOPLE)}
    assert back.store.verify_events() == PEOPLE + 3
    back.close()
    assert refused(moved.store.last_change) is ErrorCode.STORE_UNAVAILABLE
    moved.close()


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_copy_that_was_cut_off_goes_on_and_is_no_store_until_then(
    opened: OpenedStore, other_url: str, after: int
) -> None:
    target = open_database(other_url)
    steps = copy_store(opened, target, audit_event(EventKind.STORE_MOVED))
    for _ in range(after):
        next(steps)
    steps.close()
    target.close()
    assert refused(lambda: open_store(other_url, KEY, ChainedLog)) is ErrorCode.STORE_UNAVAILABLE
    opened.store.enrol(random_encounter(77, "meanwhile"), audit_event())
    copied(opened, other_url)
    moved = open_store(other_url, KEY, ChainedLog)
    assert "meanwhile" in people(moved)
    moved.close()


def test_a_copy_that_was_cut_off_after_the_old_store_was_closed_is_finished(
    opened: OpenedStore, other_url: str, store_url: str
) -> None:
    target = open_database(other_url)
    steps = copy_store(opened, target, audit_event(EventKind.STORE_MOVED))
    while next(steps).what != "closed the old store":
        pass
    steps.close()
    target.close()
    assert refused(lambda: open_store(store_url, KEY, ChainedLog)) is ErrorCode.STORE_UNAVAILABLE
    closed = open_store(store_url, KEY, ChainedLog, even_moved=True)
    assert [step.what for step in copied(closed, other_url)] == ["opened the new store"]
    closed.close()
    moved = open_store(other_url, KEY, ChainedLog)
    assert len(people(moved)) == PEOPLE
    moved.close()


def test_a_store_is_never_copied_over_another(opened: OpenedStore, other_url: str) -> None:
    other = open_store(other_url, KEY, ChainedLog)
    assert refused(lambda: copied(opened, other_url)) is ErrorCode.REQUEST_INVALID
    other.close()
    opened.store.enrol(random_encounter(77, "still"), audit_event())
