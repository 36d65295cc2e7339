"""What somebody with the database can do to it by hand: each has a code of its own, on every database."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.templates import native
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Device, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.intakes import Intake, IntakeCapture, IntakePerson, IntakeState, NewCapture
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    Encounter,
    EncounterId,
    Once,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.tasks import Commission
from tests.adjudication import new_case
from tests.contract.conftest import PostgresqlServer
from tests.files_on_disk import files_under, written_under

KEY = KeyFromEnvironment("17" * 32)
PIECE = 24
RIGHTS = ("api_keys", "devices")
OWNED = ("subjects", "data_keys", "encounters", "samples", "templates")


@pytest.fixture
def before(store_url: str, request: pytest.FixtureRequest) -> Mapping[Path, int]:
    """The server's files before the store is opened, among them those of other tests' databases; of SQLite none."""
    return {} if store_url.startswith("sqlite") else written_under(server_of(request).folder)


def server_of(request: pytest.FixtureRequest) -> PostgresqlServer:
    server = request.getfixturevalue("postgresql_server")
    assert isinstance(server, PostgresqlServer)
    return server


@pytest.fixture
def opened(store_url: str) -> Iterator[OpenedStore]:
    opened = open_store(store_url, KEY, ChainedLog)
    opened.store.create_gallery(GALLERY, audit_event())
    for seed in (1, 2):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    yield opened
    opened.close()


def code(act: Callable[[], object]) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value.code


def by_hand(opened: OpenedStore, *statements: str) -> None:
    with opened.database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_swapped_ciphertexts_are_record_tampered(opened: OpenedStore) -> None:
    by_hand(
        opened,
        "UPDATE templates SET sealed = (SELECT t.sealed FROM templates t WHERE t.number = 4) WHERE number = 1",
        "UPDATE samples SET image = (SELECT s.image FROM samples s WHERE s.number = 4) WHERE number = 2",
    )
    assert code(lambda: list(opened.store.changes(ChangeNumber(0)))) is ErrorCode.RECORD_TAMPERED
    assert code(lambda: opened.store.references(SubjectId("A-1"))) is ErrorCode.RECORD_TAMPERED
    assert code(lambda: opened.store.image(ReferenceId(2))) is ErrorCode.RECORD_TAMPERED
    assert len(opened.store.references(SubjectId("A-2"))) == 3


def test_the_rows_of_an_erased_subject_put_back_are_record_replayed(opened: OpenedStore) -> None:
    by_hand(opened, *(f"CREATE TABLE old_{table} AS SELECT * FROM {table}" for table in OWNED))
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    for table in OWNED:
        key = {"data_keys": "subject"}.get(table, "number")
        by_hand(opened, f"INSERT INTO {table} SELECT * FROM old_{table} WHERE {key} NOT IN (SELECT {key} FROM {table})")
    assert code(lambda: opened.store.references(SubjectId("A-1"))) is ErrorCode.RECORD_REPLAYED
    assert code(lambda: list(opened.store.changes(ChangeNumber(0)))) is ErrorCode.RECORD_REPLAYED
    assert code(lambda: opened.store.image(ReferenceId(1))) is ErrorCode.RECORD_REPLAYED
    assert len(opened.store.references(SubjectId("A-2"))) == 3


def test_a_replay_that_takes_away_what_tells_of_the_removal_is_found_at_the_next_start(opened: OpenedStore) -> None:
    by_hand(opened, *(f"CREATE TABLE old_{table} AS SELECT * FROM {table}" for table in OWNED))
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    opened.store.require_removals()
    assert opened.store.verify_events() == 4
    for table in OWNED:
        key = {"data_keys": "subject"}.get(table, "number")
        by_hand(opened, f"INSERT INTO {table} SELECT * FROM old_{table} WHERE {key} NOT IN (SELECT {key} FROM {table})")
    by_hand(opened, "DELETE FROM removed_references")
    assert code(opened.store.require_removals) is ErrorCode.RECORD_REPLAYED
    assert code(opened.store.verify_events) is ErrorCode.RECORD_REPLAYED


def test_one_removal_exchanged_for_another_is_found(opened: OpenedStore) -> None:
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    by_hand(opened, "UPDATE removed_references SET reference = 99 WHERE reference = 2")
    assert code(opened.store.require_removals) is ErrorCode.RECORD_REPLAYED


@pytest.fixture
def revoked(opened: OpenedStore) -> str:
    """The secret of a key that was revoked, beside a key and a device in force and a device that was revoked.

    The tables ``old_api_keys`` and ``old_devices`` are as they were before.
    """
    everywhere, anything = frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE})
    secrets = [
        opened.api_keys.create(ApiKey(name, name, frozenset(Scope), everywhere, anything, None), audit_event())
        for name in ("clerk", "other")
    ]
    for name in ("gate", "yard"):
        rights = (name, name, frozenset({Scope.IDENTIFY}), everywhere, anything, None)
        opened.devices.register(Device(*rights, name.encode(), ""), audit_event())
    by_hand(opened, *(f"CREATE TABLE old_{table} AS SELECT * FROM {table}" for table in RIGHTS))
    opened.api_keys.revoke("clerk", audit_event(EventKind.API_KEY_REVOKED))
    opened.devices.revoke("gate", audit_event(EventKind.DEVICE_REVOKED))
    assert opened.api_keys.find(secrets[0]) is None
    assert opened.devices.named("gate") is None
    assert opened.api_keys.find(secrets[1]) is not None
    assert opened.devices.named("yard") is not None
    return secrets[0]


def put_back(opened: OpenedStore, *tables: str) -> None:
    for table in tables:
        by_hand(opened, f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM old_{table}")


@pytest.mark.parametrize("reopened", [False, True], ids=["running", "after a restart"])
def test_a_revoked_key_or_device_that_is_put_back_is_rights_replayed(
    opened: OpenedStore, revoked: str, store_url: str, *, reopened: bool
) -> None:
    put_back(opened, *RIGHTS)
    asked = open_store(store_url, KEY, ChainedLog) if reopened else opened
    assert code(lambda: asked.api_keys.find(revoked)) is ErrorCode.RIGHTS_REPLAYED
    assert code(lambda: asked.api_keys.revoke("clerk", audit_event())) is ErrorCode.RIGHTS_REPLAYED
    assert code(asked.api_keys.keys) is ErrorCode.RIGHTS_REPLAYED
    assert code(lambda: asked.devices.named("gate")) is ErrorCode.RIGHTS_REPLAYED
    assert code(asked.devices.devices) is ErrorCode.RIGHTS_REPLAYED
    asked.close()


def test_a_right_put_back_with_an_older_head_of_the_log_is_audit_chain_broken(
    opened: OpenedStore, revoked: str
) -> None:
    by_hand(opened, "CREATE TABLE old_audit_head AS SELECT * FROM audit_head")
    opened.store.record(audit_event())
    put_back(opened, "audit_head", *RIGHTS)
    assert code(lambda: opened.api_keys.find(revoked)) is ErrorCode.AUDIT_CHAIN_BROKEN


def test_states_of_the_head_that_were_written_by_hand_are_audit_chain_broken(opened: OpenedStore, revoked: str) -> None:
    by_hand(opened, "UPDATE audit_head SET states = '{}'")
    assert code(lambda: opened.api_keys.find(revoked)) is ErrorCode.AUDIT_CHAIN_BROKEN
    assert code(opened.store.require_removals) is ErrorCode.AUDIT_CHAIN_BROKEN
    by_hand(opened, "UPDATE audit_head SET states = NULL")
    assert code(lambda: opened.api_keys.find(revoked)) is ErrorCode.RIGHTS_REPLAYED
    assert code(opened.store.require_removals) is ErrorCode.RECORD_REPLAYED


def test_a_wrong_master_key_and_a_tampered_chain_have_codes_of_their_own(opened: OpenedStore, store_url: str) -> None:
    wrong = KeyFromEnvironment("18" * 32)
    assert code(lambda: open_store(store_url, wrong, ChainedLog)) is ErrorCode.KEY_WRONG
    by_hand(opened, "UPDATE audit_events SET digest = previous WHERE number = 2")
    assert code(opened.store.verify_events) is ErrorCode.AUDIT_CHAIN_BROKEN


def test_what_was_erased_leaves_the_files_even_as_ciphertext(
    before: Mapping[Path, int], opened: OpenedStore, store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Of SQLite at once; of PostgreSQL what the person's key opened is left, until the operator rewrites its tables."""
    elsewhere = under_the_store_key(opened)
    keys = sealed_of(opened, "SELECT wrapped FROM data_keys k JOIN subjects s ON s.number = k.subject WHERE s.id = :id")
    rows = "JOIN encounters e ON e.number = p.encounter JOIN subjects s ON s.number = e.subject WHERE s.id = :id"
    images = sealed_of(opened, f"SELECT image FROM samples p {rows}")
    templates = sealed_of(opened, f"SELECT t.sealed FROM templates t JOIN samples p ON p.number = t.sample {rows}")
    assert (len(keys), len(images), len(templates), len(elsewhere)) == (1, 3, 3, 8)
    opened.store.erase(SubjectId("A-2"), audit_event(EventKind.SUBJECT_ERASED, "A-2"))
    assert not any(on_disk(disk_of(store_url, tmp_path, request), before, [*keys, *elsewhere]))
    if not store_url.startswith("sqlite"):
        with opened.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (FULL) templates, samples"))
    folder = disk_of(store_url, tmp_path, request)
    assert not any(on_disk(folder, before, [*keys, *images, *templates]))
    assert any(on_disk(folder, before, [b"A-1"]))


