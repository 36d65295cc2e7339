"""The station's agent: who may ask it, how a page is paired, and captures with emulated devices that come and go."""

import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from biometric_service.capture.session.judging import Judge
from biometric_service.capture.station.pairing import Pairing
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import Modality
from device_drivers.signing.signer import make_key
from tests.emulators.benches.sbi import SbiBench
from tests.station_agent import OURS, Running, running

pytestmark = pytest.mark.shared_data


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as agent:
        yield agent


@pytest.fixture(scope="module")
def good(shared_data: Path) -> Path:
    return shared_data / "fingerprints" / "fvc2002_db1" / "103_1.png"


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://evil.example",
        "https://enrol.example",
        "http://enrol.example:8443",
        "https://enrol.example:8443/",
        "https://enrol.example:8443.evil.example",
        "https://ENROL.example:8443",
    ],
)
def test_only_the_services_own_page_is_served(agent: Running, origin: str | None) -> None:
    for verb, path in (("GET", "/v1/station"), ("POST", "/v1/pairings"), ("OPTIONS", "/v1/devices")):
        answer = agent.ask(verb, path, origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host", ["enrol.example", "rebound.evil.example:{port}", "127.0.0.1", "127.0.0.1.nip.io:{port}"]
)
def test_a_name_that_was_made_to_lead_here_is_refused(agent: Running, host: str) -> None:
    port = agent.url.rpartition(":")[2]
    answer = agent.ask("GET", "/v1/station", headers={"Host": host.format(port=port)})
    assert (answer.status_code, answer.json()["code"]) == (403, "host_refused")
    assert agent.ask("GET", "/v1/station", headers={"Host": f"localhost:{port}"}).status_code == 200


def test_preflights_of_cors_and_private_network_access_are_answered_for_our_page(agent: Running) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    answer = agent.ask("OPTIONS", "/v1/captures", headers=asked)
    assert answer.status_code == 204
    told = answer.headers
    assert (told["access-control-allow-origin"], told["vary"]) == (OURS, "Origin")
    assert told["access-control-allow-private-network"] == "true"
    assert "Authorization" in told["access-control-allow-headers"]
    assert "access-control-allow-private-network" not in agent.ask("OPTIONS", "/v1/captures").headers
    plain = agent.ask("GET", "/v1/station")
    assert (plain.headers["access-control-allow-origin"], plain.json()["paired"]) == (OURS, False)


