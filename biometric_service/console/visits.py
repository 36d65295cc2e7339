"""Somebody at a page: what they may do, for which purpose they ask, and how they are answered."""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar, get_origin

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from biometric_service.api.access.sessions import TOKEN_FIELD, Session, session_of
from biometric_service.api.errors import invalid_request
from biometric_service.api.operations.asking import Asking
from biometric_service.api.security import Admission, own_principal
from biometric_service.api.services import Services, ServicesOf
from biometric_service.console.rendering import flash, rendered
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, Principal, Scope
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

DEVICE = "console"
DEFAULT_PURPOSE = "demonstration"
Form = TypeVar("Form", bound=BaseModel)
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
SEVERAL = frozenset({list, tuple, set, frozenset})


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page by somebody who was let in; pages hand its parts to the operations of the API."""

    request: Request
    services: Services
    admission: Admission

    @property
    def principal(self) -> Principal:
        """Who it is."""
        return self.admission.key

    @property
    def session(self) -> Session | None:
        """What they signed in with; None for a device that shows its certificate instead."""
        return session_of(self.request)

    @property
    def asking(self) -> Asking:
        """Purpose and device, as every operation wants them."""
        purpose = self.session.purpose if self.session else first_purpose(self.principal)
        return Asking(purpose, DEVICE)

    def may(self, *scopes: Scope) -> bool:
        """Whether they have all of these scopes."""
        return set(scopes) <= self.principal.scopes

    def is_one_of(self, *officers: str) -> bool:
        """Whether they are among officers that were kept."""
        return self.principal.caller().is_one_of(*officers)

    async def caller(self, *galleries: GalleryId) -> Caller:
        """The caller for what no operation of the API does; NOT_AUTHORISED unless purpose and galleries are theirs."""
        return await self.admission.caller(self.asking.purpose, galleries, DEVICE)

    def galleries(self) -> list[str]:
        """What a choice of galleries offers: those that the caller reaches, and all where it reaches all."""
        named = self.named_galleries()
        return [*named, ALL_GALLERIES] if ALL_GALLERIES in self.principal.galleries else named

    def named_galleries(self) -> list[str]:
        """Those that the caller reaches, by name."""
        return [str(each) for each in self.services.store.galleries() if self.principal.may_search(each)]

    def page(
        self, template: str, context: dict[str, object], *, status: int = 200, connect: Collection[str] = ()
    ) -> HTMLResponse:
        """The page of a template; ``connect``: further origins that its scripts may call."""
        return rendered(self.request, template, context, status, connect)

    def go(self, path: str, said: str = "", **values: object) -> RedirectResponse:
        """On to another page, which says the text of the dotted name ``said``."""
        response = RedirectResponse(path, HTTPStatus.SEE_OTHER)
        if said:
            flash(response, said, values)
        return response

    async def form(self, model: type[Form]) -> Form:
        """What was sent, in the form of the model; REQUEST_INVALID.

        A field that was left empty was not given; one that holds several takes every value; a time without a zone is
        that of the place where the service runs. Purpose and device are the session's.
        """
        sent = await self.request.form()
        lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) in SEVERAL}
        filled = [name for name in sent if name != TOKEN_FIELD and sent[name] != ""]
        given = {name: sent.getlist(name) if name in lists else zoned(sent[name]) for name in filled}
        asking = {name: value for name, value in asdict(self.asking).items() if name in model.model_fields}
        try:
            return model.model_validate({**asking, **given})
        except ValidationError as fault:
            raise invalid_request(fault.errors(include_input=False)) from None


def zoned(value: object) -> object:
    """What a field for date and time sends, with the zone that it leaves out."""
    if isinstance(value, str) and _LOCAL_TIME.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value).astimezone().isoformat()
    return value


@dataclass(frozen=True, slots=True)
class visiting:  # noqa: N801 - read as what it says: Depends(visiting(Scope.AUDIT_READ))
    """A dependency that lets in whoever has the scope (None: anybody who is signed in)."""

    scope: Scope | None = None

    async def __call__(
        self, request: Request, services: ServicesOf, principal: Annotated[Principal, Depends(own_principal)]
    ) -> Visit:
        """Let the caller in, by the one gate; NOT_AUTHENTICATED, NOT_AUTHORISED, RATE_LIMITED."""
        request.state.principal = principal
        admission = Admission(principal, services.store, services.settings, request)
        if self.scope is not None:
            await admission.require(self.scope, principal.caller())
        return Visit(request, services, admission)


def station_of(settings: Settings) -> str:
    """The origin of the agent on the machine that shows a page, which serves its readers."""
    return f"http://127.0.0.1:{settings.station_port}"


def first_purpose(principal: Principal) -> str:
    """What somebody asks for until they choose another purpose."""
    return DEFAULT_PURPOSE if ANY_PURPOSE in principal.purposes else min(principal.purposes, default="")
