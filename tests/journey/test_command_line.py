"""The command line as a person types it: every fault is one line and exit status 2."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.live_service import synthetic_fingers

pytestmark = pytest.mark.models

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ENROLLED = 4


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prints")
    synthetic_fingers(folder, ENROLLED + 1, impressions=2)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = tmp_path_factory.mktemp("service")
    environment = {
        **os.environ,
        "BIOMETRIC_DATA_DIR": str(data),
        "BIOMETRIC_FACE_MODEL": "",
    }

    def type_in(*words: object, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "biometric_service", *map(str, words)]
        return subprocess.run(
            command, env=environment | more, capture_output=True, text=True, check=False, cwd=data, timeout=600
        )

    type_in.data = data  # type: ignore[attr-defined]
    return type_in


@pytest.fixture(scope="module")
def enrolled(run: Run, prints: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """P-1 to P-4, each by the first print of a finger: a folder P names them so."""
    folder = tmp_path_factory.mktemp("intake") / "P"
    folder.mkdir()
    for finger in range(1, ENROLLED + 1):
        shutil.copy(prints / f"{finger:05d}_1.png", folder / f"{finger}_1.png")
    done = run("enrol", folder, "--json")
    assert json.loads(done.stdout)["summary"] == {"enrolled": ENROLLED}, done.stderr
    return run


def test_a_folder_is_identified_probe_by_probe(enrolled: Run, prints: Path) -> None:
    done = enrolled("identify", prints, "--samples", "2", "--json")
    outcomes = [(probe["outcome"], probe["subject"]) for probe in json.loads(done.stdout)["probes"]]
    assert outcomes == [*(("match", f"P-{finger}") for finger in range(1, ENROLLED + 1)), ("unknown", None)]


def test_a_claim_is_verified_and_a_movement_checked(enrolled: Run, prints: Path) -> None:
    image = prints / "00002_2.png"
    verified = json.loads(enrolled("verify", image, "--subject", "P-2", "--json").stdout)
    assert verified["decision"]["outcome"] == "match"
    moved = enrolled("movement", image, "--checkpoint", "gate", "--direction", "out", "--claimed", "P-3", "--json")
    answer = json.loads(moved.stdout)
    assert (answer["passage"], answer["subject"]) == ("stop", "P-2")


def test_a_movement_at_a_post_is_a_passage(enrolled: Run, prints: Path) -> None:
    for zone in ("wing", "yard"):
        assert enrolled("places", "set-zone", zone, "--name", zone).returncode == 0
    post = ("set-post", "gate", "--name", "Gate", "--from", "wing", "--to", "yard", "-g", "inmates")
    assert enrolled("places", *post).returncode == 0
    asked = ("movement", prints / "00001_2.png", "--post", "gate", "--direction", "in", "--json")
    passed, again = (json.loads(enrolled(*asked).stdout) for _ in range(2))
    assert (passed["passage"], passed["subject"], passed["zone"]) == ("pass", "P-1", "yard")
    assert (again["passage"], again["ground"], again["discrepancy"]) == ("review", "elsewhere", True)


def test_a_folder_device_gives_the_probe(enrolled: Run, prints: Path, tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes((prints / "00003_2.png").read_bytes())
    done = enrolled("identify", "--device", f"folder://{tmp_path}?dpi=500", "--json")
    assert json.loads(done.stdout)["decision"]["subject"] == "P-3", done.stderr


def test_a_folder_can_be_enrolled_again_and_goes_on_in_spite_of_rubbish(
    enrolled: Run, prints: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "new_1.png").write_bytes((prints / "00005_1.png").read_bytes())
    first = enrolled("enrol", folder, "--json")
    assert (first.returncode, json.loads(first.stdout)["summary"]) == (0, {"enrolled": 1})
    (folder / "rubbish_1.png").write_bytes(b"rubbish")
    second = enrolled("enrol", folder, "--json")
    expected = {"subject_exists": 1, "image_unreadable": 1}
    assert (second.returncode, json.loads(second.stdout)["summary"]) == (2, expected)
    assert enrolled("subjects", "erase", "again-new", "--yes").returncode == 0


def test_a_blank_image_is_answered_with_what_to_do(enrolled: Run, tmp_path: Path) -> None:
    Image.fromarray(np.full((300, 300), 255, np.uint8)).save(tmp_path / "blank.png")
    [probe] = json.loads(enrolled("identify", tmp_path / "blank.png", "--json").stdout)["probes"]
    assert probe["outcome"] == "recapture"
    assert "place the finger" in probe["advice"]


@pytest.mark.parametrize(
    ("words", "more", "code"),
    [
        (("identify", "nowhere.png"), {}, "image_unreadable"),
        (("identify", "."), {}, "request_invalid"),
        (("enrol", "{image}", "--subject", "P-1"), {}, "subject_exists"),
        (("identify", "{image}", "--gallery", "nowhere"), {}, "gallery_unknown"),
        (("verify", "{image}", "--subject", "Nobody"), {}, "subject_unknown"),
        (("verify", "{image}", "--subject", "P-1", "--dpi", "72"), {}, "resolution_unusable"),
        (("verify", "{image}", "--subject", "P-1", "--modality", "face"), {}, "modality_unavailable"),
        (("identify", "--device", "folder:///no/such/folder"), {}, "device_failed"),
        (("settings",), {"BIOMETRIC_PORT": "0"}, "settings_invalid"),
        (("subjects", "list"), {"BIOMETRIC_MASTER_KEY": "00" * 32}, "key_wrong"),
        (("serve",), {"BIOMETRIC_FINGERPRINT_MODEL": "nothing"}, "model_unavailable"),
        (("interchange", "inspect", __file__), {}, "record_unreadable"),
    ],
)
def test_a_fault_is_one_line_and_exit_status_2(
    enrolled: Run, prints: Path, words: tuple[str, ...], more: dict[str, str], code: str
) -> None:
    done = enrolled(*(word.format(image=prints / "00001_2.png") for word in words), **more)
    assert done.returncode == 2
    assert done.stderr.startswith(f"biometric-service: {code}: ")
    assert done.stderr.count("\n") == 1


def test_a_backup_is_verified_and_restored_and_needs_its_key(enrolled: Run, tmp_path: Path) -> None:
    copy, elsewhere, key = tmp_path / "copy.db", tmp_path / "elsewhere", tmp_path / "new.key"
    assert enrolled("backup", "create", copy).returncode == 0
    assert json.loads(enrolled("backup", "verify", copy, "--json").stdout)["references"] == ENROLLED
    old = str(enrolled.data / "master.key")  # type: ignore[attr-defined]
    restored = {"BIOMETRIC_DATA_DIR": str(elsewhere), "BIOMETRIC_MASTER_KEY_FILE": old}
    assert enrolled("backup", "restore", copy, "--without-ledger", **restored).returncode == 0
    *_, told, _reading = json.loads(enrolled("audit", "list", "--json", **restored).stdout)["events"]
    details = {"until": "", "erased_again": "0"}
    assert (told["event"]["kind"], told["event"]["details"]) == ("backup.restored", details)
    assert enrolled("keys", "rotate", key, **restored).returncode == 0
    assert "key_wrong" in enrolled("subjects", "list", **restored).stderr
    listed = enrolled("subjects", "list", "--json", **{**restored, "BIOMETRIC_MASTER_KEY_FILE": str(key)})
    assert len(json.loads(listed.stdout)["subjects"]) == ENROLLED


def test_reading_the_audit_log_is_in_it(enrolled: Run) -> None:
    count = json.loads(enrolled("audit", "verify", "--json").stdout)["events"]
    [last] = json.loads(enrolled("audit", "list", "--after", count, "--json").stdout)["events"]
    assert last["event"]["kind"] == "audit.read"


def test_the_audit_log_is_green_and_red_when_one_byte_is_changed(enrolled: Run) -> None:
    green = enrolled("audit", "verify", "--json")
    assert json.loads(green.stdout)["intact"] is True
    path = enrolled.data / "biometric.db"  # type: ignore[attr-defined]
    with sqlite3.connect(path) as database:
        [body] = database.execute("SELECT body FROM audit_events WHERE number = 3").fetchone()
        changed = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
        database.execute("UPDATE audit_events SET body = ? WHERE number = 3", (changed,))
    database.close()
    red = enrolled("audit", "verify")
    assert red.returncode == 2
    assert "Event 3 " in red.stderr
