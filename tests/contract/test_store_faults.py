"""A disk that is full or read-only and a server that restarts are told with a code, and got over without a restart."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.references import ALL_GALLERIES
from tests.contract.conftest import DATABASES, PostgresqlServer
from tests.contract.small_disk import fill, read_only, small_disk

KEY = KeyFromEnvironment("17" * 32)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk() as folder:
        yield folder


@pytest.fixture(params=DATABASES)
def opened(request: pytest.FixtureRequest, disk: Path) -> Iterator[OpenedStore]:
    """A store whose rows lie on the small disk."""
    url = f"sqlite:///{disk}/store.db"
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.new_database_in(disk)
    opened = open_store(url, KEY, ChainedLog, patience_s=2)
    opened.store.create_gallery(GALLERY, audit_event())
    yield opened
    opened.close()
    if request.param == "postgresql":
        server.drop_database_in()


def fault(act: Callable[[], object]) -> BiometricServiceError:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value


def enrol(opened: OpenedStore, seed: int) -> Callable[[], object]:
    return lambda: opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())


def test_a_full_disk_is_told_and_got_over_once_there_is_room(opened: OpenedStore, disk: Path) -> None:
    enrol(opened, 1)()
    ballast = disk / "ballast"
    fill(disk, ballast)
    full = fault(lambda: [enrol(opened, seed)() for seed in range(2, 60)])
    assert (full.code, full.message) == (ErrorCode.STORE_FULL, "The disk of the store is full.")
    kept = len(opened.store.subjects(ALL_GALLERIES, None, 99))
    assert opened.store.verify_events() == kept + 1
    ballast.unlink()
    enrol(opened, 99)()
    assert len(opened.store.subjects(ALL_GALLERIES, None, 99)) == kept + 1
    assert opened.store.verify_events() == kept + 2


def test_a_read_only_disk_is_told_and_got_over_once_it_is_writable(opened: OpenedStore, disk: Path) -> None:
    enrol(opened, 1)()
    with read_only(opened.database.engine, disk):
        refusal = fault(enrol(opened, 2))
        assert refusal.code is ErrorCode.STORE_READ_ONLY
        assert "rights" in refusal.action
    enrol(opened, 3)()
    assert [one.subject for one in opened.store.subjects(ALL_GALLERIES, None, 9)] == ["A-1", "A-3"]
    assert opened.store.verify_events() == 3


@pytest.mark.skipif("postgresql" not in DATABASES, reason="PostgreSQL is not installed")
def test_a_server_that_is_restarted_under_load_loses_nothing_that_was_acknowledged(
    postgresql_server: PostgresqlServer,
) -> None:
    opened = open_store(postgresql_server.new_database(), KEY, ChainedLog, patience_s=30)
    opened.store.create_gallery(GALLERY, audit_event())
    acknowledged: list[str] = []
    faults: list[BiometricServiceError] = []
    done = threading.Event()

    def write(worker: int) -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            name = f"{worker}-{turn}"
            try:
                opened.store.enrol(random_encounter(turn, name), audit_event())
                acknowledged.append(name)
            except BiometricServiceError as told:
                faults.append(told)

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for writer in writers:
        writer.start()

    def wait_for_more() -> None:
        before, until = len(acknowledged), time.monotonic() + 60
        while len(acknowledged) < before + len(writers) and time.monotonic() < until:
            time.sleep(0.05)

    for _ in range(2):
        wait_for_more()
        postgresql_server.control("restart")
    before = len(acknowledged)
    wait_for_more()
    done.set()
    for writer in writers:
        writer.join()
    assert len(acknowledged) > before
    assert faults
    assert {told.code for told in faults} <= {ErrorCode.STORE_UNAVAILABLE, ErrorCode.SUBJECT_EXISTS}
    kept = {one.subject for one in opened.store.subjects(ALL_GALLERIES, None, 100_000)}
    assert set(acknowledged) <= kept
    assert len(kept) - len(acknowledged) <= 2 * len(writers)
    assert opened.store.verify_events() == len(kept) + 1
    opened.close()
