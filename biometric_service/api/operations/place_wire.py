"""Zones, posts and movement orders as they are written on the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import uuid4

from pydantic import AwareDatetime, Field

from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.bodies import AskingBody, Id, Line
from biometric_service.vocabulary.places import NewOrder, OnDiscrepancy, Order, OrderPurpose, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId

LONGEST_TEXT = 1000
MOST_PEOPLE = 1_000_000

Title = Annotated[Line, Field(min_length=1, pattern=r"^\S(.*\S)?$")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class ZoneBody(AskingBody):
    """Set up a zone, or change it."""

    name: Title = Field(description="What people call it.", examples=["Wing A"])
    capacity: int | None = Field(None, ge=0, le=MOST_PEOPLE, description="How many it holds; null for any number.")
    off_site: bool = Field(default=False, description="Beyond the walls, where nobody is counted.")


class PostBody(AskingBody):
    """Set up a post, or change it."""

    name: Title = Field(description="What people call it.", examples=["Gate between A and the yard"])
    from_zone: Id = Field(description="Where IN leads from.", examples=["wing-a"])
    to_zone: Id = Field(description="Where IN leads to.", examples=["yard"])
    gallery: Id = Field(description="Who passes here.", examples=["inmates"])
    devices: Annotated[frozenset[Id], Field(max_length=100)] = Field(
        frozenset(), description="Devices or API keys, by id, that may speak for it; none for any with the scope."
    )
    demands_order: bool = Field(default=False, description="Nobody passes without a movement order.")
    on_discrepancy: OnDiscrepancy = Field(
        OnDiscrepancy.REVIEW, description="What is done with somebody who is believed to be elsewhere."
    )


class OrderBody(AskingBody):
    """Let somebody move, or make them."""

    order: Id | None = Field(None, description="The order's id; left out, one is made.")
    gallery: Id = Field(description="Whose gallery it is of.", examples=["inmates"])
    subject: Id | None = Field(None, description="Who; left out, everybody of the gallery.", examples=["P-1042"])
    zone: Id | None = Field(None, description="For everybody: those who are believed to be here; left out, anywhere.")
    from_zone: Id | None = Field(None, description="Where from; left out, from anywhere.")
    to_zone: Id = Field(description="Where to.", examples=["clinic"])
    valid_from: AwareDatetime = Field(description="From when on.")
    valid_until: AwareDatetime = Field(description="Until when.")
    order_purpose: OrderPurpose = Field(description="Why they move.")
    must: bool = Field(default=False, description="They have to, not only may.")
    both_ways: bool = Field(default=True, description="And back.")
    note: Text = Field("", description="For people; encrypted at rest.")


class ZoneAnswer(Answer):
    """A zone."""

    zone: str = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    capacity: int | None = Field(description="How many it holds; null for any number.")
    off_site: bool = Field(description="Beyond the walls.")


class ZonesAnswer(Answer):
    """Every zone."""

    zones: tuple[ZoneAnswer, ...] = Field(description="By id.")


class PostAnswer(Answer):
    """A post."""

    post: str = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    from_zone: str = Field(description="Where IN leads from.")
    to_zone: str = Field(description="Where IN leads to.")
    gallery: str = Field(description="Who passes here.")
    devices: tuple[str, ...] = Field(description="Who may speak for it; empty for any with the scope.")
    demands_order: bool = Field(description="Whether nobody passes without a movement order.")
    on_discrepancy: OnDiscrepancy = Field(description="What is done with somebody who is believed to be elsewhere.")


class PostsAnswer(Answer):
    """The posts that the caller reaches."""

    posts: tuple[PostAnswer, ...] = Field(description="By id.")


class PlaceDroppedAnswer(Answer):
    """A zone or post was given up."""

    id: str = Field(description="Its id.")


class OrderAnswer(Answer):
    """A movement order."""

    order: str = Field(description="Its id.")
    gallery: str = Field(description="Whose gallery it is of.")
    subject: str | None = Field(description="Who; null for everybody.")
    zone: str | None = Field(description="For everybody: those who are believed to be here.")
    from_zone: str | None = Field(description="Where from; null for anywhere.")
    to_zone: str = Field(description="Where to.")
    valid_from: datetime = Field(description="From when on.")
    valid_until: datetime = Field(description="Until when.")
    order_purpose: OrderPurpose = Field(description="Why they move.")
    must: bool = Field(description="They have to, not only may.")
    both_ways: bool = Field(description="And back.")
    note: str = Field(description="For people.")
    issued_by: str = Field(description="By whom.")
    issued_at: datetime | None = Field(description="When.")
    cancelled_by: str = Field(description="By whom it was cancelled; empty while it stands.")
    cancelled_at: datetime | None = Field(description="When it was cancelled.")


class OrdersAnswer(Answer):
    """A page of orders."""

    orders: tuple[OrderAnswer, ...] = Field(description="In the order in which they were issued.")
    next: int | None = Field(description="Give it as after for the next page; null on the last.")


def zone_of(zone: str, body: ZoneBody) -> Zone:
    """What a body sets up."""
    return Zone(ZoneId(zone), body.name, body.capacity, body.off_site)


def post_of(post: str, body: PostBody) -> Post:
    """What a body sets up."""
    return Post(
        id=PostId(post),
        name=body.name,
        from_zone=ZoneId(body.from_zone),
        to_zone=ZoneId(body.to_zone),
        gallery=GalleryId(body.gallery),
        devices=body.devices,
        demands_order=body.demands_order,
        on_discrepancy=body.on_discrepancy,
    )


def order_of(body: OrderBody) -> NewOrder:
    """What a body orders."""
    return NewOrder(
        id=body.order or uuid4().hex,
        gallery=GalleryId(body.gallery),
        subject=None if body.subject is None else SubjectId(body.subject),
        zone=_zone(body.zone),
        from_zone=_zone(body.from_zone),
        to_zone=ZoneId(body.to_zone),
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        purpose=body.order_purpose,
        must=body.must,
        both_ways=body.both_ways,
        note=body.note,
    )


def zones_answer(zones: Iterable[Zone]) -> ZonesAnswer:
    """Every zone."""
    return ZonesAnswer(zones=tuple(map(zone_answer, zones)))


def zone_answer(zone: Zone) -> ZoneAnswer:
    """A zone."""
    return ZoneAnswer(zone=zone.id, name=zone.name, capacity=zone.capacity, off_site=zone.off_site)


def post_answer(post: Post) -> PostAnswer:
    """A post."""
    return PostAnswer(
        post=post.id,
        name=post.name,
        from_zone=post.from_zone,
        to_zone=post.to_zone,
        gallery=post.gallery,
        devices=tuple(sorted(post.devices)),
        demands_order=post.demands_order,
        on_discrepancy=post.on_discrepancy,
    )


def order_answer(order: Order) -> OrderAnswer:
    """An order."""
    return OrderAnswer(
        order=order.id,
        gallery=order.gallery,
        subject=order.subject,
        zone=order.zone,
        from_zone=order.from_zone,
        to_zone=order.to_zone,
        valid_from=order.valid_from,
        valid_until=order.valid_until,
        order_purpose=order.purpose,
        must=order.must,
        both_ways=order.both_ways,
        note=order.note,
        issued_by=order.issued_by,
        issued_at=order.issued_at,
        cancelled_by=order.cancelled_by,
        cancelled_at=order.cancelled_at,
    )


def _zone(zone: str | None) -> ZoneId | None:
    return None if zone is None else ZoneId(zone)
