"""A renewal seals everything anew while the store is in use, goes on after a kill, and shuts out the old keys."""

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import LargeBinary, event, text

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.key_renewal import Progress, renew
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.models import Base
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.sealed_columns import SEALED_COLUMNS
from biometric_service.vocabulary.access import ApiKey, Device
from biometric_service.vocabulary.adjudication import Review, Verdict
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.intakes import Intake, IntakeCapture, IntakePerson, IntakeState, NewCapture
from biometric_service.vocabulary.outward import OutwardType, Subscription, Wanted
from biometric_service.vocabulary.references import ALL_GALLERIES, ChangeNumber, SubjectId
from biometric_service.vocabulary.tasks import Commission
from tests.adjudication import new_case
from tests.certificates import identity

PEOPLE = 6
MORE_PEOPLE = 20
"""Enough for a renewal to be killed long before it is done."""
PAUSE_S = 0.01
KILLS = 3
AT_MOST = 6
"""So many are sealed anew by a renewal that is to be killed, which then waits for it, however late it comes."""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["biometric_service.references.key_renewal"])

Opener = Callable[[], OpenedStore]


@pytest.fixture
def opener(store_url: str, tmp_path: Path) -> Opener:
    return lambda: opening(store_url, tmp_path)


def opening(url: str, folder: Path) -> OpenedStore:
    return open_store(url, KeyFile(folder / "master.key"), ChainedLog, patience_s=20)


@pytest.fixture
def opened(opener: Opener) -> Iterator[OpenedStore]:
    opened = opener()
    opened.store.create_gallery(GALLERY, audit_event())
    for seed in range(PEOPLE):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    yield opened
    opened.close()


def renewed(opened: OpenedStore) -> list[Progress]:
    return list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))


def images(opened: OpenedStore) -> Mapping[str, list[bytes]]:
    """Every image by subject, which opens everything there is."""
    everyone = opened.store.subjects(ALL_GALLERIES, None, 1000)
    return {
        one.subject: [opened.store.image(reference.id) for reference in opened.store.references(one.subject)]
        for one in everyone
    }


def blobs(opened: OpenedStore) -> set[bytes]:
    queries = ("SELECT wrapped FROM data_keys", "SELECT sealed FROM templates", "SELECT image FROM samples")
    with opened.database.reading() as connection:
        return {bytes(blob) for query in queries for blob in connection.scalars(text(query))}


def test_everything_is_sealed_anew_and_opens_as_before(opener: Opener, opened: OpenedStore) -> None:
    before, old = images(opened), blobs(opened)
    made = (ApiKey(name, "A", frozenset(), frozenset(), frozenset(), None, owner=name[1:]) for name in ("a", "b4711"))
    secrets = [opened.api_keys.create(each, audit_event()) for each in made]
    reached = renewed(opened)
    assert (reached[0], reached[-1]) == (Progress(0, PEOPLE), Progress(PEOPLE, PEOPLE))
    assert images(opened) == before
    assert old.isdisjoint(blobs(opened))
    again = opener()
    assert images(again) == before
    assert [getattr(again.api_keys.find(each), "owner", None) for each in secrets] == ["", "4711"]
    assert again.store.verify_events() == PEOPLE + 4
    assert [event.event.kind for event in again.store.events(PEOPLE + 3, 9)] == [EventKind.STORE_KEY_RENEWED]
    again.close()


def test_whoever_has_the_old_store_key_opens_nothing_new(opened: OpenedStore) -> None:
    old = KeyRing(opened.keys.master)
    with opened.database.reading() as connection:
        old.sync(connection)
    renewed(opened)
    rows = text("SELECT s.number, s.id, k.wrapped FROM subjects s JOIN data_keys k ON k.subject = s.number")
    with opened.database.reading() as connection:
        for number, subject, wrapped in connection.execute(rows).all():
            with pytest.raises(BiometricServiceError, match="record_tampered"):
                old.current.data_key(bytes(wrapped), number, SubjectId(subject))


