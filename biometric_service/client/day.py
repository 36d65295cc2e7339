"""The prison's day as requests: zones and posts, orders, passages, whereabouts, manual checks and musters."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from biometric_service.api.operations.movement_wire import (
    ConfirmedAnswer,
    ManualCheckAnswer,
    ManualChecksAnswer,
    PassagesAnswer,
    TrailAnswer,
    WhereaboutsAnswer,
    WhereaboutsListAnswer,
)
from biometric_service.api.operations.muster_wire import (
    BoardAnswer,
    MusterAnswer,
    MusterCheckAnswer,
    MusterReportAnswer,
    MustersAnswer,
    PeopleAnswer,
)
from biometric_service.api.operations.place_wire import (
    OrderAnswer,
    OrdersAnswer,
    PlaceDroppedAnswer,
    PostAnswer,
    PostsAnswer,
    ZoneAnswer,
    ZonesAnswer,
)
from biometric_service.client.images import Image, form
from biometric_service.client.request import Request, delete, get, put, quoted, submit
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.musters import Shown
from biometric_service.vocabulary.places import OnDiscrepancy, OrderPurpose


def zones(*, purpose: str) -> Request[ZonesAnswer]:
    """Every zone."""
    return get("zones", ZonesAnswer, purpose)


def zone_setting(
    zone: str, *, name: str, capacity: int | None = None, off_site: bool = False, purpose: str
) -> Request[ZoneAnswer]:
    """Set up a zone, or change it."""
    asked = {"purpose": purpose, "name": name, "capacity": capacity, "off_site": off_site}
    return put(f"zones/{quoted(zone)}", ZoneAnswer, asked)


def zone_dropping(zone: str, *, purpose: str) -> Request[PlaceDroppedAnswer]:
    """Give up a zone."""
    return delete(f"zones/{quoted(zone)}", PlaceDroppedAnswer, purpose)


def posts(*, purpose: str) -> Request[PostsAnswer]:
    """The posts that the caller reaches."""
    return get("posts", PostsAnswer, purpose)


def post_setting(  # noqa: PLR0913 - as many as a post has
    post_id: str,
    *,
    name: str,
    from_zone: str,
    to_zone: str,
    gallery: str,
    devices: Sequence[str] = (),
    demands_order: bool = False,
    on_discrepancy: OnDiscrepancy = OnDiscrepancy.REVIEW,
    purpose: str,
) -> Request[PostAnswer]:
    """Set up a post, or change it."""
    asked = {
        "purpose": purpose,
        "name": name,
        "from_zone": from_zone,
        "to_zone": to_zone,
        "gallery": gallery,
        "devices": list(devices),
        "demands_order": demands_order,
        "on_discrepancy": on_discrepancy,
    }
    return put(f"posts/{quoted(post_id)}", PostAnswer, asked)


def post_dropping(post_id: str, *, purpose: str) -> Request[PlaceDroppedAnswer]:
    """Give up a post."""
    return delete(f"posts/{quoted(post_id)}", PlaceDroppedAnswer, purpose)


def movement_orders(
    *, gallery: str, subject: str | None = None, over: bool = False, after: int = 0, purpose: str
) -> Request[OrdersAnswer]:
    """A page of the orders that stand, or are over."""
    query = {"gallery": gallery, "over": str(over).lower(), "after": str(after)}
    return get("movement-orders", OrdersAnswer, purpose, **query, **({"subject": subject} if subject else {}))


def movement_order(  # noqa: PLR0913 - as many as an order has
    *,
    gallery: str,
    subject: str | None = None,
    zone: str | None = None,
    from_zone: str | None = None,
    to_zone: str,
    valid_from: datetime,
    valid_until: datetime,
    order_purpose: OrderPurpose,
    must: bool = False,
    both_ways: bool = True,
    note: str = "",
    purpose: str,
) -> Request[OrderAnswer]:
    """Let somebody move, or everybody of a gallery or zone."""
    asked = {
        "purpose": purpose,
        "gallery": gallery,
        "subject": subject,
        "zone": zone,
        "from_zone": from_zone,
        "to_zone": to_zone,
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat(),
        "order_purpose": order_purpose,
        "must": must,
        "both_ways": both_ways,
        "note": note,
    }
    return submit("movement-orders", OrderAnswer, asked)


def order_cancellation(order: str, *, purpose: str) -> Request[OrderAnswer]:
    """Cancel an order."""
    return delete(f"movement-orders/{quoted(order)}", OrderAnswer, purpose)


def passages(decided: Sequence[Mapping[str, Any]], *, purpose: str) -> Request[PassagesAnswer]:
    """What a device decided offline, each as the operation has it; recorded once however often it is sent."""
    return submit("passages", PassagesAnswer, {"purpose": purpose, "passages": [dict(each) for each in decided]})


def whereabouts(
    *, gallery: str, zone: str | None = None, after: str | None = None, limit: int = 50, purpose: str
) -> Request[WhereaboutsListAnswer]:
    """A page of a gallery's people with where they are, and how many are where."""
    given = {"zone": zone, "after": after}
    query = {name: value for name, value in given.items() if value is not None}
    return get("whereabouts", WhereaboutsListAnswer, purpose, gallery=gallery, limit=str(limit), **query)


