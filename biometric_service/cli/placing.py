"""``biometric-service places``: zones, posts and movement orders, and where people are."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import typer

from biometric_service.app import settings_store
from biometric_service.cli.options import GalleryOption, PurposeOption, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.recognition.day_events import day_event, order_event, post_event, zone_event
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import NewOrder, OnDiscrepancy, OrderPurpose, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId

PAGE = 200
PURPOSE = "administration"

places = typer.Typer(no_args_is_help=True, help="Zones, posts and movement orders, and where people are.")

ZoneName = Annotated[str, typer.Argument(help="The zone's id.")]
PostName = Annotated[str, typer.Argument(help="The post's id.")]
NameOption = Annotated[str, typer.Option("--name", help="What people call it.")]


@places.command("zones")
def list_zones(purpose: PurposeOption = PURPOSE, *, json: JsonOption = False) -> None:
    """Print every zone."""
    with settings_store(load_settings()) as opened:
        zones = opened.day.places.zones()
        opened.store.record(day_event(EventKind.PLACES_READ, operator(purpose), of="zones"))
    if json:
        print_json({"zones": zones})
    else:
        rows = ((each.id, each.name, each.capacity or "", "yes" if each.off_site else "") for each in zones)
        print_table("Zones", ("zone", "name", "capacity", "off site"), rows)


@places.command("set-zone")
def set_zone(
    zone: ZoneName,
    name: NameOption,
    capacity: Annotated[int | None, typer.Option(min=0, help="How many it holds.")] = None,
    purpose: PurposeOption = PURPOSE,
    *,
    off_site: Annotated[bool, typer.Option("--off-site", help="Beyond the walls, where nobody is counted.")] = False,
) -> None:
    """Set up a zone, or change it."""
    wanted = Zone(ZoneId(zone), name, capacity, off_site)
    with settings_store(load_settings()) as opened:
        opened.day.places.set_zone(wanted, zone_event(wanted, operator(purpose)))
    typer.echo(f"Zone {zone} is set.")


@places.command("drop-zone")
def drop_zone(zone: ZoneName, purpose: PurposeOption = PURPOSE) -> None:
    """Give up a zone that no post leads to and where nobody is."""
    with settings_store(load_settings()) as opened:
        opened.day.places.drop_zone(ZoneId(zone), day_event(EventKind.ZONE_DROPPED, operator(purpose), zone=zone))
    typer.echo(f"Zone {zone} is given up.")


@places.command("posts")
def list_posts(purpose: PurposeOption = PURPOSE, *, json: JsonOption = False) -> None:
    """Print every post."""
    with settings_store(load_settings()) as opened:
        posts = opened.day.places.posts()
        opened.store.record(day_event(EventKind.PLACES_READ, operator(purpose), of="posts"))
    if json:
        print_json({"posts": posts})
    else:
        columns = ("post", "name", "from", "to", "gallery", "devices", "order", "elsewhere")
        print_table("Posts", columns, map(_post_row, posts))


@places.command("set-post")
def set_post(  # noqa: PLR0913, PLR0917 - options of a command line
    post: PostName,
    name: NameOption,
    from_zone: Annotated[str, typer.Option("--from", help="Where IN leads from.")],
    to_zone: Annotated[str, typer.Option("--to", help="Where IN leads to.")],
    gallery: GalleryOption,
    device: Annotated[list[str] | None, typer.Option(help="Device or key that may speak for it; none: any.")] = None,
    on_discrepancy: Annotated[
        OnDiscrepancy, typer.Option(help="What is done with somebody who is believed to be elsewhere.")
    ] = OnDiscrepancy.REVIEW,
    purpose: PurposeOption = PURPOSE,
    *,
    demands_order: Annotated[bool, typer.Option("--demands-order", help="Nobody passes without an order.")] = False,
) -> None:
    """Set up a post, or change it."""
    wanted = Post(
        PostId(post),
        name,
        ZoneId(from_zone),
        ZoneId(to_zone),
        GalleryId(gallery),
        frozenset(device or ()),
        demands_order,
        on_discrepancy,
    )
    with settings_store(load_settings()) as opened:
        opened.day.places.set_post(wanted, post_event(wanted, operator(purpose)))
    typer.echo(f"Post {post} is set.")


@places.command("drop-post")
def drop_post(post: PostName, purpose: PurposeOption = PURPOSE) -> None:
    """Give up a post."""
    with settings_store(load_settings()) as opened:
        opened.day.places.drop_post(PostId(post), day_event(EventKind.POST_DROPPED, operator(purpose), post=post))
    typer.echo(f"Post {post} is given up.")


@places.command("orders")
def list_orders(  # noqa: PLR0913 - options of a command line
    gallery: GalleryOption = "ALL",
    subject: Annotated[str | None, typer.Option(help="Only those that name this person.")] = None,
    after: Annotated[int, typer.Option(help="Begin after this place in the list.")] = 0,
    purpose: PurposeOption = "movement",
    *,
    over: Annotated[bool, typer.Option("--over", help="Those that ran out or were cancelled.")] = False,
    json: JsonOption = False,
) -> None:
    """Print the first 200 movement orders that stand, or are over."""
    person, where = None if subject is None else SubjectId(subject), GalleryId(gallery)
    with settings_store(load_settings()) as opened:
        orders = opened.day.orders.orders(where, person, after, PAGE, over=over)
        opened.store.record(day_event(EventKind.ORDERS_READ, operator(purpose), person, where))
    if json:
        print_json({"orders": orders})
    else:
        columns = ("number", "order", "who", "from", "to", "from when", "until", "why", "by")
        rows = (
            (
                each.number,
                each.id,
                each.subject or f"everybody of {each.zone or each.gallery}",
                each.from_zone or "anywhere",
                each.to_zone,
                each.valid_from,
                each.valid_until,
                each.purpose.value,
                each.issued_by,
            )
            for each in orders
        )
        print_table("Movement orders", columns, rows)


@places.command("order")
def issue_order(  # noqa: PLR0913, PLR0917 - options of a command line
    gallery: GalleryOption,
    to_zone: Annotated[str, typer.Option("--to", help="Where to.")],
    why: Annotated[OrderPurpose, typer.Option(help="Why they move.")],
    subject: Annotated[str | None, typer.Option(help="Who; left out, everybody of the gallery.")] = None,
    zone: Annotated[str | None, typer.Option(help="For everybody: those who are believed to be here.")] = None,
    from_zone: Annotated[str | None, typer.Option("--from", help="Where from; left out, from anywhere.")] = None,
    begin: Annotated[datetime | None, typer.Option(help="From when on, in UTC; left out, from now.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, help="For how long.")] = 1,
    purpose: PurposeOption = "movement",
) -> None:
    """Let somebody move there and back, or everybody, and print the order's id."""
    begins = (begin or datetime.now(UTC)).replace(tzinfo=UTC)
    order = NewOrder(
        id=uuid4().hex,
        gallery=GalleryId(gallery),
        subject=None if subject is None else SubjectId(subject),
        zone=None if zone is None else ZoneId(zone),
        from_zone=None if from_zone is None else ZoneId(from_zone),
        to_zone=ZoneId(to_zone),
        valid_from=begins,
        valid_until=begins + timedelta(hours=hours),
        purpose=why,
    )
    with settings_store(load_settings()) as opened:
        opened.day.orders.issue(order, order_event(EventKind.ORDER_ISSUED, order, operator(purpose)))
    typer.echo(order.id)


