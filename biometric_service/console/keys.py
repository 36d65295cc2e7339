"""API keys: who has one, make one for a role, revoke one. Nobody gives a key more than they may do themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from biometric_service.api.operations.bodies import Id, Line
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import OF_TWO_OFFICERS, ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.roles import SCOPES, Role

LONGEST_NAME = 255

router = page_router()

KeyWriter = Annotated[Visit, Depends(visiting(Scope.KEY_WRITE))]


class KeyForm(BaseModel):
    """A key to make."""

    name: Annotated[Line, Field(min_length=1)]
    owner: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    role: Role
    galleries: Annotated[frozenset[Id], Field(min_length=1)]
    purposes: Annotated[str, Field(pattern=r"[^,\s]", max_length=1000)]
    days: Annotated[int, Field(ge=1, le=3650)]

    def key(self) -> ApiKey:
        """What it stands for; purposes are parted by commas."""
        purposes = frozenset(each.strip() for each in self.purposes.split(",") if each.strip())
        until = datetime.now(UTC) + timedelta(days=self.days)
        galleries = frozenset(map(GalleryId, self.galleries))
        return ApiKey(uuid4().hex[:12], self.name, SCOPES[self.role], galleries, purposes, until, owner=self.owner)


@router.get("/keys")
async def list_keys(visit: KeyWriter) -> HTMLResponse:
    """The keys in force that reach no further than the caller, and a form to make one."""
    return await _page(visit, secret="", name="")


@router.post("/keys")
async def create_key(visit: KeyWriter) -> HTMLResponse:
    """Make a key and show its secret, this once."""
    form = await visit.form(KeyForm)
    key = form.key()
    caller = await visit.caller(*sorted(key.galleries))
    for scope in sorted(key.scopes):
        await visit.admission.require(scope, caller)
    for purpose in sorted(key.purposes):
        await visit.admission.caller(purpose, [])
    caller = await visit.caller()
    made = _event(EventKind.API_KEY_CREATED, caller, api_key=key.id, owner=key.owner)
    secret = await run_in_threadpool(visit.services.api_keys.create, key, made)
    return await _page(visit, secret=secret, name=key.name)


@router.post("/keys/{key}/revocation")
async def revoke_key(visit: KeyWriter, key: str) -> Response:
    """End a key at once, and the sessions that were signed in with it."""
    caller = await visit.caller()
    if key not in {each.id for each in await run_in_threadpool(_reached, visit)}:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "key_unknown", key=key)
    await run_in_threadpool(visit.services.api_keys.revoke, key, _event(EventKind.API_KEY_REVOKED, caller, api_key=key))
    return visit.go("/keys", "api_keys.revoked", key=key)


async def _page(visit: Visit, *, secret: str, name: str) -> HTMLResponse:
    caller = await visit.caller()
    listed = AuditEvent(EventKind.API_KEYS_LISTED, datetime.now(UTC), caller)
    await run_in_threadpool(visit.services.store.record, listed)
    keys = await run_in_threadpool(_reached, visit)
    roles = [role for role in Role if visit.may(*SCOPES[role])]
    shown = {"keys": keys, "roles": roles, "secret": secret, "name": name, "role_of": _role_of, "counts": _counts}
    return visit.page("keys.html", {**shown, "galleries": visit.galleries(), "own": visit.principal.id})


def _reached(visit: Visit) -> Sequence[ApiKey]:
    """The keys of which every gallery is the caller's too."""
    keys = visit.services.api_keys.keys()
    return [key for key in keys if all(visit.principal.may_search(gallery) for gallery in key.galleries)]


def _role_of(key: ApiKey) -> Role | None:
    """The role whose scopes the key has just so."""
    return next((role for role, scopes in SCOPES.items() if scopes == key.scopes), None)


def _counts(key: ApiKey) -> bool:
    """Whether it counts as an officer of its own where two are demanded, for nobody owns it."""
    return not key.owner and bool(key.scopes & OF_TWO_OFFICERS)


def _event(kind: EventKind, caller: Caller, **facts: str) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), caller, details=facts)
