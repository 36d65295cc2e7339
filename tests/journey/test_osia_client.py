"""A client that a public generator makes of OSIA's contract works with this service, as that of another system."""

import base64
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.http_server import says, server
from tests.live_service import LiveService
from tests.osia_service import GALLERY, Samples, osia_service

pytestmark = [pytest.mark.shared_data, pytest.mark.models]

NAME = "generated_osia_client"


class Generated:
    """The generated client, signed in; ``call`` is one of its operations."""

    def __init__(self, url: str, key: str) -> None:
        self._client = module("client").AuthenticatedClient(base_url=url, token=key, timeout=60)

    def close(self) -> None:
        self._client.get_httpx_client().close()

    def call(self, tag: str, operation: str, *path: str, **more: Any) -> Any:  # noqa: ANN401
        asked = module(f"api.{tag}.{operation}").sync_detailed
        answer = asked(*path, client=self._client, transaction_id="T-generated", **more)
        return answer.parsed if answer.content else answer.status_code.value


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{NAME}.{name}")


def model(name: str, known: dict[str, Any]) -> Any:  # noqa: ANN401
    return getattr(module("models"), name).from_dict(known)


@pytest.fixture(scope="module")
def _generated(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    contract = shared_data.parent / "specs" / "osia" / "abis-1.6.0-osia-7.1.yaml"
    folder = tmp_path_factory.mktemp("generated")
    programs = Path(sys.executable).parent
    command = (programs / "openapi-python-client", "generate", "--path", contract, "--meta", "none")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [*command, "--output-path", folder / NAME], check=True, capture_output=True, env={**os.environ, "PATH": path}
    )
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.partition(".")[0] == NAME]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def receiver() -> Iterator[tuple[str, list[str]]]:
    taken: list[str] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        taken.append(request.path)
        says(b"", 500 if len(taken) == 1 else 204)(request)

    with server(take) as port:
        yield f"http://127.0.0.1:{port}", taken


@pytest.fixture(scope="module")
def live(
    shared_data: Path, receiver: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    outward = {"outbound_origins": (receiver[0],), "outbound_networks": ("127.0.0.0/8",), "task_attempts": 1}
    outward |= {"outbound_seconds": 60}
    with osia_service(tmp_path_factory.mktemp("osia"), Samples(shared_data), **outward) as live:
        yield live


@pytest.fixture
def generated(_generated: None, live: LiveService) -> Iterator[Generated]:
    generated = Generated(live.url, live.key())
    yield generated
    generated.close()


def test_it_enrols_identifies_verifies_and_merges(generated: Generated, shared_data: Path) -> None:
    samples = Samples(shared_data)
    known = {"encounterId": "", "status": "ACTIVE", "encounterType": "booking", "galleries": ["generated"]}
    sent = model("Encounter", {**known, "biometricData": [samples.finger("Amelie", 3), samples.face("Amelie", 3)]})
    ids = generated.call("crud", "create_encounter_no_ids", body=sent)
    again = model("Encounter", {**known, "biometricData": [samples.finger("Amelie", 4)]})
    other = generated.call("crud", "create_encounter_no_ids", body=again)

    probe = {"filter": {"biometricType": ["FINGER"]}, "biometricData": [samples.finger("Amelie", 2)]}
    candidates = generated.call("search", "identify", "generated", body=model("IdentifyRequest", probe))
    assert {each.person_id for each in candidates} == {ids.person_id, other.person_id}
    assert [each.rank for each in candidates] == [1, 2]

    claim = model("VerifyFromIdRequest", {"biometricData": [samples.face("Amelie", 2)]})
    assert generated.call("search", "verify_from_id", "ALL", ids.person_id, body=claim).decision is True
    stranger = model("VerifyFromIdRequest", {"biometricData": [samples.face("Andre", 2)]})
    assert generated.call("search", "verify_from_id", "ALL", ids.person_id, body=stranger).decision is False

    assert generated.call("crud", "merge_encounter", ids.person_id, other.person_id) == 204
    encounters = generated.call("crud", "read_all_encounters", ids.person_id)
    assert {each.encounter_id for each in encounters} == {ids.encounter_id, other.encounter_id}
    first = next(each for each in encounters if each.encounter_id == ids.encounter_id)
    image = base64.b64decode(first.biometric_data[0].image)
    assert image == base64.b64decode(samples.finger("Amelie", 3)["image"])
    computed = generated.call("crud", "read_template", ids.person_id, ids.encounter_id)
    assert {each.biometric_type.value for each in computed} == {"FINGER", "FACE"}
    listed = generated.call("gallery", "read_gallery_content", "generated")
    assert [each.person_id for each in listed] == [ids.person_id] * 2
    assert {GALLERY, "generated"} <= set(generated.call("gallery", "read_galleries"))
    assert generated.call("crud", "delete_all", ids.person_id) == 204
    assert "message" in generated.call("crud", "create_encounter_no_ids", body=model("Encounter", bad(known))).to_dict()


def bad(known: dict[str, Any]) -> dict[str, Any]:
    return {**known, "biometricData": [{"biometricType": "FINGER", "image": "not base64"}]}


def test_it_asks_for_a_result_once_more(generated: Generated, receiver: tuple[str, list[str]]) -> None:
    url, taken = receiver
    task = generated.call("gallery", "read_galleries", callback=f"{url}/callback").task_id
    assert wait_until_settled(generated, task) == "RESPONSE_ERROR"
    assert generated.call("task", "redeliver_task_result", task) == 204
    assert wait_until_settled(generated, task) == "COMPLETED"
    assert len(taken) == 2
    assert all(f"taskId={task}" in path for path in taken)


def wait_until_settled(generated: Generated, task: str) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        status: str = generated.call("task", "read_task_status", task).value
        if status in {"COMPLETED", "RESPONSE_ERROR"}:
            return status
        time.sleep(0.05)
    raise AssertionError("the task was never settled")
