"""What is round every page: who is not signed in goes to sign in, and what goes wrong is said in words."""

import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.responses import Response

from biometric_service.api.access.certificates import fingerprint_of_client
from biometric_service.api.access.sessions import SAFE_METHODS, Session, session_of
from biometric_service.api.errors import HEADERS, STATUS, answer_http, invalid_request, unforeseen
from biometric_service.api.failures import record_failure
from biometric_service.api.request_ids import request_id
from biometric_service.api.security import entrance_of, principal_of
from biometric_service.console.rendering import rendered
from biometric_service.errors import BiometricServiceError, ErrorCode

SIGN_IN = "/sign-in"
PREFERENCES = "/preferences"
OPEN = frozenset({SIGN_IN, PREFERENCES})
"""Paths for which nobody has to be signed in."""
REFRESH_HEADER = "X-Refresh"
"""A page asks for a part of itself by the clock, not by somebody's hand: that keeps no session alive."""

log = logging.getLogger(__name__)


class PageRoute(APIRoute):
    """A route whose faults are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with what is round it."""
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            response = await _answered(request, handle)
            _keep_session(request, response)
            return response

        return handle_page


def page_router() -> APIRouter:
    """A router for the pages of one area."""
    return APIRouter(include_in_schema=False, default_response_class=HTMLResponse, route_class=PageRoute)


def problem_page(request: Request, fault: BiometricServiceError, status: HTTPStatus | None = None) -> Response:
    """A fault as a page: what is wrong, what to do, and under which id the operator finds it."""
    status = status or STATUS[fault.code]
    response = rendered(request, "problem.html", {"fault": fault, "request_id": request_id()}, status)
    response.headers.update(HEADERS.get(status, {}))
    return response


async def answer_missing(request: Request, fault: Exception) -> Response:
    """A page where an address leads nowhere, with a menu for who is signed in; programs get a problem."""
    if request.method not in SAFE_METHODS or "text/html" not in request.headers.get("accept", ""):
        return await answer_http(request, fault)
    with suppress(BiometricServiceError):
        if _says_who(request):
            request.state.principal = await principal_of(request, entrance_of(request))
    return problem_page(
        request, BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "no_such_page"), HTTPStatus.NOT_FOUND
    )


async def _answered(request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    try:
        _require_own_origin(request)
        if request.url.path not in OPEN and not _says_who(request):
            return _to_sign_in(request)
        return await handle(request)
    except BiometricServiceError as fault:
        return await _told(request, fault)
    except RequestValidationError as fault:
        return problem_page(request, invalid_request(fault.errors()))
    except Exception:
        log.exception("unexpected fault")
        return problem_page(request, unforeseen())


async def _told(request: Request, fault: BiometricServiceError) -> Response:
    if fault.code is ErrorCode.NOT_AUTHENTICATED and request.url.path != SIGN_IN:
        return _to_sign_in(request)
    await run_in_threadpool(record_failure, request, fault)
    if STATUS[fault.code] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s", fault)
    return problem_page(request, fault)


def _says_who(request: Request) -> bool:
    """Whether the request says who makes it; whether that is so is for the gate to say."""
    entrance = entrance_of(request)
    given = any(name in request.headers for name in ("authorization", "x-api-key"))
    return (
        given or entrance.sessions.read(request) is not None or bool(fingerprint_of_client(request, entrance.trusted))
    )


def _to_sign_in(request: Request) -> Response:
    """To the page where one signs in, and back from there."""
    back = request.url.path if request.method in SAFE_METHODS else "/"
    query = f"?{request.url.query}" if request.url.query and request.method in SAFE_METHODS else ""
    response = RedirectResponse(f"{SIGN_IN}?next={quote(back + query, safe='')}", HTTPStatus.SEE_OTHER)
    entrance_of(request).sessions.forget(response)
    return response


def _require_own_origin(request: Request) -> None:
    """NOT_AUTHORISED for what another site's page sends."""
    if request.method in SAFE_METHODS or _is_own(request):
        return
    raise BiometricServiceError(
        ErrorCode.NOT_AUTHORISED,
        "The form was not sent by a page of this service.",
        "Open the page here and try again.",
    )


def _is_own(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site:
        return site == "same-origin"
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "")


def _keep_session(request: Request, response: Response) -> None:
    """Write the session where it is new, changed or was used; a page that refreshes itself does not use it."""
    sessions, before = entrance_of(request).sessions, session_of(request)
    after: Session | None = getattr(request.state, "next_session", before)
    if after is None and before is not None:
        sessions.forget(response)
    elif after is not None and (after is not before or (after.is_due() and REFRESH_HEADER not in request.headers)):
        sessions.write(response, after.renewed())
