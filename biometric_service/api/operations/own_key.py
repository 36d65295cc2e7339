"""What the caller's own key may do."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import Answer
from biometric_service.api.security import own_principal
from biometric_service.vocabulary.access import Principal, Scope

router = APIRouter(prefix=f"{OPERATIONS}/api-key", tags=["access"])


class ApiKeyAnswer(Answer):
    """A key, token or device without any secret."""

    id: str = Field(description="As the audit log names it; of an API key the part before the dot.")
    name: str = Field(description="Who uses it.")
    owner: str = Field(description="The officer who answers for it, the same for all keys of a person; empty for none.")
    scopes: tuple[Scope, ...] = Field(description="What it may do.")
    galleries: tuple[str, ...] = Field(description="Where it may look; ALL for everywhere.")
    purposes: tuple[str, ...] = Field(description="What it may ask for; * for anything.")
    expires_at: datetime | None = Field(description="Until when, null for ever.")


@router.get("")
async def read_own_key(key: Annotated[Principal, Depends(own_principal)]) -> ApiKeyAnswer:
    """Read what the key of this request may do; the one operation without a purpose, for it tells the purposes."""
    return ApiKeyAnswer(
        id=key.actor,
        name=key.name,
        owner=key.owner,
        scopes=tuple(sorted(key.scopes)),
        galleries=tuple(sorted(key.galleries)),
        purposes=tuple(sorted(key.purposes)),
        expires_at=key.expires_at,
    )
