"""Pages from templates: every text escaped, nothing inline, nothing from another host."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from biometric_service.api.access.sessions import session_of
from biometric_service.api.languages import language_of
from biometric_service.api.services import services_of
from biometric_service.console.navigation import offered
from biometric_service.decision.policy import DEFAULT
from biometric_service.errors import BiometricServiceError
from biometric_service.texts.speaking import FILES, LANGUAGES, spoken, texts
from biometric_service.vocabulary.access import ANY_PURPOSE, Principal

STATIC = "/console"
FLASH = "said"
THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
SHORTCUTS_COOKIE = "shortcuts"
NO_SHORTCUTS = "off"
LONGEST_FLASH = 1000
FRAGMENT_HEADER = "X-Fragment"
"""Names the elements that the page's script will take from the answer."""


class _Environment(Environment):
    """One in which a text named like a method of dict (keys, clear) is the text."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - whatever a template names
        """The item of a mapping, else its attribute."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_templates = _Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(
    request: Request, template: str, context: Mapping[str, object], status: int = 200, connect: Collection[str] = ()
) -> HTMLResponse:
    """A page. ``connect``: further origins that its scripts may call, such as an agent on this machine."""
    page = _templates.get_template(template).render({**_frame(request), **context})
    response = HTMLResponse(page, status, _headers(connect))
    if FLASH in request.cookies:
        response.delete_cookie(FLASH, path="/", httponly=True, samesite="strict")
    return response


def standalone(template: str, language: str, context: Mapping[str, object]) -> HTMLResponse:
    """A page of this package for who serves it without the service: nobody is signed in, nothing is remembered."""
    frame = {"t": texts(language), **spoken(language), "language": language, "theme": THEMES[0], "static": STATIC}
    page = _templates.get_template(template).render({**frame, "token": "", "purpose": "", **context})
    return HTMLResponse(page, headers=_headers(()))


def static_files() -> StaticFiles:
    """Scripts, styles and texts, which every page loads."""
    return StaticFiles(directory=Path(__file__).parent / "static", packages=[("biometric_service.texts", FILES.name)])


def flash(response: Response, name: str, values: Mapping[str, object]) -> None:
    """Have the next page say something: the text of a dotted name."""
    text = json.dumps({"name": name, "values": {key: str(value) for key, value in values.items()}})
    response.set_cookie(FLASH, quote(text)[:LONGEST_FLASH], path="/", httponly=True, samesite="strict", max_age=60)


def _frame(request: Request) -> dict[str, Any]:
    """What every page needs besides its own."""
    language, theme = language_of(request), request.cookies.get(THEME_COOKIE, "")
    principal: Principal | None = getattr(request.state, "principal", None)
    session = session_of(request)
    return {
        "t": texts(language),
        **spoken(language),
        "language": language,
        "languages": LANGUAGES,
        "theme": theme if theme in THEMES else THEMES[0],
        "themes": THEMES,
        "shortcuts": request.cookies.get(SHORTCUTS_COOKIE) != NO_SHORTCUTS,
        "static": STATIC,
        "path": request.url.path,
        "principal": principal,
        "navigation": tuple(offered(principal)) if principal else (),
        "token": session.token if session else "",
        "purpose": session.purpose if session else "",
        "purposes": tuple(_purposes(request, principal)) if principal else (),
        "any_purpose": bool(principal) and ANY_PURPOSE in cast("Principal", principal).purposes,
        "flash": _flashed(request),
    }


def _purposes(request: Request, principal: Principal) -> Iterator[str]:
    """What may be chosen from: the principal's own, and those of the policy where it may ask for anything."""
    known = set(principal.purposes)
    if ANY_PURPOSE in known:
        with suppress(BiometricServiceError):  # there is no policy while models are being switched
            known |= {purpose for purpose, _ in services_of(request).walk.policy.current().points}
    yield from sorted(known - {DEFAULT, ANY_PURPOSE})


def _flashed(request: Request) -> Mapping[str, Any] | None:
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        found = json.loads(unquote(request.cookies[FLASH]))
        return {"name": str(found["name"]), "values": {str(key): str(each) for key, each in found["values"].items()}}
    return None


def _headers(connect: Collection[str]) -> dict[str, str]:
    allowed = " ".join(("'self'", *connect))
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {allowed}; "
        "img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}