def test_other_processes_go_on_through_a_renewal(opener: Opener, opened: OpenedStore) -> None:
    other, before = opener(), images(opened)
    steps = renew(opened, audit_event(EventKind.STORE_KEY_RENEWED))
    for step in range(3):
        next(steps)
        other.store.enrol(random_encounter(100 + step, f"B-{step}"), audit_event())
        other.store.add_encounter(random_encounter(200 + step, f"A-{step}", "second"), audit_event())
        assert len(list(other.store.changes(ChangeNumber(0), limit=2))) == PEOPLE + 2 * (step + 1)
    assert list(steps)[-1] == Progress(PEOPLE + 3, PEOPLE + 3)
    other.store.enrol(random_encounter(300, "late"), audit_event())
    assert other.store.verify_events() == opened.store.verify_events()
    after = images(other)
    assert all(after[subject][:3] == before[subject] for subject in before)
    assert len(after) == PEOPLE + 4
    other.close()


def test_a_reader_that_began_before_a_renewal_ended_leaves_the_new_key_in_force(
    opener: Opener, opened: OpenedStore
) -> None:
    other, steps = opener(), renew(opened, audit_event(EventKind.STORE_KEY_RENEWED))
    old = opened.keys.current
    with other.database.readers.begin() as late:
        late.execute(text("SELECT * FROM store")).all()  # its state of the store stands from now on
        while opened.keys.current is old:
            next(steps)
        other.store.enrol(random_encounter(100, "B-1"), audit_event())
        other.keys.sync(late)
        assert other.keys.current.id == opened.keys.current.id != old.id
        other.store.enrol(random_encounter(101, "B-2"), audit_event())
    assert list(steps) == []
    assert other.store.verify_events() == opened.store.verify_events()
    other.close()


READS: dict[str, Callable[[OpenedStore], object]] = {
    "api_keys": lambda opened: opened.api_keys.keys(),
    "devices": lambda opened: opened.devices.devices(),
    "cases": lambda opened: opened.cases.probe("case"),
    "reviews": lambda opened: opened.cases.case("case").reviews,
    "intakes": lambda opened: opened.intakes.intake("intake"),
    "intake_captures": lambda opened: opened.intakes.images("intake"),
}
"""What opens something of a table, by its name."""


def furnish(opened: OpenedStore) -> None:
    """Something in every table of ``READS``."""
    far = datetime.now(UTC) + timedelta(days=1)
    opened.api_keys.create(ApiKey("a", "A", frozenset(), frozenset(), frozenset(), None), audit_event())
    certificate = identity("gate").certificate.public_bytes(Encoding.DER)
    gate = Device("gate", "Gate", frozenset(), frozenset(), frozenset(), None, certificate=certificate)
    opened.devices.register(gate, audit_event())
    opened.cases.open(replace(new_case("A-1", GALLERY), id="case"), audit_event())
    reviewed = replace(audit_event(), caller=Caller("reviewer", "testing"))
    opened.cases.review("case", Review("reviewer", far, Verdict.SAME_PERSON, "a scar"), reviewed, lambda _: None)
    person = IntakePerson(SubjectId("P-7"), "Ana Núñez", None, "from court", "s. 12", None)
    taken = IntakeCapture("right_thumb", far, 41.0, "ab" * 32, 500.0, "gate")
    intake = Intake("intake", IntakeState.OPEN, frozenset({GALLERY}), "officer", far, far, person)
    opened.intakes.open(intake, audit_event())
    opened.intakes.keep("intake", [NewCapture(taken, b"picture", None)], far, audit_event())


@pytest.mark.parametrize("table", READS)
def test_what_is_read_in_the_moment_that_a_renewal_ends_opens_all_the_same(opened: OpenedStore, table: str) -> None:
    furnish(opened)
    before, old, ended = READS[table](opened), opened.keys.current, list[str]()
    steps = renew(opened, audit_event(EventKind.STORE_KEY_RENEWED))

    def end() -> None:
        while opened.keys.current is old:
            next(steps)

    def read(*run: Any) -> None:  # noqa: ANN401 - connection, cursor, statement and three more
        if table in run[2] and current_thread() is main_thread() and not ended:
            ended.append(table)
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(end).result()

    event.listen(opened.database.readers, "after_cursor_execute", read)
    assert READS[table](opened) == before
    assert ended == [table]
    event.remove(opened.database.readers, "after_cursor_execute", read)
    list(steps)
    assert READS[table](opened) == before


