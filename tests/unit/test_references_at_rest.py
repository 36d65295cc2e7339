"""What lies on the disk: private files, nothing biometric in the clear, nothing left of the erased."""

import base64
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.templates import native
from biometric_service.vocabulary.access import ApiKey, Scope
from biometric_service.vocabulary.references import ChangeNumber, Circumstances, Encounter, Once, ReferenceId, SubjectId
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate

PIECE = 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def opened(folder: Path) -> Iterator[OpenedStore]:
    opened = open_store(f"sqlite:///{folder}/store.db", KeyFile(folder / "master.key"), ChainedLog)
    opened.store.create_gallery(GALLERY, audit_event())
    yield opened
    opened.close()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "master.key")


def biometric_bytes(encounter: Encounter) -> Iterator[bytes]:
    """Pieces of everything that tells of a body, in every form it takes on the way to the disk."""
    for enrolled in encounter.samples:
        template = enrolled.templates[0]
        arrays = (template.positions, template.directions) if isinstance(template, MinutiaeTemplate) else ()
        embedding = (template.embedding,) if isinstance(template, FaceTemplate) else ()
        forms = [enrolled.image, native.encode(template), *(array.tobytes() for array in (*arrays, *embedding))]
        yield from (form[at : at + PIECE] for form in forms for at in range(0, len(form) - PIECE, 8 * PIECE))


def test_files_and_folder_are_the_owners_alone(opened: OpenedStore, folder: Path) -> None:
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm", "master.key"), 0o600)


