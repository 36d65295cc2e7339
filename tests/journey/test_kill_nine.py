"""A writer killed at any moment loses nothing that it acknowledged and leaves nothing half-written."""

import multiprocessing
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, TWO_THUMBS, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, ChangeNumber, ReferenceId, SubjectId

KILLS = int(os.environ.get("BIOMETRIC_TEST_KILLS", "24"))
KILLS_AT_BIRTH = 8
SAMPLES = len(TWO_THUMBS) + 1
ERASED = 0

Acknowledged = tuple[str, int]

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["biometric_service.references.opening", "benchmarks.throughput.random_encounters"])


@contextmanager
def opened(folder: Path) -> Iterator[OpenedStore]:
    store = open_store(f"sqlite:///{folder}/store.db", KeyFile(folder / "master.key"), ChainedLog)
    try:
        yield store
    finally:
        store.close()


def write_until_killed(folder: Path, run: int, acknowledged: Connection) -> None:
    """Enrol, add encounters and erase without end; say how many encounters a subject has once that is committed."""
    with opened(folder) as writer:
        store = writer.store
        if not store.galleries():
            store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        for turn in range(100_000):
            subject = f"{run}-{turn}"
            store.enrol(random_encounter(turn, subject), audit_event(subject=subject))
            acknowledged.send((subject, 1))
            store.add_encounter(random_encounter(turn, subject, "second"), audit_event(subject=subject))
            acknowledged.send((subject, 2))
            if turn % 3 == 0:
                store.erase(SubjectId(subject), audit_event(EventKind.SUBJECT_ERASED, subject))
                acknowledged.send((subject, ERASED))


def killed_writer(folder: Path, run: int, after: int, and_s: float) -> list[Acknowledged]:
    """What a writer acknowledged until it was killed: ``and_s`` seconds after so many acknowledgements."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    writer = PROCESSES.Process(target=write_until_killed, args=(folder, run, sending))
    writer.start()
    sending.close()
    heard: list[Acknowledged] = [receiving.recv() for _ in range(after)]
    time.sleep(and_s)
    writer.kill()
    writer.join()
    assert writer.exitcode == -9
    writer.close()
    return [*heard, *received(receiving)]


def received(receiving: Connection) -> Iterator[Acknowledged]:
    with receiving:
        try:
            while True:
                yield receiving.recv()
        except EOFError:
            return


def encounters_kept(store: OpenedStore, subject: str) -> int:
    try:
        return store.store.subject(SubjectId(subject)).encounters
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
            raise
        return ERASED


def check_nothing_lost(store: OpenedStore, acknowledged: list[Acknowledged]) -> None:
    """The last operation may have been committed and not yet acknowledged; every other is as it was said to be."""
    said = dict(acknowledged)
    in_flight = acknowledged[-1][0] if acknowledged else ""
    for subject, encounters in said.items():
        kept = encounters_kept(store, subject)
        assert kept == encounters or (subject == in_flight and kept == {1: 2, 2: ERASED}[encounters])


def check_nothing_halfway(store: OpenedStore, folder: Path) -> None:
    """Whole subjects, each change with its event, a feed that tells of just what is there, and a chain that holds."""
    listed = store.store.subjects(ALL_GALLERIES, None, 1_000_000)
    held: dict[ReferenceId, SubjectId] = {}
    for number, (change, told) in enumerate(store.store.changes(ChangeNumber(0)), 1):
        assert change == number
        held.update({reference.id: reference.subject for reference in told.added})
        for gone in told.removed:
            held.pop(gone, None)
    assert Counter(held.values()) == {one.subject: SAMPLES * one.encounters for one in listed}
    assert all(store.store.image(reference) for reference in list(held)[-2 * SAMPLES :])
    assert store.store.verify_events() == events_told_of(folder) + 1


def events_told_of(folder: Path) -> int:
    """Changes that have an event of their own, where each has one; there is one event more, of the gallery."""
    raw = sqlite3.connect(folder / "store.db")
    ((changes, events),) = raw.execute(
        "SELECT count(*), count(DISTINCT e.number) FROM changes c LEFT JOIN audit_events e ON e.number = c.event"
    )
    raw.close()
    assert changes == events
    return int(events)


@pytest.mark.timeout(900)
def test_kill_nine_at_any_moment_loses_nothing_and_leaves_nothing_halfway(tmp_path: Path) -> None:
    moments = random.Random(2026)
    with opened(tmp_path) as store:
        store.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    for run in range(KILLS):
        acknowledged = killed_writer(tmp_path, run, moments.randrange(12), moments.uniform(0, 0.04))
        with opened(tmp_path) as store:
            check_nothing_lost(store, acknowledged)
            check_nothing_halfway(store, tmp_path)
    check_a_changed_byte_is_found(tmp_path)


def check_a_changed_byte_is_found(folder: Path) -> None:
    raw = sqlite3.connect(folder / "store.db")
    with raw:
        raw.execute("UPDATE audit_events SET body = CAST(replace(body, 'desk 1', 'desk 2') AS BLOB) WHERE number = 7")
    raw.close()
    with opened(folder) as store, pytest.raises(BiometricServiceError, match="Event 7 of the audit log") as caught:
        store.store.verify_events()
    assert caught.value.code is ErrorCode.AUDIT_CHAIN_BROKEN


def test_kill_nine_while_the_store_is_being_made_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    moments = random.Random(2027)
    for run in range(KILLS_AT_BIRTH):
        folder = tmp_path / str(run)
        acknowledged = killed_writer(folder, run, 0, moments.uniform(0, 0.3))
        with opened(folder) as store:
            check_nothing_lost(store, acknowledged)
            assert store.store.verify_events() >= len(acknowledged)