def test_what_is_written_in_the_moment_that_a_renewal_ends_is_under_the_new_key(
    opener: Opener, opened: OpenedStore
) -> None:
    other, now = opener(), datetime.now(UTC)

    def written(change: Callable[[], object]) -> None:
        """Once it was asked for, and before it is written."""

        event.listen(opened.database.engine, "checkout", lambda *_: renewed(other), once=True)
        change()

    written(lambda: opened.tasks.add(Commission("task", "caller", 4, (), b"asked", b"reply", now), 9, 9))
    work = opened.tasks.claim_work(now, now + timedelta(hours=1))
    assert work
    assert work.request == b"asked"
    written(lambda: opened.tasks.finish(work, b"done", now, failed=False))
    sent = opened.tasks.claim_delivery(now, now + timedelta(hours=1))
    assert sent
    assert (sent.reply, sent.result) == (b"reply", b"done")
    wanted = Wanted(frozenset({OutwardType.BLOCKED}), frozenset({ALL_GALLERIES}))
    told = Subscription("s-1", "Gates", "https://gates.example", wanted, "gates", "desk")
    written(lambda: opened.subscriptions.create(told, audit_event()))
    renewed(opened)
    assert opened.subscriptions.named("s-1") == told
    other.close()


def test_a_renewal_can_follow_a_renewal_and_a_new_master_key(
    opened: OpenedStore, store_url: str, tmp_path: Path
) -> None:
    before = images(opened)
    renewed(opened)
    renewed(opened)
    steps = renew(opened, audit_event(EventKind.STORE_KEY_RENEWED))
    next(steps)
    new = KeyFile(tmp_path / "new.key")
    opened.rotate_master_key(new, audit_event())
    again = open_store(store_url, new, ChainedLog)
    renewed(again)
    renewed(again)
    assert images(again) == before
    again.close()
    with pytest.raises(BiometricServiceError) as caught:
        opened.store.last_change()
    assert caught.value.code is ErrorCode.KEY_WRONG


def renew_until_killed(url: str, folder: Path, told: Connection) -> None:
    """Tell of every subject that is sealed anew."""
    for number, progress in enumerate(renew(opening(url, folder), audit_event(EventKind.STORE_KEY_RENEWED))):
        told.send(progress.done)
        time.sleep(PAUSE_S if number < AT_MOST else 600)


def test_every_blob_of_the_tables_is_among_those_sealed_anew() -> None:
    sealed = {f"{column.blob.class_.__tablename__}.{column.blob.key}" for column in SEALED_COLUMNS}
    tables = [Base.metadata.tables[name] for name in ("samples", "templates", "encounters", "person_names")]
    blobs = {f"{table.name}.{c.name}" for table in tables for c in table.columns if isinstance(c.type, LargeBinary)}
    assert sealed == blobs


def test_a_renewal_that_is_killed_at_any_moment_loses_nothing_and_is_gone_on_with(
    opener: Opener, opened: OpenedStore, store_url: str, tmp_path: Path
) -> None:
    for seed in range(PEOPLE, MORE_PEOPLE):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    before, oldest, moments, mixed = images(opened), blobs(opened), random.Random(2026), 0
    for _ in range(KILLS):
        old = blobs(opened)
        kill_after_progress(store_url, tmp_path, moments.uniform(0, 5 * PAUSE_S))
        mixed += old != blobs(opened) and not old.isdisjoint(blobs(opened))
        again = opener()
        assert images(again) == before
        again.store.verify_events()
        again.close()
    assert mixed >= KILLS - 1
    assert renewed(opened)[-1] == Progress(MORE_PEOPLE, MORE_PEOPLE)
    assert oldest.isdisjoint(blobs(opened))
    assert images(opened) == before


def kill_after_progress(url: str, folder: Path, seconds: float) -> None:
    """Kill a renewal so long after it sealed its first subject anew."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    renewer = PROCESSES.Process(target=renew_until_killed, args=(url, folder, sending))
    renewer.start()
    sending.close()
    first = receiving.recv()
    while receiving.recv() == first:
        pass
    time.sleep(seconds)
    renewer.kill()
    renewer.join()
