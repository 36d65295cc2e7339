"""Faults on the wire: the only place that knows the HTTP status of an error code (RFC 9457)."""

import logging
import math
from collections.abc import Container, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from biometric_service.api.failures import record_failure
from biometric_service.api.languages import asked_language
from biometric_service.api.osia.schemas.tasks import Error
from biometric_service.api.request_ids import request_id
from biometric_service.errors import BiometricServiceError, ErrorCode

MEDIA_TYPE = "application/problem+json"
OSIA = "osia"
"""Tag of the routes that write their faults as OSIA does."""
MOST_NAMED = 10
"""How much that is wrong with a request is named at once."""
KNOWN_FROM_HTTP = frozenset({413, 429})
RETRY_AFTER_SECONDS = "1"

STATUS: Mapping[ErrorCode, HTTPStatus] = {
    ErrorCode.IMAGE_UNREADABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.IMAGE_TRUNCATED: HTTPStatus.BAD_REQUEST,
    ErrorCode.IMAGE_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.IMAGE_EMPTY: HTTPStatus.BAD_REQUEST,
    ErrorCode.IMAGE_ANIMATED: HTTPStatus.BAD_REQUEST,
    ErrorCode.RESOLUTION_UNUSABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.TEMPLATE_INVALID: HTTPStatus.BAD_REQUEST,
    ErrorCode.TEMPLATE_VERSION_MISMATCH: HTTPStatus.BAD_REQUEST,
    ErrorCode.REQUEST_INVALID: HTTPStatus.BAD_REQUEST,
    ErrorCode.REQUEST_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.SUBJECT_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.SUBJECT_EXISTS: HTTPStatus.CONFLICT,
    ErrorCode.SUBJECT_MERGED: HTTPStatus.CONFLICT,
    ErrorCode.ENCOUNTER_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.ENCOUNTER_EXISTS: HTTPStatus.CONFLICT,
    ErrorCode.VERSION_MISMATCH: HTTPStatus.PRECONDITION_FAILED,
    ErrorCode.IDEMPOTENCY_KEY_IN_USE: HTTPStatus.CONFLICT,
    ErrorCode.IDEMPOTENCY_KEY_REUSED: HTTPStatus.CONFLICT,
    ErrorCode.GALLERY_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.GALLERY_EXISTS: HTTPStatus.CONFLICT,
    ErrorCode.GALLERY_NOT_EMPTY: HTTPStatus.CONFLICT,
    ErrorCode.DEVICE_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.DEVICE_EXISTS: HTTPStatus.CONFLICT,
    ErrorCode.SEARCH_INCOMPLETE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SAMPLES_UNUSABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.ENROLMENT_REFUSED: HTTPStatus.BAD_REQUEST,
    ErrorCode.TASK_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.SUBSCRIPTION_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.AGREEMENT_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.DISCLOSURE_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.AGENCY_REQUEST_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.SHARING_REFUSED: HTTPStatus.FORBIDDEN,
    ErrorCode.SHARING_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.MESSAGE_REFUSED: HTTPStatus.BAD_REQUEST,
    ErrorCode.DELIVERY_FAILED: HTTPStatus.BAD_GATEWAY,
    ErrorCode.STATISTICS_REFUSED: HTTPStatus.CONFLICT,
    ErrorCode.STATISTICS_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.MODALITY_UNAVAILABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.URL_REFUSED: HTTPStatus.BAD_REQUEST,
    ErrorCode.CHALLENGE_INVALID: HTTPStatus.BAD_REQUEST,
    ErrorCode.CASE_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.CASE_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.PLACE_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.PLACE_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.ORDER_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.MANUAL_CHECK_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.MANUAL_CHECK_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.MUSTER_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.MUSTER_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.RELEASE_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.RELEASE_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.RELEASE_REQUIRED: HTTPStatus.CONFLICT,
    ErrorCode.VISIT_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.VISIT_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.TRANSACTION_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.TRANSACTION_UNREADABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.LATENT_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.LATENT_NOT_MARKED: HTTPStatus.CONFLICT,
    ErrorCode.RECORD_UNREADABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.INTAKE_UNKNOWN: HTTPStatus.NOT_FOUND,
    ErrorCode.INTAKE_CLOSED: HTTPStatus.CONFLICT,
    ErrorCode.CARD_INVALID: HTTPStatus.NOT_FOUND,
    ErrorCode.URL_UNREACHABLE: HTTPStatus.BAD_REQUEST,
    ErrorCode.NOT_AUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.NOT_AUTHORISED: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.TIMED_OUT: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.DEVICE_FAILED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.KEY_WRONG: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.KEY_UNUSABLE: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.RECORD_TAMPERED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.RECORD_REPLAYED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.RIGHTS_REPLAYED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.AUDIT_CHAIN_BROKEN: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.AUDIT_ROLLED_BACK: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.SIGNATURE_INVALID: HTTPStatus.BAD_REQUEST,
    ErrorCode.FRAME_UNSIGNED: HTTPStatus.FORBIDDEN,
    ErrorCode.FRAME_UNTRUSTED: HTTPStatus.FORBIDDEN,
    ErrorCode.FRAME_STALE: HTTPStatus.FORBIDDEN,
    ErrorCode.FRAME_REPLAYED: HTTPStatus.CONFLICT,
    ErrorCode.SLICE_UNTRUSTED: HTTPStatus.BAD_REQUEST,
    ErrorCode.SLICE_ROLLED_BACK: HTTPStatus.CONFLICT,
    ErrorCode.SLICE_EXPIRED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SLICE_INVALID: HTTPStatus.BAD_REQUEST,
    ErrorCode.DEVICE_REVOKED: HTTPStatus.FORBIDDEN,
    ErrorCode.BACKUP_DAMAGED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.STORE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORE_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORE_READ_ONLY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORE_BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORE_DAMAGED: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.STORE_CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.INDEX_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.MODEL_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.MODEL_HASH_MISMATCH: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.MODEL_INVALID: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.MODELS_DIFFER: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SETTINGS_INVALID: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": RETRY_AFTER_SECONDS},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_SECONDS},
}

