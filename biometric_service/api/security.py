"""The one gate that every operation passes: who calls, what for, and where they may look.

An operation needs a ``Caller`` for anything it does, and only ``Admission.caller`` makes one. Whoever calls is known by
an API key, an access token, a client certificate or a proof that a device signed; a page of the console by the session
that it was opened in. See ``api.access``.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from biometric_service.api.access.certificates import address_of, fingerprint_of_client
from biometric_service.api.access.credentials import Presented
from biometric_service.api.access.entrance import ANONYMOUS, Entrance
from biometric_service.api.access.sessions import Session, require_token
from biometric_service.api.services import ServicesOf, services_of
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import OF_TWO_OFFICERS, Device, Principal, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import Encounter, GalleryId, SubjectSummary

__all__ = ["ANONYMOUS", "Admission", "requires"]

_BEARER = HTTPBearer(auto_error=False, description="An API key, or an access token of the issuer (RFC 6750).")
_HEADER = APIKeyHeader(name="X-Api-Key", auto_error=False, description="An API key.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
KeyHeader = Annotated[str | None, Security(_HEADER)]


def entrance_of(request: Request) -> Entrance:
    """The entrance that the application was built with."""
    return cast("Entrance", request.app.state.entrance)


async def _entrance_at_once(request: Request) -> Entrance:
    """Without a thread of its own, which a function that is not async would get."""
    return entrance_of(request)


EntranceOf = Annotated[Entrance, Depends(_entrance_at_once)]


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody who was let in to an operation; what they may do there is still to be asked."""

    key: Principal
    store: ReferenceStore
    settings: Settings
    request: Request

    async def caller(self, purpose: str, galleries: Iterable[GalleryId], device: str = "") -> Caller:
        """The caller, once the purpose and every gallery are its own; NOT_AUTHORISED otherwise.

        A device speaks for itself whatever the request says; for anyone else ``device`` is only noted.
        """
        device = self.key.id if isinstance(self.key, Device) else device
        basis = self.settings.legal_basis(purpose)
        caller = self.key.caller(purpose, device, basis)
        self.request.state.caller = caller
        if not self.key.may_ask_for(purpose):
            await self.refuse(caller, f"The caller may not ask for the purpose {purpose!r}.")
        for gallery in galleries:
            if not self.key.may_search(gallery):
                await self.refuse(caller, f"The caller does not reach the gallery {gallery!r}.", gallery)
        return caller

    async def require(self, scope: Scope, caller: Caller) -> None:
        """NOT_AUTHORISED unless the caller has the further scope, and an owner where the settings demand one for it."""
        if scope not in self.key.scopes:
            await self.refuse(caller, f"The caller lacks the scope {scope.value}.")
        if scope in OF_TWO_OFFICERS and self.settings.owners_required and not self.key.owner:
            await self.refuse(caller, f"Nobody owns the key, which {scope.value} needs here: it counts officers.")

    def reaches(self, kept: SubjectSummary | Encounter) -> bool:
        """Whether the caller reaches the subject, or the encounter, in at least one gallery."""
        return any(self.key.may_search(gallery) for gallery in kept.galleries)

    async def refuse(self, caller: Caller, why: str, gallery: GalleryId | None = None) -> None:
        """Put the refusal into the audit log and raise NOT_AUTHORISED."""
        await run_in_threadpool(_record_refusal, self.store, caller, why, gallery)
        raise BiometricServiceError(ErrorCode.NOT_AUTHORISED, why, "Ask the operator for access that includes it.")


async def own_principal(
    request: Request, entrance: EntranceOf, _bearer: Bearer, _header: KeyHeader
) -> AsyncIterator[Principal]:
    """Whoever makes the request, for as long as it takes; NOT_AUTHENTICATED, RATE_LIMITED."""
    principal = await principal_of(request, entrance)
    with entrance.place(principal):
        yield principal


async def principal_of(request: Request, entrance: Entrance) -> Principal:
    """Whoever makes the request, let in once for all who ask: a proof is spent. NOT_AUTHENTICATED, RATE_LIMITED."""
    known: Principal | None = getattr(request.state, "let_in", None)
    if known is None:
        known = request.state.let_in = await _let_in(request, entrance)
    return known


async def _let_in(request: Request, entrance: Entrance) -> Principal:
    address = address_of(request, entrance.trusted)
    entrance.require_patience(address)
    secret = _secret(request) or await _of_session(request, entrance)
    presented = Presented(secret, fingerprint_of_client(request, entrance.trusted), entrance.proof_of(request))
    body = await request.body() if presented.proof else b""
    return await run_in_threadpool(entrance.let_in, presented, request, body, address)


def _secret(request: Request) -> str:
    """The key or token in the headers, empty where there is none."""
    scheme, bearer = get_authorization_scheme_param(request.headers.get("authorization"))
    return bearer if scheme.lower() == "bearer" and bearer else request.headers.get(_HEADER.model.name, "")


async def session_in_force(request: Request, entrance: Entrance) -> Session | None:
    """The session of the request, None where there is none or it was signed out of, in whichever copy."""
    session = entrance.sessions.read(request)
    if session is None or await run_in_threadpool(services_of(request).api_keys.is_ended, session.id):
        return None
    return session


async def _of_session(request: Request, entrance: Entrance) -> str:
    """The secret of the session that the request belongs to, kept for pages; empty where there is none."""
    session = await session_in_force(request, entrance)
    if session is None:
        return ""
    await require_token(request, session)
    request.state.session = session
    return session.secret


@dataclass(frozen=True, slots=True)
class requires:  # noqa: N801 - read as what it says: Depends(requires(Scope.IDENTIFY))
    """A dependency that lets in callers with the scope, before the body of the request is read."""

    scope: Scope

    async def __call__(
        self, request: Request, services: ServicesOf, principal: Annotated[Principal, Depends(own_principal)]
    ) -> Admission:
        """Let the caller in; NOT_AUTHENTICATED, NOT_AUTHORISED, RATE_LIMITED."""
        admission = Admission(principal, services.store, services.settings, request)
        await admission.require(self.scope, principal.caller())
        return admission


def _record_refusal(store: ReferenceStore, caller: Caller, why: str, gallery: GalleryId | None) -> None:
    store.record(AuditEvent(EventKind.ACCESS_REFUSED, datetime.now(UTC), caller, None, gallery, {"why": why}))
