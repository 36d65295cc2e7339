"""What every reference store must do, on every database that there is."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from benchmarks.throughput.random_encounters import (
    GALLERY,
    NOW,
    audit_event,
    enrolled_sample,
    random_encounter,
    random_minutiae,
)
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile, KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.access import ApiKey, Device, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    CaptureException,
    Change,
    ChangeNumber,
    ExceptionKind,
    GalleryId,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition
from tests.stores import Opener, refused, replay, templates_equal


def test_what_was_enrolled_comes_back_exactly_after_reopening(opener: Opener, opened: OpenedStore) -> None:
    given = replace(
        random_encounter(1, "A-1"), exceptions=(CaptureException(FingerPosition.LEFT_THUMB, ExceptionKind.BANDAGED),)
    )
    assert opened.store.enrol(given, audit_event()) == 1
    again = opener()
    references = again.store.references(SubjectId("A-1"))
    assert [r.subject for r in references] == ["A-1"] * 3
    assert all(r.galleries == {GALLERY} for r in references)
    assert all(templates_equal(r.template, s.templates[0]) for r, s in zip(references, given.samples, strict=True))
    assert [again.store.image(r.id) for r in references] == [s.image for s in given.samples]
    again.close()


def test_a_summary_counts_encounters_and_joins_their_galleries(opened: OpenedStore) -> None:
    opened.store.create_gallery(GalleryId("block b"), audit_event(EventKind.GALLERY_CREATED))
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    opened.store.add_encounter(random_encounter(2, "A-1", "second", galleries=[GalleryId("block b")]), audit_event())
    summary = opened.store.subject(SubjectId("A-1"))
    assert (len(summary.encounters), summary.galleries, summary.enrolled_at) == (
        2,
        frozenset({GALLERY, GalleryId("block b")}),
        NOW,
    )
    assert len(opened.store.references(SubjectId("A-1"))) == 6
    assert opened.store.galleries() == ["block b", "yard"]


def test_subjects_are_listed_by_id_in_pages(opened: OpenedStore) -> None:
    opened.store.create_gallery(GalleryId("block b"), audit_event(EventKind.GALLERY_CREATED))
    for number, name in enumerate(["b", "a", "C", "d"]):
        opened.store.enrol(random_encounter(number, name, galleries=[GALLERY] if name != "d" else []), audit_event())
    first = opened.store.subjects(GALLERY, None, 2)
    rest = opened.store.subjects(GALLERY, first[-1].subject, 2)
    assert [s.subject for s in (*first, *rest)] == ["C", "a", "b"]
    assert [s.subject for s in opened.store.subjects(ALL_GALLERIES, None, 9)] == ["C", "a", "b", "d"]
    assert opened.store.subjects(GalleryId("block b"), None, 9) == []


def test_unknown_and_taken_names_are_refused_and_leave_nothing(opened: OpenedStore) -> None:
    store = opened.store
    store.enrol(random_encounter(1, "A-1"), audit_event())
    before = (store.last_change(), store.verify_events())
    refused(ErrorCode.SUBJECT_EXISTS, lambda: store.enrol(random_encounter(1, "A-1"), audit_event()))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: store.add_encounter(random_encounter(1, "A-2"), audit_event()))
    refused(ErrorCode.ENCOUNTER_EXISTS, lambda: store.add_encounter(random_encounter(1, "A-1"), audit_event()))
    refused(
        ErrorCode.GALLERY_UNKNOWN,
        lambda: store.enrol(random_encounter(1, "A-3", galleries=[GalleryId("x")]), audit_event()),
    )
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: store.subjects(GalleryId("x"), None, 9))
    refused(ErrorCode.GALLERY_EXISTS, lambda: store.create_gallery(GALLERY, audit_event()))
    refused(ErrorCode.REQUEST_INVALID, lambda: store.create_gallery(ALL_GALLERIES, audit_event()))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: store.subject(SubjectId("A-3")))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: store.references(SubjectId("A-3")))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: store.erase(SubjectId("A-3"), audit_event()))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: store.image(ReferenceId(99)))
    assert (store.last_change(), store.verify_events()) == before


@pytest.mark.parametrize("name", ["", " a", "a\n", "x" * 256, "a\x00b"])
def test_ids_that_are_none_are_refused(opened: OpenedStore, name: str) -> None:
    refused(ErrorCode.REQUEST_INVALID, lambda: opened.store.enrol(random_encounter(1, name), audit_event()))
    refused(ErrorCode.REQUEST_INVALID, lambda: opened.store.enrol(random_encounter(1, "A", name), audit_event()))
    refused(ErrorCode.REQUEST_INVALID, lambda: opened.store.create_gallery(GalleryId(name), audit_event()))


def test_a_template_out_of_range_is_refused_and_leaves_nothing(opened: OpenedStore) -> None:
    good = random_encounter(1, "A-1")
    bad = random_minutiae(np.random.default_rng(1), FingerPosition.RIGHT_INDEX)
    bad.qualities[7] = 2
    wrong = replace(good, samples=(*good.samples, enrolled_sample(bad, b"image")))
    refused(ErrorCode.TEMPLATE_INVALID, lambda: opened.store.enrol(wrong, audit_event()))
    assert opened.store.subjects(ALL_GALLERIES, None, 9) == []
    assert opened.store.enrol(good, audit_event()) == 1


def test_changes_come_in_order_from_any_point_in_reads_of_any_size(opened: OpenedStore) -> None:
    for number in range(7):
        opened.store.enrol(random_encounter(number, f"A-{number}"), audit_event())
    for size in (1, 3, 1000):
        feed = list(opened.store.changes(ChangeNumber(2), size))
        assert [number for number, _ in feed] == [3, 4, 5, 6, 7]
        assert [change.added[0].subject for _, change in feed] == [f"A-{number}" for number in range(2, 7)]
    assert opened.store.last_change() == 7
    assert list(opened.store.changes(ChangeNumber(7))) == []


def test_an_erasure_removes_the_subject_everywhere_and_the_feed_tells_of_it(opened: OpenedStore) -> None:
    store = opened.store
    store.enrol(random_encounter(1, "A-1"), audit_event())
    store.enrol(random_encounter(2, "A-2"), audit_event())
    early = replay(store.changes(ChangeNumber(0)))
    gone = {r.id for r in store.references(SubjectId("A-1"))}
    change = store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    (told,) = list(store.changes(ChangeNumber(change - 1)))
    assert (told[0], set(told[1].removed), told[1].added) == (3, gone, ())
    assert {r.subject for r in replay(store.changes(ChangeNumber(0))).values()} == {"A-2"}
    assert set(early) - gone == set(replay(store.changes(ChangeNumber(0))))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: store.subject(SubjectId("A-1")))
    assert store.verify_events() == 4


def test_a_feed_that_is_being_read_while_a_subject_is_erased_tells_of_the_removal(opened: OpenedStore) -> None:
    for number in range(4):
        opened.store.enrol(random_encounter(number, f"A-{number}"), audit_event())
    feed = opened.store.changes(ChangeNumber(0), limit=1)
    begun = [next(feed)]
    opened.store.erase(SubjectId("A-0"), audit_event())
    opened.store.erase(SubjectId("A-3"), audit_event())
    assert {r.subject for r in replay(iter([*begun, *feed])).values()} == {"A-1", "A-2"}


def test_an_erased_id_can_be_enrolled_again_under_new_references(opened: OpenedStore) -> None:
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    first = {r.id for r in opened.store.references(SubjectId("A-1"))}
    opened.store.erase(SubjectId("A-1"), audit_event())
    opened.store.enrol(random_encounter(2, "A-1"), audit_event())
    assert first.isdisjoint(r.id for r in opened.store.references(SubjectId("A-1")))


def test_an_encounter_without_samples_is_kept(opened: OpenedStore) -> None:
    bare = replace(random_encounter(1, "A-1"), samples=())
    opened.store.enrol(bare, audit_event())
    assert list(opened.store.changes(ChangeNumber(0))) == [(1, Change())]
    assert opened.store.erase(SubjectId("A-1"), audit_event()) == 2


def test_events_are_numbered_and_come_back_as_given(opened: OpenedStore) -> None:
    given = replace(audit_event(EventKind.IDENTIFICATION, "Ä-1"), details={"outcome": "match"}, evidence=("cd" * 32,))
    number = opened.store.record(given)
    (kept,) = opened.store.events(number - 1, 10)
    assert (kept.number, kept.event) == (2, given)
    assert kept.previous == opened.store.events(0, 1)[0].digest
    assert opened.store.verify_events() == 2


def test_writers_in_threads_lose_nothing_and_readers_see_whole_changes(opener: Opener, opened: OpenedStore) -> None:
    other = opener()
    done = threading.Event()

    def write(worker: int) -> None:
        store = (opened if worker % 2 else other).store
        for turn in range(6):
            store.enrol(random_encounter(10 * worker + turn, f"{worker}-{turn}"), audit_event())

    def read(_: int) -> None:
        while not done.is_set():
            feed = list(opened.store.changes(ChangeNumber(0), limit=5))
            assert [number for number, _ in feed] == list(range(1, len(feed) + 1))
            assert all(len(change.added) == 3 for _, change in feed)

    with ThreadPoolExecutor(10) as pool:
        readers = [pool.submit(read, number) for number in range(4)]
        writers = [pool.submit(write, number) for number in range(6)]
        for writer in writers:
            writer.result()
        done.set()
        for reader in readers:
            reader.result()
    assert opened.store.last_change() == 36
    assert opened.store.verify_events() == 37
    other.close()


def test_of_two_that_enrol_the_same_id_one_wins(opener: Opener, opened: OpenedStore) -> None:
    other = opener()
    codes: list[ErrorCode] = []

    def enrol(store: OpenedStore) -> None:
        try:
            store.store.enrol(random_encounter(1, "A-1"), audit_event())
        except BiometricServiceError as fault:
            codes.append(fault.code)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enrol, [opened, other] * 4))
    assert codes == [ErrorCode.SUBJECT_EXISTS] * 7
    assert len(opened.store.subject(SubjectId("A-1")).encounters) == 1
    other.close()


def test_a_wrong_master_key_is_refused_before_anything_is_written(
    opener: Opener, opened: OpenedStore, store_url: str
) -> None:
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    refused(ErrorCode.KEY_WRONG, lambda: open_store(store_url, KeyFromEnvironment("00" * 32), ChainedLog))
    again = opener()
    assert again.store.verify_events() == 2
    again.close()


def test_a_new_master_key_takes_over_while_the_store_is_in_use(
    opener: Opener, opened: OpenedStore, store_url: str, tmp_path: Path
) -> None:
    new = KeyFile(tmp_path / "new.key")
    other = opener()
    other.store.enrol(random_encounter(1, "A-1"), audit_event())
    opened.rotate_master_key(new, audit_event())
    other.store.enrol(random_encounter(2, "A-2"), audit_event())
    assert len(opened.store.references(SubjectId("A-2"))) == 3
    refused(ErrorCode.KEY_WRONG, opener)
    refused(ErrorCode.KEY_WRONG, lambda: opened.rotate_master_key(new, audit_event()))
    again = open_store(store_url, new, ChainedLog)
    assert [len(change.added) for _, change in again.store.changes(ChangeNumber(0))] == [3, 3]
    assert again.store.verify_events() == 4
    again.close()
    other.close()


def api_key(name: str = "gate", expires_at: datetime | None = None) -> ApiKey:
    return ApiKey(name, "Main gate", frozenset({Scope.MOVEMENT}), frozenset({GALLERY}), frozenset({"*"}), expires_at)


def test_an_api_key_is_found_by_its_secret_alone(opened: OpenedStore) -> None:
    keys, key = opened.api_keys, api_key(expires_at=datetime.now(UTC) + timedelta(hours=1))
    secret = keys.create(key, audit_event(EventKind.API_KEY_CREATED))
    assert secret.startswith("gate.")
    assert keys.find(secret) == key
    for wrong in ("", "gate", "gate.", secret[:-1], secret + "x", "x" + secret, "gate." + "A" * 43, "\ud800.\ud800"):
        assert keys.find(wrong) is None
    assert keys.keys() == [key]
    refused(ErrorCode.STORE_CONFLICT, lambda: keys.create(key, audit_event()))
    assert opened.store.verify_events() == 2


def test_a_key_has_the_owner_that_it_was_made_with(opened: OpenedStore) -> None:
    owned = replace(api_key(), owner="4711")
    secret = opened.api_keys.create(owned, audit_event(EventKind.API_KEY_CREATED))
    assert opened.api_keys.find(secret) == owned
    assert opened.api_keys.keys() == [owned]
    for owner in ("two words", " 4711", "47\n11", "4" * 256):
        wrong = replace(api_key("other"), owner=owner)
        refused(ErrorCode.REQUEST_INVALID, partial(opened.api_keys.create, wrong, audit_event()))


def test_a_revoked_or_expired_api_key_ends(opened: OpenedStore) -> None:
    keys = opened.api_keys
    late = keys.create(api_key("late", datetime.now(UTC) - timedelta(hours=1)), audit_event())
    secret = keys.create(api_key(), audit_event())
    keys.revoke("gate", audit_event(EventKind.API_KEY_REVOKED))
    assert (keys.find(late), keys.find(secret), keys.keys()) == (None, None, [])
    refused(ErrorCode.REQUEST_INVALID, lambda: keys.revoke("gate", audit_event()))
    refused(ErrorCode.REQUEST_INVALID, lambda: keys.revoke("none", audit_event()))
    assert opened.store.verify_events() == 4


def device(name: str = "gate-3", certificate: bytes = b"certificate", expires_at: datetime | None = None) -> Device:
    fingerprint = hashlib.sha256(certificate).hexdigest()
    rights = frozenset({Scope.MOVEMENT}), frozenset({GALLERY}), frozenset({"movement"})
    return Device(name, "Gate 3", *rights, expires_at, certificate, fingerprint)


def test_a_device_is_found_by_its_certificate_and_by_its_name(opened: OpenedStore) -> None:
    devices, gate = opened.devices, device(expires_at=datetime.now(UTC) + timedelta(hours=1))
    devices.register(gate, audit_event(EventKind.DEVICE_REGISTERED))
    assert (devices.find(gate.fingerprint), devices.named("gate-3"), devices.devices()) == (gate, gate, [gate])
    assert (devices.find("00" * 32), devices.named("gate")) == (None, None)
    refused(ErrorCode.DEVICE_EXISTS, lambda: devices.register(device(certificate=b"other"), audit_event()))
    refused(ErrorCode.DEVICE_EXISTS, lambda: devices.register(device("gate-4"), audit_event()))
    assert opened.store.verify_events() == 2


def test_a_revoked_or_expired_device_ends_and_its_name_is_never_given_again(opened: OpenedStore) -> None:
    devices, gate = opened.devices, device()
    devices.register(gate, audit_event())
    devices.register(device("late", b"late", datetime.now(UTC) - timedelta(hours=1)), audit_event())
    devices.revoke("gate-3", audit_event(EventKind.DEVICE_REVOKED))
    assert (devices.find(gate.fingerprint), devices.named("gate-3"), devices.devices()) == (None, None, [])
    assert devices.named("late") is None
    refused(ErrorCode.DEVICE_UNKNOWN, lambda: devices.revoke("gate-3", audit_event()))
    refused(ErrorCode.DEVICE_EXISTS, lambda: devices.register(gate, audit_event()))
    devices.register(device("gate-5"), audit_event())
    assert devices.find(gate.fingerprint) == device("gate-5")


@pytest.mark.parametrize("change", ["galleries = '[\"ALL\"]'", "revoked_at = NULL", "fingerprint = 'ab'"])
def test_a_right_given_by_hand_to_a_device_is_found(opened: OpenedStore, change: str) -> None:
    opened.devices.register(device(), audit_event())
    opened.devices.revoke("gate-3", audit_event())
    with opened.database.writing() as connection:
        connection.execute(text(f"UPDATE devices SET {change}"))
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.devices.named("gate-3"))


def test_a_proof_is_used_once_and_then_forgotten(opened: OpenedStore) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    assert [opened.devices.use("a", later), opened.devices.use("a", later), opened.devices.use("b", later)] == [
        True,
        False,
        True,
    ]
    past = datetime.now(UTC) - timedelta(hours=1)
    assert opened.devices.use("c", past)
    opened.devices.use("d", later)
    with opened.database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM used_proofs")) == 3


def test_a_gallery_is_deleted_only_when_nobody_is_in_it(opened: OpenedStore) -> None:
    store, empty = opened.store, GalleryId("empty")
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: store.delete_gallery(empty, audit_event()))
    store.create_gallery(empty, audit_event())
    store.enrol(random_encounter(1, "A-1"), audit_event())
    store.delete_gallery(empty, audit_event(EventKind.GALLERY_DELETED))
    refused(ErrorCode.GALLERY_NOT_EMPTY, lambda: store.delete_gallery(GALLERY, audit_event()))
    assert store.galleries() == [GALLERY]


def test_events_of_many_threads_are_each_in_the_log_once_under_their_own_numbers(opened: OpenedStore) -> None:
    events = [replace(audit_event(), details={"n": str(number)}) for number in range(60)]
    with ThreadPoolExecutor(12) as threads:
        numbers = list(threads.map(opened.store.record, events))
    kept = {each.number: each.event.details["n"] for each in opened.store.events(1, 100)}
    assert [kept[number] for number in numbers] == [str(number) for number in range(60)]
    assert opened.store.verify_events() == 61


def test_an_event_that_cannot_be_kept_takes_no_other_with_it(opened: OpenedStore) -> None:
    large, small = replace(audit_event(), details={"n": "x" * 100_000}), audit_event()
    with ThreadPoolExecutor(12) as threads:
        done = [threads.submit(opened.store.record, large if number % 3 == 0 else small) for number in range(30)]
    faults = [each.exception() for each in done]
    assert [isinstance(fault, BiometricServiceError) for fault in faults] == [number % 3 == 0 for number in range(30)]
    assert opened.store.verify_events() == 21