def under_the_store_key(opened: OpenedStore) -> list[bytes]:
    """What is kept of A-2 besides the record: an intake that became it, one refused, a case, tasks, an answer."""
    opened.cases.open(new_case("A-1", GALLERY, subject="A-2"), audit_event(EventKind.CASE_OPENED))
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    person = IntakePerson(SubjectId("A-2"), "Ana", None, "from court", "Prisons Act, s. 12")
    for name in ("i-1", "i-2"):
        intake = Intake(name, IntakeState.OPEN, frozenset({GALLERY}), "officer", now, later, person)
        opened.intakes.open(intake, audit_event(EventKind.INTAKE_OPENED))
        thumb = IntakeCapture("right_thumb", now, 41.0, "ab" * 32, 500.0, "gate")
        picture = NewCapture(thumb, f"the picture of a thumb in {name}".encode(), None)
        opened.intakes.keep(name, [picture], later, audit_event(EventKind.INTAKE_CAPTURED))
    for task in ("t-1", "t-2"):
        asked = f"an image in {task}".encode()
        opened.tasks.add(Commission(task, "caller", 4, (SubjectId("A-2"),), asked, b"reply", now), 9, 9)
    once = Once("desk", "k-1", b"\x01" * 32)
    opened.answers.begin(once)
    opened.answers.finish(once, b"a card with the portrait", ["A-2"])
    sealed = ("probe FROM cases", "image FROM intake_captures", "request FROM tasks", "answer FROM idempotency_keys")
    found = [blob for each in sealed for blob in sealed_of(opened, f"SELECT {each}")]
    while work := opened.tasks.claim_work(now, later):
        opened.tasks.finish(work, f"what was found in {work.id}".encode(), now, failed=False)
    found += sealed_of(opened, "SELECT result FROM tasks")
    opened.intakes.complete("i-1", EncounterId("first"), later, audit_event(EventKind.INTAKE_COMPLETED))
    return found


