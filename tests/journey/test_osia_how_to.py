"""The examples of the guide for integrators do what they say."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from biometric_service.api.osia.contract import OPERATIONS
from tests.http_server import says, server
from tests.osia_service import GALLERY, PEOPLE, Samples, osia_service

GUIDE = Path(__file__).parents[2] / "docs" / "how_to" / "integrate_by_osia.md"


def examples() -> list[str]:
    """Blocks of shell that call the service."""
    blocks = re.findall(r"(?:^    .*\n)+", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks if "curl " in block]


def test_the_table_has_every_operation_with_its_scope() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+) [^`]*` \| `([\w.]+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == {(each.name, each.method, each.scope.value) for each in OPERATIONS}


@pytest.mark.models
@pytest.mark.shared_data
def test_the_examples_work(shared_data: Path, tmp_path: Path) -> None:
    finger, person = PEOPLE["Amelie"]
    pictures = shared_data / "faces" / "lfw_half" / person / f"{person}_0003.jpg"
    (tmp_path / "face.jpg").write_bytes(pictures.read_bytes())
    (tmp_path / "finger.png").write_bytes((shared_data / "fingerprints" / f"{finger}_3.png").read_bytes())
    with server(says(b"", 204)) as port:
        callback = f"http://127.0.0.1:{port}"
        reaching = {"outbound_origins": (callback,), "outbound_networks": ("127.0.0.0/8",)}
        with osia_service(tmp_path / "data", Samples(shared_data), **reaching) as live:
            given = {**os.environ, "URL": live.url, "KEY": live.key(), "CALLBACK": callback}
            enrolled, searched, deferred = (run(block, tmp_path, given) for block in examples())
    assert enrolled[0]["personId"] == "P-1042"
    assert [each["usable"] for each in enrolled[0]["others"]["biometricData"]] == [True, True]
    candidates, verification = searched
    assert [each["personId"] for each in candidates] == ["P-1042"]
    assert verification["decision"] is True
    assert deferred[0]["taskId"]
    assert GALLERY == "residents"


def run(block: str, folder: Path, given: dict[str, str]) -> list[Any]:
    """What the calls of a block answered, one after the other."""
    done = subprocess.run(
        ["bash", "-euc", block], cwd=folder, env=given, capture_output=True, text=True, check=True, timeout=120
    )
    decoder, text, answers = json.JSONDecoder(), done.stdout, []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    return answers
