"""Latents that other agencies sent: looked at, marked by an examiner, searched. They are of no gallery."""

import base64
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import Answer, RecognitionAnswer
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import AskingBody, Body, Id
from biometric_service.api.operations.positions import Finger, position_of
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.interchange.exchange import Occasion
from biometric_service.interchange.latents import Marking, mark_latent, search_latent
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.latents import Latent, Region
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

router = APIRouter(prefix=f"{OPERATIONS}/latents", tags=["interchange"], route_class=OnceRoute)

LatentPath = Annotated[Id, Path(description="The latent's id.")]
AfterLatent = Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")]
Reader = Annotated[Admission, Depends(requires(Scope.TRANSACTION_READ))]
Examiner = Annotated[Admission, Depends(requires(Scope.LATENT_MARK))]


class RegionBody(Body):
    """A part of a latent's image, in its pixels."""

    left: int = Field(ge=0, description="From its left edge.")
    top: int = Field(ge=0, description="From its upper edge.")
    width: int = Field(ge=1, description="How wide.")
    height: int = Field(ge=1, description="How high.")


class MarkBody(AskingBody):
    """What an examiner says of a latent."""

    position: Finger = Field(Finger.UNKNOWN, description="Which finger it is of, where that is known.")
    region: RegionBody | None = Field(None, description="Where its ridges are; left out, the whole image.")
    note: str = Field("", max_length=2000, description="What else the examiner says; sealed.")


class LatentSearchBody(AskingBody):
    """Who left it?"""

    gallery: Id = Field(description="Where to look; ALL for every gallery.", examples=["residents"])


class LatentAnswer(Answer):
    """A latent, without its image."""

    id: str = Field(description="Its id.")
    received_at: datetime = Field(description="When it came.")
    sender: str = Field(description="The caller that sent it.")
    control: str = Field(description="Number of its transaction (TCN).")
    origin: str = Field(description="The agency that it is of (ORI).")
    positions: tuple[int, ...] = Field(description="Friction ridge positions that the sender holds possible.")
    dpi: float = Field(description="Pixels an inch.")
    keep_until: datetime = Field(description="When it is deleted.")
    marked_by: str | None = Field(description="The examiner; null until it is marked, and not searched until then.")
    marked_at: datetime | None = Field(description="When it was marked.")
    position: Finger | None = Field(description="As what it was marked.")


class LatentsAnswer(Answer):
    """A page of latents."""

    latents: tuple[LatentAnswer, ...] = Field(description="Oldest first.")
    next: int | None = Field(description="Where the next page begins; null for the last.")


class LatentImageAnswer(Answer):
    """What an examiner looks at."""

    data: str = Field(description="The image, a file, base64.", json_schema_extra={"contentEncoding": "base64"})


class LatentDeletionAnswer(Answer):
    """A latent that is no more."""

    id: str = Field(description="Its id.")


@router.get("")
async def list_latents(
    admission: Reader,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    after: AfterLatent = 0,
    limit: LimitQuery = 50,
) -> LatentsAnswer:
    """List latents, marked or not."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    await run_in_threadpool(services.store.record, Occasion(caller).event(EventKind.LATENT_READ))
    page = await run_in_threadpool(services.latents.latents, after, limit + 1)
    following = page[limit - 1].number if len(page) > limit else None
    return LatentsAnswer(latents=tuple(map(_answer, page[:limit])), next=following)


@router.get("/{latent}/image")
async def read_latent_image(
    admission: Examiner, asking: Annotated[Asking, Depends()], latent: LatentPath, services: ServicesOf
) -> LatentImageAnswer:
    """Read the image of a latent, to mark it by."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    content = await run_in_threadpool(services.latents.content, latent)
    read = Occasion(caller).event(EventKind.LATENT_READ, {"latent": latent})
    await run_in_threadpool(services.store.record, read)
    return LatentImageAnswer(data=base64.b64encode(content.image).decode())


@router.post("/{latent}/mark")
async def mark_latent_print(
    admission: Examiner, latent: LatentPath, body: MarkBody, services: ServicesOf
) -> LatentAnswer:
    """Say what a latent shows; only then can it be searched."""
    caller = await admission.caller(body.purpose, [ALL_GALLERIES], body.device)
    region = Region(**body.region.model_dump()) if body.region else None
    marking = Marking(position_of(body.position), region, body.note)
    return _answer(await run_in_threadpool(mark_latent, services.exchange, latent, marking, caller))


@router.post("/{latent}/search")
async def search_latent_print(
    admission: Annotated[Admission, Depends(requires(Scope.IDENTIFY))],
    latent: LatentPath,
    body: LatentSearchBody,
    services: ServicesOf,
    workers: WorkersOf,
) -> RecognitionAnswer:
    """Search a marked latent among everyone in a gallery."""
    gallery = GalleryId(body.gallery)
    caller = await admission.caller(body.purpose, sorted({gallery, ALL_GALLERIES}), body.device)
    await admission.require(Scope.TRANSACTION_READ, caller)
    found = await workers.run(search_latent, services.exchange, latent, gallery, caller)
    decision, samples = decision_answer(found.decision, "fpir"), sample_answers(found.samples)
    return RecognitionAnswer(decision=decision, samples=samples, explanation=None, event=found.event)


@router.delete("/{latent}")
async def delete_latent(
    admission: Annotated[Admission, Depends(requires(Scope.TRANSACTION_WRITE))],
    asking: Annotated[Asking, Depends()],
    latent: LatentPath,
    services: ServicesOf,
) -> LatentDeletionAnswer:
    """Delete a latent for good."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    deleted = Occasion(caller).event(EventKind.LATENT_DELETED, {"latent": latent})
    await run_in_threadpool(services.latents.drop, latent, deleted)
    return LatentDeletionAnswer(id=latent)


def _answer(latent: Latent) -> LatentAnswer:
    mark = latent.mark
    return LatentAnswer(
        id=latent.id,
        received_at=latent.received_at,
        sender=latent.sender,
        control=latent.control,
        origin=latent.origin,
        positions=latent.positions,
        dpi=latent.dpi,
        keep_until=latent.keep_until,
        marked_by=mark.examiner if mark else None,
        marked_at=mark.at if mark else None,
        position=Finger[mark.position.name] if mark else None,
    )
