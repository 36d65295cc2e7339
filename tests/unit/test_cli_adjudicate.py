"""Cases are listed, shown with their images, judged and merged from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.app import settings_store
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.adjudication import review
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import load_settings
from biometric_service.vocabulary.adjudication import Origin, Verdict
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import SubjectId
from tests.adjudication import PART, new_case

ANOTHER = Caller("key-2", "adjudication", owner="4711")
"""A reviewer who comes over HTTP: there is one account to run commands by."""


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    with settings_store(load_settings()) as opened:
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        for seed, name in enumerate("AB"):
            opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())
        yield opened


@pytest.fixture
def case(opened: OpenedStore) -> str:
    return opened.cases.open(
        new_case("A", GALLERY, subject="B", origin=Origin.KEPT), audit_event(EventKind.CASE_OPENED)
    )


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["adjudicate", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_case_is_judged_by_two_and_merged(opened: OpenedStore, case: str) -> None:
    (listed,) = json.loads(run("list", "--json"))["cases"]
    assert (listed["case"], listed["subject"], listed["candidate"], listed["outcome"]) == (case, "B", "A", None)
    review(opened.cases, case, Verdict.SAME_PERSON, "the same whorl", ANOTHER)
    assert json.loads(run("show", case))["reviews"] == []
    assert "Closed: same_person. What follows: merge." in run("decide", case, "same_person")
    assert len(json.loads(run("show", case))["reviews"]) == 2
    run("merge", case)
    assert opened.store.subject(SubjectId("B")).merged_into == "A"
    assert case in run("list", "--closed")
    assert case not in run("list")


def test_the_images_of_both_are_written_to_be_looked_at(opened: OpenedStore, case: str, tmp_path: Path) -> None:
    run("show", case, "--images", str(tmp_path / "images"))
    written = {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()}
    made = (tmp_path / "images", *(tmp_path / "images").iterdir())
    assert [oct(path.stat().st_mode & 0o777) for path in made] == ["0o700", "0o600", "0o600"]
    assert written == {
        "probe-0-fingerprint-right_thumb": b"image of a thumb",
        "candidate-0-fingerprint-right_thumb": opened.store.image(PART.reference),
    }
    event = opened.store.events(opened.store.verify_events() - 1, 1)[0].event
    assert (event.kind, event.details) == (EventKind.CASE_READ, {"case": case, "images": "true"})


def test_an_account_is_one_reviewer_whatever_its_environment_says(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "another reviewer" in run("decide", case, "unsure")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    with pytest.raises(BiometricServiceError) as caught:
        run("decide", case, "same_person")
    assert caught.value.code is ErrorCode.CASE_CONFLICT


def test_an_account_counts_as_no_reviewer_where_owners_are_required(
    opened: OpenedStore, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOMETRIC_OWNERS_REQUIRED", "true")
    with pytest.raises(BiometricServiceError) as caught:
        run("decide", case, "unsure")
    assert caught.value.code is ErrorCode.NOT_AUTHORISED
    assert opened.cases.case(case).reviews == ()
