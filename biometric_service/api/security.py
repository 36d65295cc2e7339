"""The one gate that every operation passes: who calls, what for, and where they may look.

An operation needs a ``Caller`` for anything it does, and only ``Admission.caller`` makes one.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import GalleryId, SubjectSummary

ANONYMOUS = "anonymous"

_BEARER = HTTPBearer(auto_error=False, description="The API key as a bearer token.")
_HEADER = APIKeyHeader(name="X-Api-Key", auto_error=False, description="The API key.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
KeyHeader = Annotated[str | None, Security(_HEADER)]


@dataclass(frozen=True, slots=True)
class Admission:
    """A key that was let in to an operation; what it may do there is still to be asked."""

    key: ApiKey
    store: ReferenceStore

    async def caller(self, purpose: str, galleries: Iterable[GalleryId], device: str = "") -> Caller:
        """The caller, once the purpose and every gallery are the key's own; NOT_AUTHORISED otherwise."""
        caller = Caller(self.key.id, purpose, device)
        if not self.key.may_ask_for(purpose):
            await self.refuse(caller, f"The key may not be used for the purpose {purpose!r}.")
        for gallery in galleries:
            if not self.key.may_search(gallery):
                await self.refuse(caller, f"The key does not reach the gallery {gallery!r}.", gallery)
        return caller

    async def require(self, scope: Scope, caller: Caller) -> None:
        """NOT_AUTHORISED unless the key has the further scope."""
        if scope not in self.key.scopes:
            await self.refuse(caller, f"The key lacks the scope {scope.value}.")

    def reaches(self, subject: SubjectSummary) -> bool:
        """Whether the key reaches the subject in at least one gallery."""
        return any(self.key.may_search(gallery) for gallery in subject.galleries)

    async def refuse(self, caller: Caller, why: str, gallery: GalleryId | None = None) -> None:
        """Put the refusal into the audit log and raise NOT_AUTHORISED."""
        await run_in_threadpool(record_refusal, self.store, caller, why, gallery)
        raise BiometricServiceError(ErrorCode.NOT_AUTHORISED, why, "Ask the operator for a key that may.")


async def own_key(services: ServicesOf, bearer: Bearer, header: KeyHeader) -> ApiKey:
    """The key of a request; NOT_AUTHENTICATED without a valid one."""
    return await run_in_threadpool(authenticate, services, bearer.credentials if bearer else header or "")


def requires(scope: Scope) -> Callable[..., Awaitable[Admission]]:
    """A dependency that lets in keys with the scope, before the body of the request is read."""

    async def admit(services: ServicesOf, key: Annotated[ApiKey, Depends(own_key)]) -> Admission:
        admission = Admission(key, services.store)
        await admission.require(scope, Caller(key.id, ""))
        return admission

    return admit


def authenticate(services: Services, secret: str) -> ApiKey:
    """The key of a secret; NOT_AUTHENTICATED where there is none."""
    key = services.api_keys.find(secret) if secret else None
    if key is None:
        why = "The API key is unknown, revoked or expired." if secret else "The request carries no API key."
        record_refusal(services.store, Caller(ANONYMOUS, ""), why)
        raise BiometricServiceError(
            ErrorCode.NOT_AUTHENTICATED, why, "Send a valid key as Authorization: Bearer <key> or X-Api-Key: <key>."
        )
    return key


def record_refusal(store: ReferenceStore, caller: Caller, why: str, gallery: GalleryId | None = None) -> None:
    """Append the refusal to the audit log."""
    store.record(AuditEvent(EventKind.ACCESS_REFUSED, datetime.now(UTC), caller, None, gallery, {"why": why}))
