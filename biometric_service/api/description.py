"""The OpenAPI description: what FastAPI makes of the routes, and what it cannot know."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from biometric_service.api.errors import MEDIA_TYPE, Problem
from biometric_service.api.operations.bodies import (
    BatchBody,
    EncounterBody,
    EnrolmentBody,
    FewBody,
    IdentificationBody,
    MovementBody,
    VerificationBody,
)
from biometric_service.api.operations.challenge_wire import ChallengeAnswerBody
from biometric_service.api.operations.intake_bodies import IntakeCaptureBody
from biometric_service.api.operations.muster_wire import MusterCheckBody
from biometric_service.api.operations.release_wire import LeavingBody, ReleaseCheckBody, VisitBody
from biometric_service.api.operations.sharing_bodies import AgencyRequestBody

REFERENCE = "#/components/schemas/{model}"
PROBLEM = {
    "description": "What went wrong and what to do about it (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model=Problem.__name__)}}},
}
READ_BY_US: tuple[type[BaseModel], ...] = (
    AgencyRequestBody,
    BatchBody,
    ChallengeAnswerBody,
    EncounterBody,
    EnrolmentBody,
    FewBody,
    IdentificationBody,
    IntakeCaptureBody,
    LeavingBody,
    MovementBody,
    MusterCheckBody,
    ReleaseCheckBody,
    VerificationBody,
    VisitBody,
    Problem,
)


def install(api: FastAPI) -> None:
    """Have the application describe itself so, once."""

    def describe() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _described(api)
        return api.openapi_schema

    api.openapi = describe  # type: ignore[method-assign]


def _described(api: FastAPI) -> dict[str, Any]:
    described = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, ours = models_json_schema([(model, "validation") for model in READ_BY_US], ref_template=REFERENCE)
    schemas.update(ours["$defs"])
    for operation in _operations(described):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = PROBLEM
    return described


def _operations(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in described["paths"].values():
        yield from path.values()