def trail(subject: str, *, purpose: str) -> Request[TrailAnswer]:
    """Where somebody is, and where they were seen."""
    return get(f"whereabouts/{quoted(subject)}", TrailAnswer, purpose)


def placement(subject: str, *, zone: str, purpose: str) -> Request[WhereaboutsAnswer]:
    """Say where somebody is of whom nobody knew."""
    return submit(f"whereabouts/{quoted(subject)}/placement", WhereaboutsAnswer, {"purpose": purpose, "zone": zone})


def manual_checks(*, confirmed: bool = False, after: int = 0, purpose: str) -> Request[ManualChecksAnswer]:
    """A page of the manual checks that wait for a second officer, or are confirmed."""
    query = {"confirmed": str(confirmed).lower(), "after": str(after)}
    return get("manual-checks", ManualChecksAnswer, purpose, **query)


def manual_check(  # noqa: PLR0913 - as many as a check has
    subject: str,
    *,
    gallery: str,
    reason: str,
    post_id: str | None = None,
    direction: Movement | None = None,
    muster: str | None = None,
    zone: str | None = None,
    purpose: str,
) -> Request[ManualCheckAnswer]:
    """Say who somebody is, at a post or in a muster; a second officer has to confirm it."""
    asked = {
        "purpose": purpose,
        "subject": subject,
        "gallery": gallery,
        "reason": reason,
        "post": post_id,
        "direction": direction,
        "muster": muster,
        "zone": zone,
    }
    return submit("manual-checks", ManualCheckAnswer, asked)


def manual_confirmation(check: str, *, purpose: str) -> Request[ConfirmedAnswer]:
    """Confirm what another officer said."""
    return submit(f"manual-checks/{quoted(check)}/confirmation", ConfirmedAnswer, {"purpose": purpose})


def musters(*, before: int = 0, purpose: str) -> Request[MustersAnswer]:
    """A page of musters, the newest first."""
    return get("musters", MustersAnswer, purpose, before=str(before))


def new_muster(
    *, galleries: Sequence[str], zones: Sequence[str] = (), shown: Shown = Shown.EITHER, purpose: str
) -> Request[MusterAnswer]:
    """Start a count."""
    asked = {"purpose": purpose, "galleries": list(galleries), "zones": list(zones), "shown": shown}
    return submit("musters", MusterAnswer, asked)


def muster_board(muster: str, *, purpose: str) -> Request[BoardAnswer]:
    """How a muster stands."""
    return get(f"musters/{quoted(muster)}", BoardAnswer, purpose)


def muster_people(muster: str, *, purpose: str) -> Request[PeopleAnswer]:
    """Everybody who is expected, with the finger that they are to show."""
    return get(f"musters/{quoted(muster)}/people", PeopleAnswer, purpose)


def muster_check(
    images: Sequence[Image], *, muster: str, zone: str | None = None, purpose: str, device: str = ""
) -> Request[MusterCheckAnswer]:
    """Count whoever stands there."""
    asked = {"purpose": purpose, "device": device, "zone": zone}
    return submit(f"musters/{quoted(muster)}/checks", MusterCheckAnswer, form(asked, images))


def muster_closing(muster: str, *, purpose: str) -> Request[MusterAnswer]:
    """End a count with its report."""
    return submit(f"musters/{quoted(muster)}/closing", MusterAnswer, {"purpose": purpose})


def muster_report(muster: str, *, purpose: str) -> Request[MusterReportAnswer]:
    """The signed report of a closed muster."""
    return get(f"musters/{quoted(muster)}/report", MusterReportAnswer, purpose)
