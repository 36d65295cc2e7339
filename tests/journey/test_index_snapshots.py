"""A service that starts again takes its index up as it was laid down, and never one that it should not trust."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.synthesis.templates import make_templates
from benchmarks.throughput.random_encounters import NOW, audit_event, enrolled_sample
from biometric_service.app.service import Service, open_service
from biometric_service.cli import app
from biometric_service.settings import Settings
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, Encounter, EncounterId, GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import TemplateFormat
from tests.waiting import eventually

pytestmark = pytest.mark.models
LEADER = TemplateFormat(Modality.FINGERPRINT, "leader", "1")
FINGERS = list(make_templates(9, 4, 1, LEADER))
PATIENCE_S = 120.0
WING = GalleryId("wing")


@contextmanager
def service(folder: Path, changes: int = 1) -> Iterator[Service]:
    with open_service(Settings(data_dir=folder, face_model="", index_snapshot_changes=changes)) as opened:
        yield opened


def enrol(opened: Service, number: int) -> None:
    samples = (enrolled_sample(FINGERS[number], b"image"),)
    encounter = Encounter(SubjectId(f"P{number}"), EncounterId("first"), frozenset({WING}), NOW, samples)
    opened.store.enrol(encounter, audit_event(subject=f"P{number}"))


def found(opened: Service, number: int) -> list[str]:
    """Whom a finger finds, the best first."""
    opened.walk.follower.catch_up()
    probe = Probe(FINGERS[number], ALL_GALLERIES)
    return [each.subject for each in opened.walk.indexes[Modality.FINGERPRINT].search(probe, 5).entries]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a service in which three were enrolled."""
    with service(tmp_path) as opened:
        opened.store.create_gallery(WING, audit_event(EventKind.GALLERY_CREATED))
        for number in range(3):
            enrol(opened, number)
        assert found(opened, 0)[0] == "P0"
    return tmp_path


def snapshot(folder: Path) -> Path:
    return folder / "indexes" / "fingerprint.index"


def test_the_next_start_takes_it_up_and_goes_on_from_there(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), service(folder) as opened:
        assert "the fingerprint index is taken up: 3 references" in caplog.text
        assert found(opened, 1)[0] == "P1"
        enrol(opened, 3)
        assert sorted(found(opened, 3)) == ["P0", "P1", "P2", "P3"]
        assert found(opened, 3)[0] == "P3"


def test_whoever_is_erased_is_in_no_snapshot_from_then_on(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert snapshot(folder).exists()
    with service(folder) as opened:
        opened.store.erase(SubjectId("P1"), audit_event(EventKind.SUBJECT_ERASED, "P1"))
        assert sorted(found(opened, 1)) == ["P0", "P2"]
        snapshots = opened.snapshots
        assert snapshots is not None
        eventually(lambda: snapshots.kept[Modality.FINGERPRINT].applied == 4, PATIENCE_S)
    with caplog.at_level(logging.INFO), service(folder) as opened:
        assert "the fingerprint index is taken up: 2 references" in caplog.text
        assert sorted(found(opened, 1)) == ["P0", "P2"]


def test_a_snapshot_that_was_tampered_with_is_discarded_and_the_index_built_anew(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with snapshot(folder).open("r+b") as file:
        file.seek(1000)
        file.write(b"tampered")
    with caplog.at_level(logging.INFO), service(folder) as opened:
        assert "it is built from the store: it was changed" in caplog.text
        assert found(opened, 2)[0] == "P2"


def test_a_snapshot_of_a_store_that_was_put_back_is_discarded(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two pasts of as many changes: the snapshot is of one, the store of the other."""
    before = {file.name: file.read_bytes() for file in folder.glob("biometric.db*")}
    with service(folder) as opened:
        enrol(opened, 3)
        assert found(opened, 3)[0] == "P3"
    for file in folder.glob("biometric.db*"):
        file.unlink()
    for name, held in before.items():
        (folder / name).write_bytes(held)
    sample = enrolled_sample(FINGERS[0], b"image")
    with service(folder, changes=0) as opened:
        opened.store.enrol(
            Encounter(SubjectId("other"), EncounterId("first"), frozenset({WING}), NOW, (sample,)), audit_event()
        )
    with caplog.at_level(logging.INFO), service(folder) as opened:
        assert "another past" in caplog.text
        assert "P3" not in found(opened, 3)


def test_few_changes_are_not_worth_one_and_snapshots_can_be_turned_off(tmp_path: Path) -> None:
    for changes in (10, 0):
        with service(tmp_path, changes) as opened:
            if changes:
                opened.store.create_gallery(WING, audit_event(EventKind.GALLERY_CREATED))
                enrol(opened, 0)
        assert not snapshot(tmp_path).exists()


def test_the_command_line_saves_and_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(folder))
    monkeypatch.setenv("BIOMETRIC_FACE_MODEL", "")
    snapshot(folder).unlink()
    assert "3 references up to change 3, nothing kept" in CliRunner().invoke(app, ["index", "show"]).stdout
    saved = CliRunner().invoke(app, ["index", "save"])
    assert saved.exit_code == 0
    assert f"{snapshot(folder).stat().st_size:,} bytes kept" in saved.stdout
