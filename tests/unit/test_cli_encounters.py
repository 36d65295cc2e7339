"""People are merged, moved and released from the command line, and the audit log says who did it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.app import settings_store
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.latents import NewLatent
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import EncounterStatus, SubjectId
from biometric_service.vocabulary.transactions import Hold, NewHold, Refusal
from tests.adjudication import new_case

Run = Callable[..., str]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    with settings_store(load_settings()) as opened:
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        for seed, name in enumerate("AB"):
            opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())
        yield opened


@pytest.fixture
def run(opened: OpenedStore) -> Run:
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert opened.store.last_change() == 2
    return run


def test_a_merge_is_made_and_taken_back(opened: OpenedStore, run: Run) -> None:
    assert "change 3" in run("subjects", "merge", "B", "A", "--purpose", "same person")
    assert opened.store.subject(SubjectId("B")).merged_into == "A"
    event = opened.store.events(3, 1)[0].event
    assert (event.kind, event.caller.purpose, event.details) == (
        EventKind.SUBJECTS_MERGED,
        "same person",
        {"into": "A", "galleries": "yard"},
    )
    told = json.loads(run("encounters", "list", "B", "--json"))["encounters"]
    assert [(each["subject"], each["encounter"], each["samples"]) for each in told] == [
        ("A", "of A", 3),
        ("A", "of B", 3),
    ]
    run("subjects", "unmerge", "B")
    assert len(opened.store.subject(SubjectId("B")).encounters) == 1


def test_an_encounter_is_released_moved_and_deleted(opened: OpenedStore, run: Run) -> None:
    run("encounters", "status", "A", "of A", "released")
    assert opened.store.subject(SubjectId("A")).status is EncounterStatus.RELEASED
    run("galleries", "create", "block b")
    run("encounters", "galleries", "A", "of A", "block b")
    assert opened.store.subject(SubjectId("A")).galleries == {"block b"}
    run("encounters", "move", "A", "of A", "B")
    assert "of A" in run("encounters", "list", "B")
    run("encounters", "delete", "B", "of B", "--yes")
    assert len(opened.store.subject(SubjectId("B")).encounters) == 1
    opened.store.verify_events()


def test_what_is_overdue_is_told_then_deleted(opened: OpenedStore, run: Run) -> None:
    run("retention", "set", "0", "--gallery", GALLERY, "--counted-from", "capture")
    dry = json.loads(run("retention", "run", "--dry-run", "--json"))
    assert dry["summary"] == {"would_be_deleted": 2}
    assert len(opened.store.subject(SubjectId("A")).encounters) == 1
    assert "deleted" in run("retention", "run")
    assert opened.store.subjects(GALLERY, None, 9) == []
    assert json.loads(run("retention", "list", "--json"))["rules"][0]["days"] == 0
    run("retention", "drop", "--gallery", GALLERY)
    assert json.loads(run("retention", "list", "--json"))["rules"] == []


def test_who_is_inside_is_held_back_and_not_erased(opened: OpenedStore, run: Run) -> None:
    run("places", "set-zone", "wing", "--name", "Wing A")
    opened.day.movements.place(SubjectId("A"), ZoneId("wing"), audit_event(EventKind.WHEREABOUTS_CHANGED))
    for words in (("subjects", "erase", "A"), ("encounters", "delete", "A", "of A")):
        with pytest.raises(BiometricServiceError) as refused:
            run(*words, "--yes")
        assert refused.value.code is ErrorCode.RELEASE_REQUIRED
    run("retention", "set", "0", "--gallery", GALLERY, "--counted-from", "capture")
    dry = json.loads(run("retention", "run", "--dry-run", "--json"))
    assert dry["summary"] == {"held_back": 1, "would_be_deleted": 1}
    assert json.loads(run("retention", "run", "--json"))["summary"] == {"held_back": 1, "deleted": 1}
    assert "held_back" in run("retention", "run")


def test_a_dry_run_says_what_the_run_ends_besides(opened: OpenedStore, run: Run) -> None:
    over = datetime.now(UTC) - timedelta(days=1)
    refusal = Refusal.said(Hold.CUT_SHORT, "It is cut short.")
    for name, until in (("h1", over), ("h2", over), ("h3", over + timedelta(days=9))):
        held = NewHold(name, name.encode(), refusal, "card.an2", "", until)
        opened.quarantine.hold(held, audit_event(EventKind.TRANSACTION_HELD))
    found = NewLatent("l1", b"image", 500.0, b"records", (2,), "TCN", "BZPOLICE", "ab" * 32, over)
    opened.latents.keep(found, audit_event(EventKind.LATENT_RECEIVED))
    year_ago = replace(audit_event(EventKind.CASE_OPENED), at=over - timedelta(days=365))
    stale = opened.cases.open(new_case("A", GALLERY), year_ago)
    fresh = opened.cases.open(new_case("B", GALLERY), replace(year_ago, at=over))
    dry = json.loads(run("retention", "run", "--dry-run", "--json"))
    told = run("retention", "run", "--dry-run")
    assert "Would be deleted besides: 2 held transactions, 1 latents" in told
    assert "Would be closed as unsure, without their images: 1 open cases" in told
    done = json.loads(run("retention", "run", "--json"))
    counted = [(told["held_transactions"], told["latents"]) for told in (dry, done)]
    assert counted == [(2, 1), (2, 1)]
    assert (dry["open_cases"], done["open_cases"]) == (1, 1)
    assert opened.cases.probe(fresh) != opened.cases.probe(stale) == ()
    assert "Deleted besides: 0 held transactions, 0 latents" in run("retention", "run")


def test_a_latent_is_written_with_what_is_kept_of_its_transaction(
    opened: OpenedStore, run: Run, tmp_path: Path
) -> None:
    found = NewLatent("l1", b"image", 500.0, b"records", (2,), "TCN", "BZPOLICE", "ab" * 32, datetime.now(UTC))
    opened.latents.keep(found, audit_event(EventKind.LATENT_RECEIVED))
    run("interchange", "latents", "export", "l1", str(tmp_path / "lifted.an2"))
    assert (tmp_path / "lifted.an2").read_bytes() == b"records"
    assert opened.store.events(opened.store.verify_events() - 1, 1)[0].event.kind is EventKind.LATENT_READ


def test_a_dry_run_says_how_much_of_the_day_would_go(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_RECORD_DAYS", "30")
    assert json.loads(run("retention", "run", "--dry-run", "--json"))["releases"] == 0
    assert "0 releases" in run("retention", "run", "--dry-run")


def test_models_in_use_are_listed_and_there_is_nothing_to_undo(run: Run) -> None:
    assert json.loads(run("models", "in-use", "--json")) == {"models": {}}
    with pytest.raises(BiometricServiceError, match="never switched"):
        run("models", "undo", "face")
