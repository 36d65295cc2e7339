"""What happens here, as it happens, for other systems: a stream that can be taken up where it broke off."""

import asyncio
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, event
from biometric_service.api.operations.audit_events import LARGEST_NUMBER
from biometric_service.api.operations.event_tail import DRAINS, EventTail, Follower, Stream
from biometric_service.api.security import Admission, EntranceOf, requires
from biometric_service.api.services import ServicesOf
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.outward import OutwardType, Wanted

EVENT_STREAM = "text/event-stream"

router = APIRouter(prefix=f"{OPERATIONS}/events", tags=["events"])

Number = Annotated[
    int | None, Query(ge=0, le=LARGEST_NUMBER, description="Begin after this event; left out, from now.")
]
LastNumber = Annotated[
    int | None,
    Header(ge=0, le=LARGEST_NUMBER, description="The last id that was received before the stream broke off."),
]
Types = Annotated[list[OutwardType] | None, Query(alias="type", description="Which events; all where none is named.")]


def tail_of(request: Request) -> EventTail:
    """The look-out that the application was built with."""
    return cast("EventTail", request.app.state.tail)


@router.get("", response_class=StreamingResponse, responses={200: {"content": {EVENT_STREAM: {}}}})
async def stream_events(  # noqa: PLR0913, PLR0917 - what a request may say
    admission: Annotated[Admission, Depends(requires(Scope.EVENTS_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    entrance: EntranceOf,
    after: Number = None,
    types: Types = None,
    last_event_id: LastNumber = None,
) -> StreamingResponse:
    """Follow the events of the galleries that the caller reaches (server-sent events), after any event of the past."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    tail_of(admission.request).require_room(services.settings.event_streams)
    begun = await run_in_threadpool(services.store.record, event(EventKind.EVENTS_STREAMED, caller))
    follower = Follower(
        principal=admission.key,
        wanted=Wanted(frozenset(types or OutwardType), admission.key.galleries),
        after=next((each for each in (last_event_id, after) if each is not None), begun),
        begun=begun,
        drains=admission.request.scope.get("extensions", {}).get(DRAINS) or asyncio.Event(),
    )
    stream = Stream(tail_of(admission.request), services.store, entrance)
    return StreamingResponse(stream.lines(follower), media_type=EVENT_STREAM)
