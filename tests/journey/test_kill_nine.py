"""A writer killed while the store is being made leaves none or a whole one; what was written by hand is found."""

import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind

KILLS_AT_BIRTH = 8

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["biometric_service.references.opening", "benchmarks.throughput.random_encounters"])


@contextmanager
def opened(folder: Path) -> Iterator[OpenedStore]:
    store = open_store(f"sqlite:///{folder}/store.db", KeyFile(folder / "master.key"), ChainedLog)
    try:
        yield store
    finally:
        store.close()


def make_a_store(folder: Path, begun: Event) -> None:
    begun.set()
    with opened(folder) as writer:
        writer.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        writer.store.enrol(random_encounter(1, "A"), audit_event())


def test_kill_nine_while_the_store_is_being_made_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    moments = random.Random(2027)
    for run in range(KILLS_AT_BIRTH):
        folder, begun = tmp_path / str(run), PROCESSES.Event()
        writer = PROCESSES.Process(target=make_a_store, args=(folder, begun))
        writer.start()
        assert begun.wait(60)
        time.sleep(moments.uniform(0, 0.3))
        writer.kill()
        writer.join()
        with opened(folder) as store:
            galleries, changes = len(store.store.galleries()), store.store.last_change()
            assert changes <= galleries <= 1
            assert store.store.verify_events() == galleries + changes


def test_a_changed_byte_of_the_log_is_found(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        for seed in range(3):
            store.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    raw = sqlite3.connect(tmp_path / "store.db")
    with raw:
        raw.execute("UPDATE audit_events SET body = CAST(replace(body, 'desk 1', 'desk 2') AS BLOB) WHERE number = 3")
    raw.close()
    with opened(tmp_path) as store, pytest.raises(BiometricServiceError, match="Event 3 of the audit log") as caught:
        store.store.verify_events()
    assert caught.value.code is ErrorCode.AUDIT_CHAIN_BROKEN
