"""What /openapi.json tells a stranger is complete and true."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from biometric_service.api.operations import OPERATIONS
from biometric_service.app.service import open_service
from biometric_service.app.serving import build_application
from tests.live_service import without_models


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    with open_service(without_models(tmp_path_factory.mktemp("data"))) as service:
        yield build_application(service).openapi()


def operations(described: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_of_ours_asks_for_a_key(described: Mapping[str, Any]) -> None:
    for path, _, operation in operations(described):
        assert bool(operation.get("security")) == (path not in {"/healthz", "/readyz"}), path


def test_every_fault_is_a_problem_and_none_is_422(described: Mapping[str, Any]) -> None:
    for path, _, operation in operations(described):
        assert "422" not in operation["responses"], path
        assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}


def test_every_recognition_takes_json_and_forms(described: Mapping[str, Any]) -> None:
    taken = {
        path.removeprefix(OPERATIONS): set(operation["requestBody"]["content"])
        for path, _, operation in operations(described)
        if "recognition" in operation["tags"]
    }
    assert taken.pop("/comparisons") == {"application/json"}  # of subjects that are enrolled: no images
    assert taken.pop("/challenges") == {"application/json"}  # of nobody's images yet
    assert len(taken) == 8
    assert all(types == {"application/json", "multipart/form-data"} for types in taken.values())


def test_every_operation_and_field_is_described(described: Mapping[str, Any]) -> None:
    for path, method, operation in operations(described):
        assert operation.get("description"), (path, method)
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (path, parameter["name"])
    schemas = described["components"]["schemas"]
    for name, schema in schemas.items():
        for field, shown in schema.get("properties", {}).items():
            assert shown.get("description") or schemas[shown["$ref"].split("/")[-1]]["description"], (name, field)


def test_every_reference_leads_somewhere(described: Mapping[str, Any]) -> None:
    there = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert set(references(described)) <= there


def references(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        if "$ref" in part:
            yield str(part["$ref"])
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_guide_names_every_operation_with_its_scope() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "how_to" / "call_the_api.md").read_text("utf-8")
    assert OPERATIONS in guide
    for scope in (
        "identify",
        "verify",
        "encounter.write",
        "encounter.read",
        "movement",
        "gallery.read",
        "gallery.write",
    ):
        assert f"`abis.{scope}`" in guide
