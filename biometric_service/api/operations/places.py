"""Zones and posts: where people may be, and the ways between. Zones are the whole prison's; posts are of galleries."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.place_wire import (
    PlaceDroppedAnswer,
    PostAnswer,
    PostBody,
    PostsAnswer,
    ZoneAnswer,
    ZoneBody,
    ZonesAnswer,
    post_answer,
    post_of,
    zone_answer,
    zone_of,
    zones_answer,
)
from biometric_service.api.operations.posting import PostsOf
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.recognition.day_events import day_event, post_event, zone_event
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import PostId, ZoneId
from biometric_service.vocabulary.references import GalleryId

router = APIRouter(prefix=OPERATIONS, tags=["places"], route_class=OnceRoute)

ZonePath = Annotated[Id, Path(description="The zone's id.")]
PostPath = Annotated[Id, Path(description="The post's id.")]
Reader = Annotated[Admission, Depends(requires(Scope.PLACE_READ))]
Writer = Annotated[Admission, Depends(requires(Scope.PLACE_WRITE))]


@router.get("/zones")
async def list_zones(admission: Reader, asking: Annotated[Asking, Depends()], services: ServicesOf) -> ZonesAnswer:
    """List the zones."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    zones = await run_in_threadpool(services.day.places.zones)
    await run_in_threadpool(services.store.record, day_event(EventKind.PLACES_READ, caller, of="zones"))
    return zones_answer(zones)


@router.put("/zones/{zone}")
async def set_zone(admission: Writer, zone: ZonePath, body: ZoneBody, services: ServicesOf) -> ZoneAnswer:
    """Set up a zone, or change it."""
    caller = await admission.caller(body.purpose, [], body.device)
    wanted = zone_of(zone, body)
    await run_in_threadpool(services.day.places.set_zone, wanted, zone_event(wanted, caller))
    return zone_answer(wanted)


@router.delete("/zones/{zone}")
async def drop_zone(
    admission: Writer, asking: Annotated[Asking, Depends()], zone: ZonePath, services: ServicesOf
) -> PlaceDroppedAnswer:
    """Give up a zone that no post leads to and where nobody is believed to be."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    dropped = day_event(EventKind.ZONE_DROPPED, caller, zone=zone)
    await run_in_threadpool(services.day.places.drop_zone, ZoneId(zone), dropped)
    return PlaceDroppedAnswer(id=zone)


@router.get("/posts")
async def list_posts(admission: Reader, asking: Annotated[Asking, Depends()], services: ServicesOf) -> PostsAnswer:
    """List the posts of the galleries that the caller reaches."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    posts = await run_in_threadpool(services.day.places.posts)
    await run_in_threadpool(services.store.record, day_event(EventKind.PLACES_READ, caller, of="posts"))
    return PostsAnswer(posts=tuple(post_answer(post) for post in posts if admission.key.may_search(post.gallery)))


@router.put("/posts/{post}")
async def set_post(admission: Writer, post: PostPath, body: PostBody, services: ServicesOf) -> PostAnswer:
    """Set up a post, or change it; the caller must reach its gallery, before and after."""
    wanted = post_of(post, body)
    present = await run_in_threadpool(_gallery_of, services, PostId(post))
    caller = await admission.caller(body.purpose, [wanted.gallery, *present], body.device)
    await run_in_threadpool(services.day.places.set_post, wanted, post_event(wanted, caller))
    return post_answer(wanted)


@router.delete("/posts/{post}")
async def drop_post(
    admission: Writer, asking: Annotated[Asking, Depends()], post: PostPath, services: ServicesOf, posts: PostsOf
) -> PlaceDroppedAnswer:
    """Give up a post."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await posts.reached(admission, post)
    dropped = day_event(EventKind.POST_DROPPED, caller, None, found.gallery, post=post)
    await run_in_threadpool(services.day.places.drop_post, found.id, dropped)
    return PlaceDroppedAnswer(id=post)


def _gallery_of(services: Services, post: PostId) -> list[GalleryId]:
    """The gallery of a post as it is, none where there is none yet."""
    return [each.gallery for each in services.day.places.posts() if each.id == post]