log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong, for a program (``code``) and for a person (``detail`` and ``action``)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="URN of the kind of fault.", examples=["urn:biometric-service:error:image_truncated"])
    title: str = Field(description="The kind of fault in words.", examples=["Image truncated"])
    status: int = Field(description="The HTTP status of this answer.", examples=[400])
    detail: str = Field(description="What is wrong.", examples=["The image ends before all of its pixels are there."])
    code: ErrorCode = Field(description="Stable name of the kind of fault.")
    action: str = Field(description="What to do about it.", examples=["Send the whole file again."])
    request_id: str = Field(description="Id of the request, as in the service's log.", examples=["0f3c9a"])


def problem_response(fault: BiometricServiceError, status: HTTPStatus | None = None) -> Response:
    """The fault as an answer, in the language that is asked for; ``status`` where HTTP has a more exact one."""
    status, language = status or STATUS[fault.code], asked_language()
    problem = Problem(
        type=f"urn:biometric-service:error:{fault.code.value}",
        title=fault.code.value.replace("_", " ").capitalize(),
        status=status,
        detail=fault.what.told(language),
        code=fault.code,
        action=fault.do.told(language),
        request_id=request_id(),
    )
    return Response(problem.model_dump_json(), status, _headers(fault, status), MEDIA_TYPE)


def _headers(fault: BiometricServiceError, status: HTTPStatus) -> dict[str, str]:
    headers = dict(HEADERS.get(status, {}))
    if fault.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(fault.retry_after_s)))
    return headers


def osia_error(fault: BiometricServiceError, documented: Container[int]) -> Error:
    """The fault as OSIA writes one.

    A status that its contract has not for the operation becomes 400 or 500, unless a client has to know it from HTTP;
    its contract has no 401, so that whoever is not known is told 403.
    """
    status = STATUS[fault.code]
    if status is HTTPStatus.UNAUTHORIZED:
        status = HTTPStatus.FORBIDDEN
    if status not in documented and status not in KNOWN_FROM_HTTP:
        of_caller = status < HTTPStatus.INTERNAL_SERVER_ERROR
        status = HTTPStatus.BAD_REQUEST if of_caller else HTTPStatus.INTERNAL_SERVER_ERROR
    return Error(code=status, message=str(fault))


def osia_response(fault: BiometricServiceError, documented: Container[int]) -> Response:
    """The fault as an answer of an OSIA operation; ``documented``: its statuses."""
    error = osia_error(fault, documented)
    return Response(error.model_dump_json(), error.code, _headers(fault, STATUS[fault.code]), "application/json")


def invalid_request(faults: Sequence[Mapping[str, Any]]) -> BiometricServiceError:
    """What a validation found, without the values that were sent: they may be biometric data."""
    found = "; ".join(f"{_place(fault)}: {fault['msg'].removeprefix('Value error, ')}" for fault in faults[:MOST_NAMED])
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID, f"The request is not valid ({found}).", "Correct it as /openapi.json describes."
    )


def _place(fault: Mapping[str, Any]) -> str:
    return ".".join(map(str, fault["loc"])) or "body"


def install(api: FastAPI) -> None:
    """Have every fault answered as a problem, whatever raised it."""
    api.add_exception_handler(BiometricServiceError, _answer_fault)
    api.add_exception_handler(RequestValidationError, _answer_validation)
    api.add_exception_handler(HTTPException, answer_http)


def unexpected(fault: Exception, scope: Scope) -> Response:
    """An exception that nobody foresaw: its trace goes into the log and stays off the wire."""
    log.error("unexpected fault", exc_info=fault)
    return _written(unforeseen(), scope)


def unforeseen() -> BiometricServiceError:
    """What a caller is told of a fault that nobody foresaw."""
    return BiometricServiceError(
        ErrorCode.INTERNAL, "The service failed to answer.", "Report it to the operator, with the id of the request."
    )


def _written(fault: BiometricServiceError, scope: Scope) -> Response:
    """The fault in the form of the interface that was asked."""
    route = scope.get("route")
    if isinstance(route, APIRoute) and OSIA in route.tags:
        return osia_response(fault, {int(status) for status in route.responses})
    return problem_response(fault)


async def _answer_fault(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, BiometricServiceError)
    await run_in_threadpool(record_failure, request, fault)
    if STATUS[fault.code] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s", fault)
    return _written(fault, request.scope)


async def _answer_validation(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    return problem_response(invalid_request(fault.errors()))


async def answer_http(request: Request, fault: Exception) -> Response:
    """What no operation answered: an address that leads nowhere, a method that is not taken."""
    assert isinstance(fault, HTTPException)
    status = HTTPStatus(fault.status_code)
    error = BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        f"{(status.description or status.phrase).rstrip('.')}.",
        "See /openapi.json for what there is.",
    )
    answer = problem_response(error, status)
    answer.headers.update(fault.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED and (allowed := _allowed(request)):
        answer.headers["Allow"] = allowed
    return answer


def _allowed(request: Request) -> str:
    """Every method of a path; the router knows them one by one."""
    path = getattr(request.scope.get("route"), "path", "")
    return ", ".join(sorted(method.upper() for method in request.app.openapi()["paths"].get(path, ())))
