"""Sign in with a key, sign out, and what a browser remembers: language, theme, shortcuts, purpose."""

from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from biometric_service.api.access.certificates import address_of
from biometric_service.api.access.credentials import Presented
from biometric_service.api.access.sessions import Session
from biometric_service.api.languages import COOKIE as LANGUAGE_COOKIE
from biometric_service.api.security import EntranceOf
from biometric_service.api.services import Services, ServicesOf
from biometric_service.console.navigation import home
from biometric_service.console.rendering import (
    FRAGMENT_HEADER,
    NO_SHORTCUTS,
    SHORTCUTS_COOKIE,
    THEME_COOKIE,
    THEMES,
    rendered,
)
from biometric_service.console.routing import PREFERENCES, SIGN_IN, page_router
from biometric_service.console.visits import Visit, first_purpose, visiting
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.texts.speaking import LANGUAGES
from biometric_service.vocabulary.access import Principal
from biometric_service.vocabulary.events import AuditEvent, EventKind

LONGEST_KEY = 2700
"""A browser keeps no larger cookie than 4096 bytes, and the session that holds the key must fit."""
YEAR_S = 31_536_000

router = page_router()

Anybody = Annotated[Visit, Depends(visiting())]
Text = Annotated[str, Form(max_length=200)]


@router.get(SIGN_IN)
async def sign_in_page(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002 - a query parameter
    """Ask for a key."""
    return rendered(request, "sign_in.html", {"next": _local(next), "refused": None})


@router.post(SIGN_IN)
async def sign_in(
    request: Request,
    services: ServicesOf,
    entrance: EntranceOf,
    key: Annotated[str, Form(max_length=LONGEST_KEY)],
    next: Annotated[str, Form()] = "/",  # noqa: A002 - a field of the form
) -> Response:
    """Begin a session, where the key is one in force; guessing is throttled as everywhere."""
    presented, address = Presented(key.strip(), "", ""), address_of(request, entrance.trusted)
    try:
        entrance.require_patience(address)
        principal = await run_in_threadpool(entrance.let_in, presented, request, b"", address)
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.NOT_AUTHENTICATED:
            raise
        context = {"next": _local(next), "refused": True}
        return rendered(request, "sign_in.html", context, HTTPStatus.UNAUTHORIZED)
    request.state.next_session = Session.of(presented.secret, first_purpose(principal))
    await run_in_threadpool(_record, services, EventKind.SIGNED_IN, principal)
    return RedirectResponse(_local(next), HTTPStatus.SEE_OTHER)


@router.post("/sign-out")
async def sign_out(visit: Anybody) -> Response:
    """End the session, in this browser and in every copy of its cookie."""
    session, services = visit.session, visit.services
    visit.request.state.next_session = None
    if session is None:
        await run_in_threadpool(_record, services, EventKind.SIGNED_OUT, visit.principal)
    else:
        until, event = session.until(services.settings), _event(EventKind.SIGNED_OUT, visit.principal)
        await run_in_threadpool(services.api_keys.end_session, session.id, until, event)
    return visit.go(SIGN_IN, "session.signed_out")


@router.post("/session")
async def stay_signed_in(visit: Anybody) -> Response:
    """Somebody is at the page: keep the session, though nothing is asked of the service."""
    if visit.session is not None:
        visit.request.state.next_session = visit.session.renewed()
    return Response(status_code=HTTPStatus.NO_CONTENT)


class PurposeForm(BaseModel):
    """What for, and from which page."""

    purpose: Annotated[str, Field(max_length=128)]
    back: str = "/"


@router.post("/purpose")
async def choose_purpose(visit: Anybody) -> Response:
    """Ask for another purpose from now on; NOT_AUTHORISED where it is not the caller's."""
    form = await visit.form(PurposeForm)
    await visit.admission.caller(form.purpose, [])
    if visit.session is not None:
        visit.request.state.next_session = replace(visit.session, purpose=form.purpose)
    if FRAGMENT_HEADER in visit.request.headers:
        return visit.page("purpose.html", {"chosen": form.purpose})
    return visit.go(_local(form.back), "session.purpose_chosen", purpose=form.purpose)


@router.post(PREFERENCES)
async def choose_preferences(language: Text = "", theme: Text = "", shortcuts: Text = "", back: Text = "/") -> Response:
    """Have the browser remember how pages are to be shown."""
    response = RedirectResponse(_local(back), HTTPStatus.SEE_OTHER)
    chosen = {LANGUAGE_COOKIE: (language, LANGUAGES), THEME_COOKIE: (theme, THEMES)}
    chosen[SHORTCUTS_COOKIE] = (shortcuts, ("on", NO_SHORTCUTS))
    for cookie, (value, known) in chosen.items():
        if value in known:
            response.set_cookie(cookie, value, max_age=YEAR_S, path="/", httponly=True, samesite="strict")
    return response


@router.get("/")
async def begin(visit: Anybody) -> Response:
    """To the first page that the caller may open."""
    start = home(visit.principal)
    return visit.go(start) if start else visit.page("nothing.html", {})


def _local(path: str) -> str:
    """A path on this service; anything else becomes the first page."""
    split = urlsplit(path)
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and not split.scheme and not split.netloc
    return path if own else "/"


def _record(services: Services, kind: EventKind, principal: Principal) -> None:
    services.store.record(_event(kind, principal))


def _event(kind: EventKind, principal: Principal) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), principal.caller(device="console"))
