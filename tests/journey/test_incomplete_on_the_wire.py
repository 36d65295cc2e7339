"""While an index is not in step with the store nobody is said to be unknown: over HTTP and on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biometric_service.cli import app
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.settings import Settings
from biometric_service.vocabulary.references import ChangeNumber
from tests.live_service import OPERATIONS, LiveService, asking, live_service, synthetic_fingers

pytestmark = pytest.mark.models

STRANGER = 2


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """One finger is enrolled."""
    data = tmp_path_factory.mktemp("data")
    synthetic_fingers(data / "prints", STRANGER, impressions=1)
    with live_service(Settings(data_dir=data, face_model="")) as live:
        live.gallery("inmates")
        asked = asking([image_of(live, 1)], subject="P-1", galleries=["inmates"])
        assert live.client(live.key()).post(f"{OPERATIONS}/enrolments", **asked).status_code == 201
        yield live


@pytest.fixture
def a_change_that_has_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every index has heard of a change of the store that it does not have."""
    caught_up = GalleryFollower.catch_up

    def stalled(follower: GalleryFollower) -> None:
        caught_up(follower)
        for index in follower._indexes:
            index.expect(ChangeNumber(10**6))

    monkeypatch.setattr(GalleryFollower, "catch_up", stalled)


def image_of(live: LiveService, finger: int) -> bytes:
    return file_of(live, finger).read_bytes()


def file_of(live: LiveService, finger: int) -> Path:
    return live.service.settings.data_dir / "prints" / f"{finger:05d}_1.png"


def told_by_command(live: LiveService, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(live.service.settings.data_dir))
    monkeypatch.setenv("BIOMETRIC_FACE_MODEL", "")
    done = CliRunner().invoke(app, ["identify", str(file_of(live, STRANGER)), "--json"], catch_exceptions=False)
    [probe] = json.loads(done.stdout)["probes"]
    outcome: str = probe["outcome"]
    return outcome


def ask(live: LiveService, operation: str, **more: object) -> dict[str, object]:
    asked = asking([image_of(live, STRANGER)], **{"gallery": "inmates", **more})
    answer = live.client(live.key()).post(f"{OPERATIONS}/{operation}", **asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def outcome(told: dict[str, object], decision: str = "decision") -> object:
    found = told[decision]
    assert isinstance(found, dict)
    return found["outcome"]


def test_in_step_with_the_store_a_stranger_is_unknown(live: LiveService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what follows would prove nothing."""
    assert outcome(ask(live, "identifications")) == "unknown"
    assert told_by_command(live, monkeypatch) == "unknown"


@pytest.mark.usefixtures("a_change_that_has_not_come")
def test_over_http_the_search_is_said_to_be_incomplete(live: LiveService) -> None:
    told = ask(live, "identifications")
    assert outcome(told) == "incomplete"
    assert '"complete": false' in json.dumps(told["decision"])
    assert "The search was incomplete" in json.dumps(told["decision"])
    checked = ask(live, "movement-checks", checkpoint="gate", direction="out")
    assert (checked["passage"], outcome(checked, "identification")) == ("review", "incomplete")
    asked = asking([image_of(live, STRANGER)], subject="P-2", galleries=["inmates"])
    refused = live.client(live.key()).post(f"{OPERATIONS}/enrolments", **asked).json()
    assert refused["outcome"] == "search_incomplete"


@pytest.mark.usefixtures("a_change_that_has_not_come")
def test_on_the_command_line_too(live: LiveService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told_by_command(live, monkeypatch) == "incomplete"
