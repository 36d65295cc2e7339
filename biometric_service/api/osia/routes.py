"""The routes of OSIA's operations: one way in for all of them, at once or as a task."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from biometric_service.api.errors import OSIA
from biometric_service.api.osia.answer import CSV, JSON, Body, as_csv, status_of, wants_csv, written
from biometric_service.api.osia.contract import OPERATIONS
from biometric_service.api.osia.deferring import defer
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.fetching import addresses_in, fetch
from biometric_service.api.osia.operation import AnyOperation
from biometric_service.api.osia.profiles import seconds_for
from biometric_service.api.osia.protection import may_be_protected
from biometric_service.api.osia.schemas.parameters import Comparison, Deferrable, GalleryReading, Parameters
from biometric_service.api.osia.threads import Threads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import ANY_PURPOSE

PREFIX = "/v1"
PURPOSE, DEVICE = "X-Purpose", "X-Device"
"""Headers in which a caller says what an answer is for, and where it asks from."""
OTHERWISE = "osia"
"""The purpose of a call that states none, of a caller that has not exactly one."""
LONGEST_WORD = 128


def osia_router(threads: Threads) -> APIRouter:
    """All of them; the contract describes them, so that this service's own description does not."""
    router = APIRouter(prefix=PREFIX, tags=[OSIA], include_in_schema=False)
    for operation in OPERATIONS:
        router.add_api_route(
            operation.path,
            _endpoint(operation, threads),
            methods=[operation.method],
            name=operation.name,
            response_model=None,
            responses={status: {} for status in operation.statuses},
        )
    return router


def _endpoint(operation: AnyOperation, threads: Threads) -> Callable[..., Awaitable[Response]]:
    async def serve(
        request: Request,
        admission: Annotated[Admission, Depends(requires(operation.scope))],
        services: ServicesOf,
    ) -> Response:
        asked = operation.read_parameters({**request.query_params, **request.path_params})
        callback = asked.callback if isinstance(asked, Deferrable) else None
        if operation.recognises and not callback:
            threads.recognition.require_room()
        text, sent = await _read(threads, services, operation, await _text(request))
        errand = await _errand(request, admission, services, operation, asked, sent)
        if callback:
            taken = await run_in_threadpool(defer, errand, admission.key, operation, asked, callback, text)
            return Response(written(taken), HTTPStatus.ACCEPTED, media_type=JSON)
        body = await _done(operation, threads, errand, asked, sent)
        return _answer(request, asked, body)

    return serve


async def _read(threads: Threads, services: Services, operation: AnyOperation, body: bytes) -> tuple[bytes, BaseModel]:
    """The body in the clear, as text and as what it says; opening one has threads of its own."""
    sent = await run_in_threadpool(_unprotected, operation, body)
    if sent is not None:
        return body, sent
    return await threads.opening.run(_opened, services, operation, body)


def _unprotected(operation: AnyOperation, body: bytes) -> BaseModel | None:
    """What a body says; None for one that may be protected."""
    return None if may_be_protected(body) else operation.read_body(body)


def _opened(services: Services, operation: AnyOperation, body: bytes) -> tuple[bytes, BaseModel]:
    text = services.protected.opened(body)
    return text, operation.read_body(text)


async def _text(request: Request) -> bytes:
    text = await request.body()
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if text and media_type != JSON:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, f"The content type is {media_type[:LONGEST_WORD]!r}.", f"Send {JSON}."
        )
    return text


async def _errand(  # noqa: PLR0913, PLR0917 - what a caller is let in for
    request: Request,
    admission: Admission,
    services: Services,
    operation: AnyOperation,
    asked: Parameters,
    sent: BaseModel,
) -> Errand:
    purpose = _word(request, PURPOSE) or _own_purpose(admission)
    caller = await admission.caller(purpose, operation.galleries(asked, sent), _word(request, DEVICE))
    return Errand(services, replace(caller, transaction=asked.transaction_id), admission.key.galleries)


def _own_purpose(admission: Admission) -> str:
    purposes = admission.key.purposes
    return next(iter(purposes)) if len(purposes) == 1 and ANY_PURPOSE not in purposes else OTHERWISE


def _word(request: Request, header: str) -> str:
    value = request.headers.get(header, "").strip()
    if len(value) > LONGEST_WORD or not value.isprintable():
        message = f"The header {header} is too long or not printable."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, f"Give up to {LONGEST_WORD} characters.")
    return value


async def _done(operation: AnyOperation, threads: Threads, errand: Errand, asked: Parameters, sent: BaseModel) -> Body:
    if not operation.recognises:
        return await run_in_threadpool(operation.work, errand, asked, sent)
    most = errand.services.settings.recognition_seconds
    seconds = seconds_for(asked, most) if isinstance(asked, Comparison) else most
    try:
        return await asyncio.wait_for(_recognised(operation, threads, errand, asked, sent, seconds), seconds)
    except TimeoutError:
        message = f"No answer within {seconds:g} s."
        what_to_do = "Ask for a lower serviceLevel where there is one, or send less at a time."
        raise BiometricServiceError(ErrorCode.TIMED_OUT, message, what_to_do) from None


async def _recognised(  # noqa: PLR0913, PLR0917 - all of a call
    operation: AnyOperation, threads: Threads, errand: Errand, asked: Parameters, sent: BaseModel, seconds: float
) -> Body:
    """Done by the processor once all that it needs is here."""
    sides, until, services = operation.items(sent), time.monotonic() + seconds, errand.services
    if addresses_in(sides):
        fetched = await threads.fetching.run(fetch, services.outbound, services.settings, sides, until)
        errand = replace(errand, fetched=fetched)
    return await threads.recognition.run(operation.work, errand, asked, sent)


def _answer(request: Request, asked: Parameters, body: Body) -> Response:
    status = status_of(body)
    if status == status.NO_CONTENT:
        return Response(status_code=status)
    if isinstance(asked, GalleryReading) and wants_csv(request.headers.get("accept", "")):
        return Response(as_csv(body), status, media_type=CSV)  # type: ignore[arg-type]
    return Response(written(body), status, media_type=JSON)
