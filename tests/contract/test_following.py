"""What one process commits reaches the index of another, without anybody asking, in less than a second."""

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import pytest

from benchmarks.throughput.random_encounters import FACE_FORMAT, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.gallery.following import following
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.protocols import GalleryIndex
from biometric_service.vocabulary.references import Change, ChangeNumber, ReferenceId, SubjectId
from biometric_service.vocabulary.templates import TemplateFormat
from tests.contract.small_disk import drop_connections
from tests.stores import Opener
from tests.waiting import eventually

PROCESSES = multiprocessing.get_context("forkserver")
VISIBLE_S = 1.0
START = ChangeNumber(0)


@dataclass
class Held:
    """An index that holds no more than which references there are."""

    held: set[ReferenceId]
    applied: ChangeNumber = START
    format: TemplateFormat = FACE_FORMAT

    def __len__(self) -> int:
        return len(self.held)

    def expect(self, number: ChangeNumber) -> None:
        """Nothing: it is not searched."""

    def apply(self, number: ChangeNumber, change: Change) -> None:
        if number > self.applied:
            self.held = (self.held | {reference.id for reference in change.added}) - set(change.removed)
            self.applied = number


def index() -> Held:
    return Held(set())


def follow_in_another_process(url: str, key: Path, told: Connection) -> None:
    """Say when which change was applied, by the clock that nobody sets, until the other end is closed."""
    opened = open_store(url, KeyFile(key), ChainedLog)
    held = index()
    follower = GalleryFollower(opened.store, [as_index(held)])
    with following(follower.catch_up, opened.database.watch):
        told.send((time.monotonic(), 0, 0))
        last = ChangeNumber(0)
        while not told.poll(0.001):
            if held.applied > last:
                last = held.applied
                told.send((time.monotonic(), last, len(held)))
    opened.close()


def as_index(held: Held) -> GalleryIndex:
    """It is only fed, never searched."""
    return cast("GalleryIndex", held)


@pytest.fixture
def processes(store_url: str, opened: OpenedStore, tmp_path: Path) -> Iterator[list[Connection]]:
    """Two processes that follow the store."""
    assert opened.store.last_change() == 0
    with ExitStack() as stack:
        ends = [PROCESSES.Pipe() for _ in range(2)]
        for ours, theirs in ends:
            arguments = (store_url, tmp_path / "master.key", theirs)
            process = PROCESSES.Process(target=follow_in_another_process, args=arguments)
            process.start()
            stack.callback(process.join, 60)
            stack.callback(ours.send, "end")
        for ours, _ in ends:
            assert ours.poll(120)
            ours.recv()
        yield [ours for ours, _ in ends]


def test_every_process_follows_within_a_second(opened: OpenedStore, processes: list[Connection]) -> None:
    """As a rule: a machine that stands still for a moment tells nothing of how it follows."""
    took: list[float] = []

    def check(change: ChangeNumber, references: int) -> None:
        committed = time.monotonic()
        for process in processes:
            assert process.poll(60)
            at, applied, held = process.recv()
            assert (applied, held) == (change, references)
            took.append(at - committed)

    for seed, name in enumerate("ABC"):
        time.sleep(0.2)
        encounter = random_encounter(seed, name, f"of {name}")
        check(opened.store.enrol(encounter, audit_event()), 3 * (seed + 1))
    check(opened.encounters.merge(SubjectId("A"), SubjectId("C"), audit_event()), 9)
    check(opened.store.erase(SubjectId("B"), audit_event()), 6)
    assert statistics.median(took) < VISIBLE_S


def test_a_watch_that_breaks_is_set_up_again(opener: Opener, opened: OpenedStore) -> None:
    other, held = opener(), index()
    follower = GalleryFollower(other.store, [as_index(held)])
    with following(follower.catch_up, other.database.watch):
        opened.store.enrol(random_encounter(1, "A"), audit_event())
        eventually(lambda: len(held) == 3)
        if opened.database.engine.dialect.name == "postgresql":
            drop_connections(opened.database.engine.url)
        opened.store.enrol(random_encounter(2, "B"), audit_event())
        eventually(lambda: len(held) == 6)
    other.close()


def test_a_fault_of_the_store_is_survived(opened: OpenedStore, caplog: pytest.LogCaptureFixture) -> None:
    failures = iter([BiometricServiceError(ErrorCode.STORE_UNAVAILABLE, "Away.", "Wait.")])
    caught_up: list[int] = []

    def catch_up() -> None:
        for failure in failures:
            raise failure
        caught_up.append(1)

    with following(catch_up, opened.database.watch):
        eventually(lambda: bool(caught_up))
    assert "Away." in caplog.text
