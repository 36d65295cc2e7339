"""Zones and posts, as an administrator sets them up, and their names for every other page."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from biometric_service.api.operations import places
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.place_wire import PostBody, ZoneBody
from biometric_service.api.operations.posting import PostsOf
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.places import OnDiscrepancy

router = page_router()

Reader = Annotated[Visit, Depends(visiting(Scope.PLACE_READ))]
Writer = Annotated[Visit, Depends(visiting(Scope.PLACE_WRITE))]


class ZoneForm(ZoneBody):
    """A zone with its id."""

    zone: Id = Field(description="Its id.")


class PostForm(PostBody):
    """A post with its id."""

    post: Id = Field(description="Its id.")


async def zone_names(visit: Visit) -> Mapping[str, str]:
    """What people call each zone, for pages that name some; no person is told by it."""
    zones = await run_in_threadpool(visit.services.day.places.zones)
    return {zone.id: zone.name for zone in zones}


async def post_names(visit: Visit) -> Mapping[str, str]:
    """What people call each post of the galleries that the caller reaches."""
    posts = await run_in_threadpool(visit.services.day.places.posts)
    return {each.id: each.name for each in posts if visit.principal.may_search(each.gallery)}


@router.get("/places")
async def list_places(visit: Reader) -> HTMLResponse:
    """The zones, and the posts between them."""
    zones = await places.list_zones(visit.admission, visit.asking, visit.services)
    posts = await places.list_posts(visit.admission, visit.asking, visit.services)
    shown = {"zones": zones.zones, "posts": posts.posts, "names": {zone.zone: zone.name for zone in zones.zones}}
    may = {"may_write": visit.may(Scope.PLACE_WRITE), "galleries": visit.named_galleries()}
    return visit.page("places.html", {**shown, **may, "discrepancies": tuple(OnDiscrepancy)})


@router.post("/places/zones")
async def set_zone(visit: Writer) -> Response:
    """Set up a zone, or change it."""
    form = await visit.form(ZoneForm)
    body = ZoneBody(**form.model_dump(exclude={"zone"}))
    await places.set_zone(visit.admission, form.zone, body, visit.services)
    return visit.go("/places", "places.zone_set", zone=form.zone)


@router.post("/places/zones/{zone}/removal")
async def drop_zone(visit: Writer, zone: str) -> Response:
    """Give up a zone."""
    await places.drop_zone(visit.admission, visit.asking, zone, visit.services)
    return visit.go("/places", "places.zone_dropped", zone=zone)


@router.post("/places/posts")
async def set_post(visit: Writer) -> Response:
    """Set up a post, or change it."""
    form = await visit.form(PostForm)
    body = PostBody(**form.model_dump(exclude={"post"}))
    await places.set_post(visit.admission, form.post, body, visit.services)
    return visit.go("/places", "places.post_set", post=form.post)


@router.post("/places/posts/{post}/removal")
async def drop_post(visit: Writer, post: str, posts: PostsOf) -> Response:
    """Give up a post."""
    await places.drop_post(visit.admission, visit.asking, post, visit.services, posts)
    return visit.go("/places", "places.post_dropped", post=post)