@places.command("cancel-order")
def cancel_order(
    order: Annotated[str, typer.Argument(help="The order's id.")], purpose: PurposeOption = "movement"
) -> None:
    """Cancel a movement order at once."""
    with settings_store(load_settings()) as opened:
        found = opened.day.orders.order(order)
        opened.day.orders.cancel(order, order_event(EventKind.ORDER_CANCELLED, found, operator(purpose)))
    typer.echo(f"Order {order} is cancelled.")


@places.command("where")
def where(
    subject: Annotated[str | None, typer.Argument(help="Whom to look for; left out, how many are where.")] = None,
    gallery: GalleryOption = "ALL",
    purpose: PurposeOption = "movement",
    *,
    json: JsonOption = False,
) -> None:
    """Print how many are believed to be where, or where one person was seen."""
    person, of = None if subject is None else SubjectId(subject), GalleryId(gallery)
    with settings_store(load_settings()) as opened:
        opened.store.record(day_event(EventKind.WHEREABOUTS_READ, operator(purpose), person, of))
        movements = opened.day.movements
        counts = movements.counts(of) if person is None else []
        trail = [] if person is None else movements.trail(person, PAGE)
        located = None if person is None else movements.located(person)
    if json:
        print_json({"counts": counts} if located is None else {"whereabouts": located.believed, "trail": trail})
    elif located is None:
        print_table("Whereabouts", ("zone", "people"), ((each.zone or "nobody knows", each.people) for each in counts))
    else:
        believed = located.believed.zone if located.believed else "nobody knows"
        rows = ((each.at, each.zone or "", each.post or "", each.passage.value, each.how.value) for each in trail)
        print_table(f"{located.subject}: {believed}", ("at", "zone", "post", "passage", "how"), rows)


def _post_row(post: Post) -> tuple[object, ...]:
    devices, order = " ".join(sorted(post.devices)) or "any", "demanded" if post.demands_order else ""
    ways = (post.from_zone, post.to_zone)
    return (post.id, post.name, *ways, post.gallery, devices, order, post.on_discrepancy.value)