def test_a_page_is_paired_once_by_the_code_on_the_terminal(agent: Running) -> None:
    shown: list[str] = []
    agent.pages.parts = replace(agent.pages.parts, show=shown.append)
    for _ in range(2):
        agent.ask("GET", "/v1/station")
    (code,) = shown
    assert agent.ask("GET", "/v1/devices").status_code == 401
    assert agent.ask("POST", "/v1/pairings", json={"code": "AAAA-AAAA"}).json()["code"] == "code_refused"
    made = agent.ask("POST", "/v1/pairings", json={"code": code.lower()})
    assert made.status_code == 201
    page = {"Authorization": f"Bearer {made.json()['token']}"}
    assert agent.ask("GET", "/v1/station", headers=page).json()["paired"] is True
    assert agent.ask("GET", "/v1/devices", headers=page).status_code == 200
    assert agent.ask("POST", "/v1/pairings", json={"code": code}).status_code == 403
    assert agent.ask("GET", "/v1/devices", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_code_cannot_be_guessed_and_grows_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairing = Pairing(tmp_path / "pairing")
    code = pairing.offer()
    assert [pairing.accept("WRONG234") for _ in range(5)] == [None] * 5
    assert pairing.accept(code) is None
    code, now = pairing.offer(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 601)
    assert pairing.accept(code) is None


def test_a_pairing_outlives_the_agent_in_a_file_that_only_its_user_reads(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        page = first.paired()
    file = tmp_path / "state" / "pairing"
    assert file.stat().st_mode & 0o777 == 0o600
    assert page["Authorization"].partition(" ")[2] not in file.read_text()
    with running(tmp_path) as second:
        assert second.ask("GET", "/v1/station", headers=page).json()["paired"] is True
        file.chmod(0o644)
        assert second.ask("GET", "/v1/devices", headers=page).json()["code"] == "permission"
        file.chmod(0o600)
        second.paired()
        assert second.ask("GET", "/v1/devices", headers=page).status_code == 401


def test_devices_are_told_without_their_addresses_and_no_other_can_be_named(tmp_path: Path) -> None:
    with running(tmp_path, "rtsp://guard:secret@camera/stream", f"folder://{tmp_path}") as agent:
        page = agent.paired()
        told = agent.devices(page)
        assert [each["name"].partition(":")[0] for each in told[:2]] == ["rtsp", "folder"]
        assert "secret" not in json.dumps(told)
        answer = agent.ask("POST", "/v1/captures", headers=page, json={"device": "f" * 16, "modality": "face"})
        assert (answer.status_code, answer.json()["code"]) == (503, "not_found")
        wrong: list[object] = [{}, {"device": told[0]["id"]}, {"device": told[0]["id"], "modality": "x"}, [], "x"]
        for asked in wrong:
            assert agent.ask("POST", "/v1/captures", headers=page, json=asked).json()["code"] == "request_invalid"
        assert agent.ask("GET", "/v1/nothing", headers=page).status_code == 404


def test_a_finger_from_a_folder_is_seen_and_taken(tmp_path: Path, good: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    with running(tmp_path, f"folder://{scans}?dpi=500") as agent:
        page = agent.paired()
        (device, *_) = agent.devices(page)
        (scans / "one.png").write_bytes(good.read_bytes())
        told = agent.capture(page, device["id"], fingers=["right_index"], shows=2)
        assert [each["event"] for each in told if each["event"] not in {"seen", "presence"}] == [
            "opened", "asked", "taken", "ended",
        ]  # fmt: skip
        taken = next(each for each in told if each["event"] == "taken")
        assert (taken["position"], taken["dpi"], taken["signature"]) == ("right_index", 500.0, None)
        assert taken["device"].startswith("folder:")
        assert (pixels_of(taken["image"]) == pixels_of(good.read_bytes())).all()
        preview = next(each for each in told if each["event"] == "seen")["picture"]
        assert base64.b64decode(preview).startswith(b"\xff\xd8")
        assert (told[-1]["ending"], told[-1]["reason"]) == ("complete", "")


def test_what_is_captured_whole_is_signed_where_there_is_a_key(tmp_path: Path, good: Path) -> None:
    make_key(tmp_path / "key.pem", tmp_path / "certificate.pem", "scanner-1")
    with running(tmp_path, f"virtual://{good}?dpi=500", key=("scanner-1", tmp_path / "key.pem")) as agent:
        page = agent.paired()
        assert agent.ask("GET", "/v1/station", headers=page).json()["signs"] is True
        (device, *_) = agent.devices(page)
        taken = next(each for each in agent.capture(page, device["id"]) if each["event"] == "taken")
        assert taken["signature"]["device"] == "scanner-1"
        assert len(base64.b64decode(taken["signature"]["signature"])) == 64


def test_a_device_that_shows_nothing_or_goes_says_so_in_time(tmp_path: Path, good: Path) -> None:
    empty, gone = tmp_path / "empty", tmp_path / "gone.png"
    empty.mkdir()
    gone.write_bytes(good.read_bytes())
    with running(tmp_path, f"folder://{empty}", f"virtual://{gone}?dpi=500") as agent:
        page = agent.paired()
        nothing, virtual, *_ = agent.devices(page)
        gone.unlink()
        ended = agent.capture(page, virtual["id"])[-1]
        assert (ended["event"], ended["ending"], ended["reason"]) == ("ended", "failed", "not_found")
        assert "correct the URL" in ended["why"]
        began = time.monotonic()
        ended = agent.capture(page, nothing["id"], seconds=1)[-1]
        assert (ended["ending"], ended["reason"]) == ("timed_out", "timeout")
        assert time.monotonic() - began < 10


def test_a_page_that_goes_away_frees_the_device_for_the_next(tmp_path: Path, good: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    with running(tmp_path, f"folder://{folder}?dpi=500") as agent:
        page = agent.paired()
        (device, *_) = agent.devices(page)
        asked = {"device": device["id"], "modality": "fingerprint", "seconds": 60}
        with httpx.stream("POST", f"{agent.url}/v1/captures", headers=page, json=asked, trust_env=False) as told:
            assert next(told.iter_lines())
            assert agent.ask("POST", "/v1/captures", headers=page, json=asked).json()["code"] == "busy"
        (folder / "one.png").write_bytes(good.read_bytes())
        deadline = time.monotonic() + 60
        while (answer := agent.ask("POST", "/v1/captures", headers=page, json=asked)).status_code == 409:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert '"complete"' in answer.text


def test_the_first_who_asks_has_the_device_also_while_its_models_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    with running(tmp_path, f"folder://{tmp_path}/scans?dpi=500") as agent, ThreadPoolExecutor(1) as first:
        page = agent.paired()
        (device, *_) = agent.devices(page)
        asked = {"device": device["id"], "modality": "fingerprint", "seconds": 1}
        loading, loaded = threading.Event(), threading.Event()

        def slow(modality: Modality) -> Judge:
            loading.set()
            loaded.wait(20)
            raise BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, f"No model for a {modality.value}.", "Fetch it.")

        parts = agent.pages.parts
        agent.pages.parts = replace(parts, judge=slow)
        answer = first.submit(agent.ask, "POST", "/v1/captures", headers=page, json=asked)
        assert loading.wait(20)
        assert agent.ask("POST", "/v1/captures", headers=page, json=asked).json()["code"] == "busy"
        loaded.set()
        assert answer.result().json()["code"] == "model_unavailable"
        agent.pages.parts = parts
        assert agent.capture(page, device["id"], seconds=1)[-1]["ending"] == "timed_out"


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", '"5"'])
def test_how_long_to_capture_is_a_number(tmp_path: Path, seconds: str) -> None:
    with running(tmp_path, f"folder://{tmp_path}?dpi=500") as agent:
        page = agent.paired()
        (device, *_) = agent.devices(page)
        asked = f'{{"device": "{device["id"]}", "modality": "fingerprint", "seconds": {seconds}}}'
        answer = agent.ask("POST", "/v1/captures", headers=page, content=asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


def test_a_real_driver_is_unplugged_while_a_finger_is_awaited(tmp_path: Path, good: Path) -> None:
    with closing(SbiBench(tmp_path)) as bench, running(tmp_path, bench.url) as agent:
        page = agent.paired()
        (device, *_) = agent.devices(page)
        bench.load(pixels_of(good.read_bytes()))
        bench.show()
        told = agent.capture(page, device["id"])
        assert told[-1]["ending"] == "complete", told
        assert [each["event"] for each in told].count("taken") == 1
        bench.unplug()
        ended = agent.capture(page, device["id"])[-1]
        assert (ended["ending"], bool(ended["reason"]), bool(ended["why"])) == ("failed", True, True)


def test_what_the_command_cannot_use_is_refused(tmp_path: Path) -> None:
    wrong = (["--origin", "enrol.example"], ["--origin", f"{OURS}/"], ["--origin", OURS, "--sign-as", "scanner-1"])
    for words in wrong:
        done = CliRunner().invoke(app, ["station", *words, "--pairing", str(tmp_path / "p")])
        assert isinstance(done.exception, BiometricServiceError), words
    done = CliRunner().invoke(app, ["station"])
    assert done.exit_code == 2


def pixels_of(data: bytes | str) -> Any:  # noqa: ANN401
    opened = base64.b64decode(data) if isinstance(data, str) else data
    with Image.open(io.BytesIO(opened)) as image:
        return np.asarray(image.convert("L"))
