"""Is the service alive, and is it ready to be asked?"""

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from biometric_service.api.services import Services, ServicesOf
from biometric_service.vocabulary.samples import Modality

router = APIRouter(tags=["health"])

NOT_READY = 503


class Health(BaseModel):
    """The process answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["alive"] = Field("alive", description="Always alive: else there is no answer.")


class ModelInUse(BaseModel):
    """What makes templates of one modality."""

    model_config = ConfigDict(extra="forbid")

    modality: Modality = Field(description="What it works on.")
    model: str = Field(description="Name and version of the extractor.", examples=["leader/1"])
    comparator: str = Field(description="Name of the comparator.")
    references: int = Field(description="How many references the index holds.")


class Readiness(BaseModel):
    """Whether the service can be relied on."""

    model_config = ConfigDict(extra="forbid")

    ready: bool = Field(description="True where every index is in step with the store.")
    behind: int = Field(description="How many changes the indexes lag behind.")
    mode: str = Field(description="Which modalities there are.", examples=["fingerprint-only", "fingerprint and face"])
    models: tuple[ModelInUse, ...] = Field(description="What they are served by.")


@router.get("/healthz")
async def health() -> Health:
    """Say that the process answers."""
    return Health(status="alive")


@router.get("/readyz", responses={NOT_READY: {"model": Readiness, "description": "Not ready yet."}})
async def readiness(services: ServicesOf, response: Response) -> Readiness:
    """Say whether every index is in step with the store, and which models there are."""
    state = await run_in_threadpool(_readiness, services)
    if not state.ready:
        response.status_code = NOT_READY
    return state


def _readiness(services: Services) -> Readiness:
    walk = services.walk
    walk.follower.catch_up()
    behind = walk.follower.behind()
    models = tuple(_in_use(services, modality) for modality in walk.extractors)
    return Readiness(ready=behind == 0 and bool(models), behind=behind, mode=_mode(services), models=models)


def _mode(services: Services) -> str:
    served = [modality.value for modality in Modality if modality in services.walk.extractors]
    return f"{served[0]}-only" if len(served) == 1 else " and ".join(served) or "none"


def _in_use(services: Services, modality: Modality) -> ModelInUse:
    walk = services.walk
    return ModelInUse(
        modality=modality,
        model=str(walk.extractors[modality].format),
        comparator=walk.comparators[modality].name,
        references=len(walk.indexes[modality]),
    )
