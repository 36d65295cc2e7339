"""Movement orders: who may move where and when. An order of a gallery beyond the caller's reads like none."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, GalleryQuery, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.place_wire import OrderAnswer, OrderBody, OrdersAnswer, order_answer, order_of
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.day_events import day_event, order_event
from biometric_service.recognition.walk import require_member
from biometric_service.references.movement_orders import order_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import Order
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/movement-orders", tags=["places"], route_class=OnceRoute)

OrderPath = Annotated[Id, Path(description="The order's id.")]
AfterOrder = Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")]
Reader = Annotated[Admission, Depends(requires(Scope.WHEREABOUTS_READ))]
Writer = Annotated[Admission, Depends(requires(Scope.ORDER_WRITE))]


@router.get("")
async def list_orders(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Reader,
    asking: Annotated[Asking, Depends()],
    gallery: GalleryQuery,
    services: ServicesOf,
    subject: Annotated[Id | None, Query(description="Only those that name this person.")] = None,
    over: Annotated[bool, Query(description="True for those that ran out or were cancelled.")] = False,  # noqa: FBT002
    after: AfterOrder = 0,
    limit: LimitQuery = 50,
) -> OrdersAnswer:
    """List the orders of a gallery that stand, also for later, or those that are over."""
    caller = await admission.caller(asking.purpose, [GalleryId(gallery)], asking.device)
    person = None if subject is None else SubjectId(subject)
    orders = services.day.orders
    page = await run_in_threadpool(lambda: orders.orders(GalleryId(gallery), person, after, limit + 1, over=over))
    listed = day_event(EventKind.ORDERS_READ, caller, person, GalleryId(gallery))
    await run_in_threadpool(services.store.record, listed)
    following = page[limit - 1].number if len(page) > limit else None
    return OrdersAnswer(orders=tuple(map(order_answer, page[:limit])), next=following)


@router.post("", status_code=201)
async def issue_order(
    admission: Writer, body: OrderBody, services: ServicesOf, _: IdempotencyKey = None
) -> OrderAnswer:
    """Let somebody move, or everybody of a gallery or zone."""
    order = order_of(body)
    caller = await admission.caller(body.purpose, [order.gallery], body.device)
    if order.valid_until <= datetime.now(UTC):
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "order_over")
    if order.subject is not None:
        await run_in_threadpool(require_member, services.walk, order.subject, order.gallery)
    issued = order_event(EventKind.ORDER_ISSUED, order, caller)
    return order_answer(await run_in_threadpool(services.day.orders.issue, order, issued))


@router.get("/{order}")
async def read_order(
    admission: Reader, asking: Annotated[Asking, Depends()], order: OrderPath, services: ServicesOf
) -> OrderAnswer:
    """Read an order."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services, admission, order)
    read = day_event(EventKind.ORDERS_READ, caller, found.subject, found.gallery, order=order)
    await run_in_threadpool(services.store.record, read)
    return order_answer(found)


@router.delete("/{order}")
async def cancel_order(
    admission: Writer, asking: Annotated[Asking, Depends()], order: OrderPath, services: ServicesOf
) -> OrderAnswer:
    """Cancel an order at once; one that is over stays as it is."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services, admission, order)
    cancelled = order_event(EventKind.ORDER_CANCELLED, found, caller)
    return order_answer(await run_in_threadpool(services.day.orders.cancel, order, cancelled))


def _reached(services: Services, admission: Admission, order: str) -> Order:
    found = services.day.orders.order(order)
    if not admission.key.may_search(found.gallery):
        raise order_unknown()
    return found
