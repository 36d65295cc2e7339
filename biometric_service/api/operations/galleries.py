"""The galleries: list, make, delete."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import GalleriesAnswer, GalleryAnswer, GalleryDeletionAnswer
from biometric_service.api.operations.asking import Asking, event
from biometric_service.api.operations.bodies import GalleryBody, Id
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import GalleryId

router = APIRouter(prefix=f"{OPERATIONS}/galleries", tags=["galleries"], route_class=OnceRoute)


@router.get("")
async def list_galleries(
    admission: Annotated[Admission, Depends(requires(Scope.GALLERY_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
) -> GalleriesAnswer:
    """List the galleries that the key reaches."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    galleries = await run_in_threadpool(services.store.galleries)
    await run_in_threadpool(services.store.record, event(EventKind.GALLERIES_LISTED, caller))
    return GalleriesAnswer(galleries=tuple(filter(admission.key.may_search, galleries)))


@router.post("", status_code=201)
async def create_gallery(
    admission: Annotated[Admission, Depends(requires(Scope.GALLERY_WRITE))],
    body: GalleryBody,
    services: ServicesOf,
    _: IdempotencyKey = None,
) -> GalleryAnswer:
    """Make a gallery."""
    gallery = GalleryId(body.gallery)
    caller = await admission.caller(body.purpose, [gallery], body.device)
    created = event(EventKind.GALLERY_CREATED, caller, gallery=gallery)
    await run_in_threadpool(services.store.create_gallery, gallery, created)
    return GalleryAnswer(gallery=gallery)


@router.delete("/{gallery}")
async def delete_gallery(
    admission: Annotated[Admission, Depends(requires(Scope.GALLERY_WRITE))],
    asking: Annotated[Asking, Depends()],
    gallery: Annotated[Id, Path(description="The gallery's id.")],
    services: ServicesOf,
) -> GalleryDeletionAnswer:
    """Delete a gallery that nobody is in."""
    caller = await admission.caller(asking.purpose, [GalleryId(gallery)], asking.device)
    deleted = event(EventKind.GALLERY_DELETED, caller, gallery=GalleryId(gallery))
    await run_in_threadpool(services.store.delete_gallery, GalleryId(gallery), deleted)
    return GalleryDeletionAnswer(gallery=gallery)