def test_no_template_image_or_secret_is_in_the_clear(
    opened: OpenedStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encounters = [random_encounter(seed, f"A-{seed}") for seed in range(5)]
    key = ApiKey("gate", "Gate", frozenset(Scope), frozenset(), frozenset(), None)
    with caplog.at_level(logging.DEBUG):
        for encounter in encounters:
            opened.store.enrol(encounter, audit_event())
        secret = opened.api_keys.create(key, audit_event())
        list(opened.store.changes(opened.store.last_change()))
    disk = on_disk(folder)
    assert b"A-3" in disk
    assert b"SQLite format 3" in disk
    pieces = list({piece for encounter in encounters for piece in biometric_bytes(encounter)})
    assert len(pieces) > 2000
    assert not any(piece in disk for piece in pieces)
    assert secret.partition(".")[2].encode() not in disk
    assert (folder / "master.key").read_text().strip().encode() not in disk
    assert bytes.fromhex((folder / "master.key").read_text()) not in disk
    assert not caplog.records


def test_nothing_of_an_erased_subject_stays_in_database_or_write_ahead_log(opened: OpenedStore, folder: Path) -> None:
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    opened.store.enrol(random_encounter(2, "A-2"), audit_event())
    with sqlite3.connect(folder / "store.db") as raw:
        blobs = [row[0] for row in raw.execute("SELECT wrapped FROM data_keys WHERE subject = 1")]
        blobs += [row[0] for row in raw.execute("SELECT sealed FROM templates WHERE sample <= 3")]
        blobs += [row[0] for row in raw.execute("SELECT image FROM samples WHERE encounter = 1")]
    raw.close()
    assert len(blobs) == 7
    assert all(blob[:100] in on_disk(folder) for blob in blobs)
    opened.store.erase(SubjectId("A-1"), audit_event())
    disk = on_disk(folder)
    assert not any(blob[at : at + PIECE] in disk for blob in blobs for at in range(0, len(blob) - PIECE, PIECE))
    assert len(opened.store.references(SubjectId("A-2"))) == 3


@pytest.fixture
def tamper(opened: OpenedStore, folder: Path) -> Iterator[sqlite3.Connection]:
    for seed in (1, 2):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    raw = sqlite3.connect(folder / "store.db", isolation_level=None)
    yield raw
    raw.close()


SWAPS = {
    "templates of two subjects": "UPDATE templates SET sealed = (SELECT sealed FROM templates t WHERE t.number = 4)"
    " WHERE number = 1",
    "templates of one subject": "UPDATE templates SET sealed = (SELECT sealed FROM templates t WHERE t.number = 2)"
    " WHERE number = 1",
    "samples of two templates": "UPDATE templates SET sample = 3 - sample WHERE number <= 2",
    "format of a template": "UPDATE templates SET format = 'fingerprint:other/1' WHERE number = 1",
    "encounters of two subjects": "UPDATE encounters SET id = number; UPDATE encounters SET subject = 3 - subject",
    "data keys": "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys k WHERE k.subject = 2)"
    " WHERE subject = 1",
    "ids of two subjects": "UPDATE subjects SET id = CASE id WHEN 'A-1' THEN 'A-2' ELSE 'A-1' END || 'x'",
    "a byte of a template": "UPDATE templates SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42)"
    " AS BLOB) WHERE number = 1",
    "a blob by nothing": "UPDATE templates SET sealed = x'' WHERE number = 1",
    "a blob by text": "UPDATE templates SET sealed = 'text' WHERE number = 1",
}


@pytest.mark.parametrize("change", SWAPS.values(), ids=SWAPS.keys())
def test_references_that_were_moved_or_changed_by_hand_are_refused(
    opened: OpenedStore, tamper: sqlite3.Connection, change: str
) -> None:
    tamper.executescript(change)
    with pytest.raises(BiometricServiceError) as caught:
        list(opened.store.changes(ChangeNumber(0)))
    assert caught.value.code is ErrorCode.RECORD_TAMPERED


def test_an_image_that_was_moved_is_refused(opened: OpenedStore, tamper: sqlite3.Connection) -> None:
    assert opened.store.image(ReferenceId(1)) == random_encounter(1, "A-1").samples[0].image
    tamper.execute("UPDATE samples SET image = (SELECT image FROM samples s WHERE s.number = 2) WHERE number = 1")
    with pytest.raises(BiometricServiceError, match="record_tampered"):
        opened.store.image(ReferenceId(1))


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE api_keys SET scopes = '["abis.audit.read", "abis.identify"]'""",
        """UPDATE api_keys SET galleries = '["ALL"]'""",
        "UPDATE api_keys SET revoked_at = NULL",
        "UPDATE api_keys SET expires_at = '2099-01-01 00:00:00.000000'",
        "UPDATE api_keys SET owner = '4712'",
        "UPDATE api_keys SET owner = ''",
    ],
)
def test_rights_given_by_hand_are_refused(opened: OpenedStore, tamper: sqlite3.Connection, change: str) -> None:
    key = ApiKey(
        "gate", "Gate", frozenset({Scope.IDENTIFY}), frozenset({GALLERY}), frozenset({"*"}), None, owner="4711"
    )
    secret = opened.api_keys.create(key, audit_event())
    if "revoked" in change:
        opened.api_keys.revoke("gate", audit_event())
    tamper.execute(change)
    with pytest.raises(BiometricServiceError, match="record_tampered"):
        opened.api_keys.find(secret)


BREAKS = {
    "UPDATE audit_events SET body = replace(body, 'desk 1', 'desk 2') WHERE number = 2": "Event 2 ",
    "UPDATE audit_events SET body = CAST(body || ' ' AS BLOB) WHERE number = 2": "Event 2 ",
    "UPDATE audit_events SET body = 5 WHERE number = 2": "Event 2 ",
    "UPDATE audit_events SET digest = x'00' WHERE number = 1": "Event 1 ",
    "UPDATE audit_events SET previous = zeroblob(32) WHERE number = 3": "Event 3 ",
    "DELETE FROM audit_events WHERE number = 2": "Event 2 ",
    "DELETE FROM audit_events WHERE number = 3": "Event 3 ",
    "DELETE FROM audit_events": "Event 1 ",
    "UPDATE audit_events SET number = 4 - number + 100": "Event 1 ",
    "DELETE FROM audit_head": "end",
    "UPDATE audit_head SET count = count - 1": "end",
    "UPDATE audit_head SET count = 'x'": "end",
    "UPDATE audit_head SET digest = (SELECT digest FROM audit_events WHERE number = 2), count = 2": "end",
}


@pytest.mark.parametrize(("change", "named"), BREAKS.items())
def test_a_log_that_was_changed_by_hand_is_found_and_the_event_named(
    opened: OpenedStore, tamper: sqlite3.Connection, change: str, named: str
) -> None:
    assert opened.store.verify_events() == 3
    tamper.execute(change)
    with pytest.raises(BiometricServiceError, match="audit_chain_broken") as caught:
        opened.store.verify_events()
    assert named in caught.value.message


@pytest.mark.parametrize("change", ["DELETE FROM audit_head", "UPDATE audit_head SET count = count - 1"])
def test_a_log_whose_end_was_touched_is_not_written_on(
    opened: OpenedStore, tamper: sqlite3.Connection, change: str
) -> None:
    tamper.execute(change)
    with pytest.raises(BiometricServiceError, match="audit_chain_broken"):
        opened.store.enrol(random_encounter(3, "A-3"), audit_event())
    with pytest.raises(BiometricServiceError, match="subject_unknown"):
        opened.store.subject(SubjectId("A-3"))


def test_what_is_known_of_a_person_and_what_was_answered_is_not_in_the_clear(opened: OpenedStore, folder: Path) -> None:
    data = b"SECRETS!" * 2
    known = Circumstances(biographic={"name": "Ignatius Quill"}, contextual={"cell": "east-77"}, client_data=data)
    given = random_encounter(1, "A-1")
    noted = replace(given.samples[0], notes={"comment": "scar on the whorl"})
    opened.store.enrol(replace(given, circumstances=known, samples=(noted,)), audit_event())
    once = Once("gate", "k-1", b"\x01" * 32)
    opened.answers.begin(once)
    opened.answers.finish(once, b'{"subject": "Ignatius Quill"}')
    lying = on_disk(folder)
    for said in (b"Quill", b"east-77", b"SECRETS!", b"scar on", base64.b64encode(data)):
        assert said not in lying
