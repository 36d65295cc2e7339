"""Places, musters and releases on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biometric_service.app.service import settings_store
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import load_settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.statements import read_statement
from tests.prison_day import WING, enrol, place, set_up


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    with settings_store(load_settings()) as opened:
        day = set_up(opened)
        enrol(opened, 1, 2)
        place(day, 1, WING)
    return tmp_path


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == status, (done.output, done.exception)
    return done.output


def test_a_movement_is_refused_at_a_post_that_is_not_there_or_listens_to_its_devices(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in ("FINGERPRINT", "FACE"):
        monkeypatch.setenv(f"BIOMETRIC_{model}_MODEL", "")
    image = data / "scan.png"
    image.write_bytes(b"no image is read")
    run(
        "places",
        "set-post",
        "sally",
        "--name",
        "Sally",
        "--from",
        "wing",
        "--to",
        "yard",
        "-g",
        "inmates",
        "--device",
        "d",
    )
    asked = ("movement", str(image), "--direction", "in")
    for where, code in (
        (("--post", "sally"), ErrorCode.NOT_AUTHORISED),
        (("--post", "none"), ErrorCode.PLACE_UNKNOWN),
        (("--post", "gate", "-g", "visitors"), ErrorCode.REQUEST_INVALID),
        ((), ErrorCode.REQUEST_INVALID),
    ):
        with pytest.raises(BiometricServiceError) as refused:
            CliRunner().invoke(app, [*asked, *where], catch_exceptions=False)
        assert refused.value.code is code, where


def test_places_are_set_up_and_people_found(data: Path) -> None:
    assert data.is_dir()
    run("places", "set-zone", "chapel", "--name", "Chapel", "--capacity", "40")
    run("places", "set-post", "arch", "--name", "Arch", "--from", "wing", "--to", "chapel", "-g", "inmates")
    zones = {each["id"]: each["capacity"] for each in json.loads(run("places", "zones", "--json"))["zones"]}
    assert (zones["chapel"], zones["wing"]) == (40, None)
    assert "arch" in run("places", "posts")
    order = run("places", "order", "-g", "inmates", "--subject", "P-1", "--to", "chapel", "--why", "other").strip()
    listed = json.loads(run("places", "orders", "--json"))["orders"]
    assert [(each["id"], each["subject"]) for each in listed] == [(order, "P-1")]
    assert order in run("places", "orders")
    run("places", "cancel-order", order)
    assert json.loads(run("places", "orders", "--json"))["orders"] == []
    counts = json.loads(run("places", "where", "-g", "inmates", "--json"))["counts"]
    assert {each["zone"]: each["people"] for each in counts} == {"wing": 1, None: 1}
    assert "P-1: wing" in run("places", "where", "P-1")
    run("places", "drop-post", "arch")
    run("places", "drop-zone", "chapel")


def test_a_muster_is_started_and_closed_with_its_report(data: Path) -> None:
    muster = run("muster", "start", "-g", "inmates").strip()
    assert "0 of 2 counted, 0 elsewhere, 2 missing" in run("muster", "board", muster, status=1)
    with pytest.raises(BiometricServiceError) as open_still:
        CliRunner().invoke(app, ["muster", "report", muster, "-o", str(data / "m.csv")], catch_exceptions=False)
    assert open_still.value.code is ErrorCode.MUSTER_CONFLICT
    assert read_statement(run("muster", "close", muster).strip()).fields["figures"]["missing"] == 2
    for ending in ("csv", "pdf", "json"):
        run("muster", "report", muster, "-o", str(data / f"m.{ending}"))
        assert (data / f"m.{ending}").stat().st_size > 100
    run("muster", "report", muster, "-o", str(data / "es.csv"), "--language", "es")
    assert (data / "es.csv").read_text("utf-8").startswith("persona,estado,")
    assert json.loads(run("muster", "verify", str(data / "m.json")))["figures"]["missing"] == 2
    (data / "m.json").write_text((data / "m.json").read_text().replace("P-2", "P-3"))
    with pytest.raises(BiometricServiceError) as changed:
        CliRunner().invoke(app, ["muster", "verify", str(data / "m.json")], catch_exceptions=False)
    assert changed.value.code is ErrorCode.SIGNATURE_INVALID
    assert muster in run("muster", "list")


def test_a_release_waits_for_what_stands_against_it(data: Path) -> None:
    assert data.is_dir()
    release = run("release", "open", "P-1", "-g", "inmates", "--legal-basis", "order 12/26").strip()
    with pytest.raises(BiometricServiceError) as refused:
        CliRunner().invoke(app, ["release", "confirm", release], catch_exceptions=False)
    assert refused.value.code is ErrorCode.RELEASE_CONFLICT
    [kept] = json.loads(run("release", "list", "--json"))["releases"]
    assert (kept["state"], kept["blocks"][0]["kind"]) == ("open", "not_checked")
    assert "not_checked" in run("release", "list")
    run("release", "cancel", release)
    assert json.loads(run("release", "list", "--json"))["releases"] == []
    assert "visitor" in run("visits")


def test_a_key_is_made_for_a_role(data: Path) -> None:
    assert data.is_dir()
    run("api-keys", "create", "gate", "--role", "checkpoint-device", "--scope", "abis.verify")
    [key] = json.loads(run("api-keys", "list", "--json"))["api_keys"]
    assert set(key["scopes"]) == {Scope.MOVEMENT, Scope.PLACE_READ, Scope.VERIFY}


def test_keys_that_nobody_owns_are_named_where_they_count_as_officers(data: Path) -> None:
    assert data.is_dir()
    run("api-keys", "create", "Ana", "--role", "release-officer", "--owner", "4711")
    run("api-keys", "create", "gate", "--role", "checkpoint-device")
    run("api-keys", "create", "Luis", "--role", "reviewer")
    listed = CliRunner().invoke(app, ["api-keys", "list"], catch_exceptions=False)
    assert "4711" in listed.stdout
    [said] = listed.stderr.splitlines()
    assert "(Luis) has no owner" in said
    keys = json.loads(run("api-keys", "list", "--json"))["api_keys"]
    assert {key["name"]: key["owner"] for key in keys} == {"Ana": "4711", "gate": "", "Luis": ""}