def disk_of(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where the database has its files, as they are once all is written there."""
    if store_url.startswith("sqlite"):
        return tmp_path / "store"
    server = server_of(request)
    server.checkpoint()
    return server.folder / "data" / "base"


def sealed_of(opened: OpenedStore, query: str) -> list[bytes]:
    with opened.database.reading() as connection:
        return [bytes(blob) for blob in connection.scalars(text(query), {"id": "A-2"})]


def on_disk(folder: Path, before: Mapping[Path, int], blobs: Sequence[bytes]) -> Iterator[bool]:
    """Whether the middle of each blob is in a file written since: long values are kept in parts.

    Files left as they were, as those of other tests' databases, hold nothing new.
    """
    disk = b"".join(files_under(folder, before).values())
    return (blob[len(blob) // 2 :][:PIECE] in disk for blob in blobs)


def biometric_pieces(encounter: Encounter) -> Iterator[bytes]:
    for enrolled in encounter.samples:
        for form in (enrolled.image, native.encode(enrolled.templates[0])):
            yield from (form[at : at + PIECE] for at in range(0, len(form) - PIECE, 40 * PIECE))


def test_nothing_biometric_is_in_the_clear_in_any_file_of_either_database(
    before: Mapping[Path, int], opened: OpenedStore, store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    opened.store.erase(SubjectId("A-2"), audit_event())
    folder = tmp_path / "store"
    if not store_url.startswith("sqlite"):
        server = server_of(request)
        server.checkpoint()
        folder = server.folder
    disk = b"".join(files_under(folder, before).values())
    assert b"A-1" in disk
    pieces = [piece for seed in (1, 2) for piece in biometric_pieces(random_encounter(seed, "A"))]
    assert len(pieces) > 100
    for piece in pieces:
        forms = (piece, base64.b64encode(piece), binascii.hexlify(piece))
        assert not any(form in disk for form in forms)
