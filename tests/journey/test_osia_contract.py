"""OSIA's own contract, read as it was published, against the table of operations and against the running service."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from biometric_service.api.osia.contract import OPERATIONS
from biometric_service.api.osia.operation import Operation
from tests.osia_service import PEOPLE, Samples, osia_service

pytestmark = pytest.mark.shared_data

CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance"
REAL = """
[[operations]]
include-operation-id-regex = "^(read|identify|verify|updateEncounter|createEncounterNoId$)"
parameters = { personId = "P-Atal", encounterId = "E-1", galleryId = "residents" }
"""


@pytest.fixture(scope="module")
def contract(shared_data: Path) -> Path:
    path = shared_data.parent / "specs" / "osia" / "abis-1.6.0-osia-7.1.yaml"
    if not path.is_file():
        pytest.skip(f"no contract at {path}")
    return path


@pytest.fixture(scope="module")
def published(contract: Path) -> dict[str, Any]:
    return {
        operation["operationId"]: {"path": path, "method": method, **operation}
        for path, methods in yaml.safe_load(contract.read_text(encoding="utf-8"))["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_of_the_contract_is_there_and_no_other(published: dict[str, Any]) -> None:
    assert len(OPERATIONS) == len(published) == 22
    assert {each.name for each in OPERATIONS} == published.keys()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_an_operation_is_as_the_contract_says(operation: Operation[Any, Any], published: dict[str, Any]) -> None:
    wanted = published[operation.name]
    assert (f"/v1{operation.path}", operation.method) == (wanted["path"], wanted["method"].upper())
    assert [operation.scope.value] == wanted["security"][0]["BearerAuth"]
    assert {str(status) for status in operation.statuses} == wanted["responses"].keys()
    read = {field.alias for field in operation.parameters.model_fields.values()}
    assert {each["name"] for each in wanted["parameters"]} <= read
    needed = {each["name"] for each in wanted["parameters"] if each["required"]}
    assert needed == {field.alias for field in operation.parameters.model_fields.values() if field.is_required()}
    assert operation.body_needed == wanted.get("requestBody", {}).get("required", False)


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_schemathesis_finds_no_fault(contract: Path, shared_data: Path, tmp_path: Path) -> None:
    assert PEOPLE["Atal"]
    (tmp_path / "schemathesis.toml").write_text(REAL, encoding="utf-8")
    program = Path(sys.executable).parent / "schemathesis"
    phases = ("--phases", "examples,coverage", "--checks", CHECKS, "--continue-on-failure", "--warnings", "off")
    with osia_service(tmp_path / "data", Samples(shared_data)) as live:
        authorised = ("--url", live.url, "--header", f"Authorization: Bearer {live.key()}")
        command = (program, "run", str(contract), *phases, "--request-timeout", "120", "--seed", "1", *authorised)
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-10_000:]
    assert "Tested: 22" in done.stdout
