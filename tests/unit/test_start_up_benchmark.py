"""A store that was filled in bulk is like any other, and a service that starts on it is in step with it."""

from pathlib import Path

from benchmarks.service import start_up
from benchmarks.service.population import fill
from benchmarks.throughput.random_encounters import FACE_FORMAT, audit_event
from biometric_service.app.service import settings_store
from biometric_service.settings import Settings
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    SubjectId,
)


def test_a_bulk_filled_store_is_like_any_other_and_is_gone_on_with(tmp_path: Path) -> None:
    with settings_store(Settings(data_dir=tmp_path)) as opened:
        fill(opened, 3)
        fill(opened, 5)
        assert [one.subject for one in opened.store.subjects(ALL_GALLERIES, None, 9)] == [f"S{n:07d}" for n in range(5)]
        assert all(len(opened.store.references(SubjectId(f"S{n:07d}"))) == 11 for n in range(5))
        added = [len(change.added) for _, change in opened.store.changes(ChangeNumber(0))]
        assert added == [33, 22]
        key = EncounterKey(SubjectId("S0000004"), EncounterId("first"))
        opened.encounters.set_status(key, EncounterStatus.RELEASED, audit_event())
        formats = {str(r.template.format) for r in opened.store.references(key.subject)}
        assert str(FACE_FORMAT) in formats
        assert opened.store.verify_events() == 4


def test_a_start_that_takes_indexes_up_holds_what_one_that_builds_them_holds(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, index_snapshot_changes=1)
    with settings_store(settings) as opened:
        fill(opened, 4)
    starts = [start_up._start(settings, indexes) for indexes in ("built", "taken up")]
    assert [start.references for start in starts] == [44, 44]
    assert (tmp_path / "indexes" / "fingerprint.index").exists()
