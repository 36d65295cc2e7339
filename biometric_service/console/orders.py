"""Movement orders: who may move where and when."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import movement_orders
from biometric_service.api.operations.place_wire import OrderBody
from biometric_service.console.places import zone_names
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.places import OrderPurpose

PAGE = 50

router = page_router()

Reader = Annotated[Visit, Depends(visiting(Scope.WHEREABOUTS_READ))]
Writer = Annotated[Visit, Depends(visiting(Scope.ORDER_WRITE))]


@router.get("/orders")
async def list_orders(
    visit: Reader,
    gallery: Annotated[str, Query(max_length=128)] = "",
    over: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """The orders of a gallery that stand, or that are over, and a form to issue one."""
    galleries = visit.galleries()
    chosen = gallery or (galleries[0] if galleries else "")
    listed = None
    if chosen:
        listed = await movement_orders.list_orders(
            visit.admission, visit.asking, chosen, visit.services, None, over, after, PAGE
        )
    shown = {
        "listed": listed,
        "galleries": galleries,
        "gallery": chosen,
        "over": over,
        "zones": await zone_names(visit),
    }
    may = {"may_write": visit.may(Scope.ORDER_WRITE), "named": visit.named_galleries()}
    return visit.page("orders.html", {**shown, **may, "reasons": tuple(OrderPurpose)})


@router.post("/orders")
async def issue(visit: Writer) -> Response:
    """Let somebody move."""
    body = await visit.form(OrderBody)
    await movement_orders.issue_order(visit.admission, body, visit.services)
    return visit.go(f"/orders?gallery={body.gallery}", "orders.issued")


@router.post("/orders/{order}/cancellation")
async def cancel(visit: Writer, order: str) -> Response:
    """End an order at once."""
    cancelled = await movement_orders.cancel_order(visit.admission, visit.asking, order, visit.services)
    return visit.go(f"/orders?gallery={cancelled.gallery}", "orders.cancelled")
