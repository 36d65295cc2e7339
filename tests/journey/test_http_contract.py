"""Our own description against the running service, and requests that nobody would send on purpose."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.service.mutations import attack
from benchmarks.service.running import Running
from biometric_service.settings import Settings
from tests.live_service import OPERATIONS, LiveService, live_service

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.timeout(1200)]
PATIENCE_S = 120
CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    free: dict[str, Any] = {"caller_rate": 1e6, "caller_burst": 1e6, "caller_concurrency": 1000}
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), face_model="", failures_per_minute=1e6, **free)
    with live_service(settings) as live:
        live.gallery("residents")
        live.subject("P-1042", "residents")
        yield live


def test_schemathesis_finds_no_fault_in_our_own_operations(live: LiveService, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "schemathesis"
    phases = ("--phases", "examples,coverage", "--checks", CHECKS, "--continue-on-failure", "--warnings", "off")
    patient = ("--request-timeout", str(PATIENCE_S))
    authorised = ("--header", f"Authorization: Bearer {live.key()}")
    endless = ("--exclude-path", f"{OPERATIONS}/events")
    command = (program, "run", f"{live.url}/openapi.json", *phases, *endless, *patient, "--seed", "1", *authorised)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-10_000:]


def test_mutated_requests_get_an_answer_and_never_a_fault_of_ours(live: LiveService, tmp_path: Path) -> None:
    service = Running(live.url, live.key(), os.getpid(), tmp_path)
    done = attack(service, 5, seed=1, slowest_s=PATIENCE_S)
    assert done.returncode == 0, done.stdout[-10_000:]
    assert service.requests() > 100
