"""Who is told of what happens here by signed webhooks (Standard Webhooks).

A subscription of galleries beyond the caller's reach reads like none.
"""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, Field, model_validator

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.audit_events import LARGEST_NUMBER
from biometric_service.api.operations.bodies import AskingBody, Id, Line
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.subscribing import (
    end,
    last_before,
    pause,
    replay,
    rotate,
    subscribe,
    subscriptions_read,
)
from biometric_service.outbound.rules import LONGEST_URL
from biometric_service.outbound.webhooks import written_secret
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.outward import OutwardType, Subscription, SubscriptionState, Wanted
from biometric_service.vocabulary.references import GalleryId

router = APIRouter(prefix=f"{OPERATIONS}/subscriptions", tags=["events"], route_class=OnceRoute)

SubscriptionPath = Annotated[Id, Path(description="The subscription's id.")]
AfterEvent = Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="Begin after this event.")]
Reader = Annotated[Admission, Depends(requires(Scope.SUBSCRIPTION_READ))]
Writer = Annotated[Admission, Depends(requires(Scope.SUBSCRIPTION_WRITE))]


class SubscriptionBody(AskingBody):
    """Tell a receiver of events."""

    name: Annotated[Line, Field(min_length=1)] = Field(description="What people call it.", examples=["Case management"])
    url: Annotated[str, Field(max_length=LONGEST_URL)] = Field(
        description="Where events are sent; its origin must be listed in outbound_origins.",
        examples=["https://cases.example/hooks/biometrics"],
    )
    types: Annotated[frozenset[OutwardType], Field(min_length=1)] = Field(
        description="Of which events.", examples=[["subject.released", "subject.blocked"]]
    )
    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Of which galleries; no more than the caller reaches.", examples=[["residents"]]
    )
    after: Annotated[int | None, Field(ge=0, le=LARGEST_NUMBER)] = Field(
        None, description="Tell it of the past too, after this event; left out, of what happens from now on."
    )


class ReplayBody(AskingBody):
    """Tell a receiver of the past once more."""

    after: Annotated[int | None, Field(ge=0, le=LARGEST_NUMBER)] = Field(
        None, description="Of what came after this event; this or since."
    )
    since: AwareDatetime | None = Field(None, description="Of what happened from this moment on; this or after.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.after is None) == (self.since is None):
            raise ValueError("give either after or since")
        return self


class SubscriptionAnswer(Answer):
    """A subscription."""

    id: str = Field(description="Its id.", examples=["sub-3f0c2a9d71be"])
    name: str = Field(description="What people call it.")
    url: str = Field(description="Where events are sent.")
    types: tuple[OutwardType, ...] = Field(description="Of which events it is told.")
    galleries: tuple[str, ...] = Field(description="Of which galleries.")
    purpose: str = Field(description="What for.")
    created_by: str = Field(description="Who made it.")
    paused: bool = Field(description="True while nothing is sent; what happens meanwhile is sent later.")


class NewSubscriptionAnswer(Answer):
    """A subscription with the secret that its deliveries are signed with, given this once."""

    subscription: SubscriptionAnswer = Field(description="The new subscription.")
    secret: str = Field(description="Checks what is received (Standard Webhooks).", examples=["whsec_MDEyMzQ1Njc4OWFi"])


class SubscriptionStateAnswer(Answer):
    """A subscription and how far it has got."""

    subscription: SubscriptionAnswer = Field(description="The subscription.")
    reached: int = Field(description="Up to which event of the audit log everything was laid out to be sent.")
    waiting: int = Field(description="How many events wait to be sent, or to be sent again.")
    dead: int = Field(description="How many were given up.")


class SubscriptionsAnswer(Answer):
    """Every subscription that the caller reaches."""

    subscriptions: tuple[SubscriptionStateAnswer, ...] = Field(description="By id.")


class RotationAnswer(Answer):
    """Another secret."""

    secret: str = Field(description="The new secret, given this once.")
    former_until: AwareDatetime = Field(description="Until then deliveries bear a signature by the former one as well.")


class ReplayAnswer(Answer):
    """What is told once more."""

    after: int = Field(description="All that came after this event of the audit log.")


class DeadLetterAnswer(Answer):
    """An event that was given up."""

    event: int = Field(description="Its number, by which it can be replayed.")
    subject: str | None = Field(description="Whom it is about.")
    attempts: int = Field(description="How often it was sent.")
    since: AwareDatetime = Field(description="When it was first to be sent.")
    answer: str = Field(description="What came of the last attempt: an HTTP status, or an error code.")


class DeadLettersAnswer(Answer):
    """Events that were given up."""

    dead_letters: tuple[DeadLetterAnswer, ...] = Field(description="In the order of events.")
    next: int | None = Field(description="Begin after this event for more; null where there is none.")


@router.get("")
async def list_subscriptions(
    admission: Reader, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> SubscriptionsAnswer:
    """List who is told of which events, and how far each has got."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    states = await run_in_threadpool(services.subscriptions.subscriptions)
    await run_in_threadpool(services.store.record, subscriptions_read(caller))
    reached = (each for each in states if _reaches(admission, each.subscription))
    return SubscriptionsAnswer(subscriptions=tuple(map(_state, reached)))


@router.post("", status_code=201)
async def create_subscription(
    admission: Writer, body: SubscriptionBody, services: ServicesOf, _: IdempotencyKey = None
) -> NewSubscriptionAnswer:
    """Tell a receiver of events, and get the secret that it checks them with, this once."""
    wanted = Wanted(body.types, frozenset(map(GalleryId, body.galleries)))
    caller = await admission.caller(body.purpose, sorted(wanted.galleries), body.device)
    made, key = await run_in_threadpool(
        subscribe,
        services.subscriptions,
        services.outbound,
        caller,
        name=body.name,
        url=body.url,
        wanted=wanted,
        after=body.after,
    )
    return NewSubscriptionAnswer(subscription=_answer(made), secret=written_secret(key))


@router.post("/{subscription}/rotation")
async def rotate_secret(
    admission: Writer, subscription: SubscriptionPath, body: AskingBody, services: ServicesOf
) -> RotationAnswer:
    """Give a subscription another secret; the former one signs as well for a day."""
    caller = await admission.caller(body.purpose, [], body.device)
    await _own(admission, services, subscription)
    key, until = await run_in_threadpool(rotate, services.subscriptions, subscription, caller)
    return RotationAnswer(secret=written_secret(key), former_until=until)


@router.post("/{subscription}/pause")
async def pause_subscription(
    admission: Writer, subscription: SubscriptionPath, body: AskingBody, services: ServicesOf
) -> SubscriptionAnswer:
    """Send nothing from now on; what happens meanwhile is sent once it is resumed."""
    return await _paused(admission, services, subscription, body, paused=True)


@router.post("/{subscription}/resume")
async def resume_subscription(
    admission: Writer, subscription: SubscriptionPath, body: AskingBody, services: ServicesOf
) -> SubscriptionAnswer:
    """Go on sending, with what has waited first."""
    return await _paused(admission, services, subscription, body, paused=False)


@router.post("/{subscription}/replay")
async def replay_events(
    admission: Writer, subscription: SubscriptionPath, body: ReplayBody, services: ServicesOf
) -> ReplayAnswer:
    """Send once more what came after an event or a moment, also what was given up."""
    caller = await admission.caller(body.purpose, [], body.device)
    await _own(admission, services, subscription)
    after = body.after
    if after is None:
        assert body.since is not None
        after = await run_in_threadpool(last_before, services.store.events, body.since)
    await run_in_threadpool(replay, services.subscriptions, subscription, after, caller)
    return ReplayAnswer(after=after)


@router.get("/{subscription}/dead-letters")
async def list_dead_letters(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Reader,
    subscription: SubscriptionPath,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    after: AfterEvent = 0,
    limit: LimitQuery = 50,
) -> DeadLettersAnswer:
    """List what was not taken for so long that it was given up."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    await _own(admission, services, subscription)
    await run_in_threadpool(services.store.record, subscriptions_read(caller, subscription=subscription))
    page = await run_in_threadpool(services.subscriptions.dead_letters, subscription, after, limit + 1)
    shown = tuple(
        DeadLetterAnswer(event=e.event, subject=e.subject, attempts=e.attempts, since=e.since, answer=e.answer)
        for e in page[:limit]
    )
    return DeadLettersAnswer(dead_letters=shown, next=shown[-1].event if len(page) > limit else None)


@router.delete("/{subscription}", status_code=204)
async def delete_subscription(
    admission: Writer, asking: Annotated[Asking, Depends()], subscription: SubscriptionPath, services: ServicesOf
) -> None:
    """End a subscription at once, with all that waits."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    await _own(admission, services, subscription)
    await run_in_threadpool(end, services.subscriptions, subscription, caller)


async def _paused(
    admission: Admission, services: Services, subscription: str, body: AskingBody, *, paused: bool
) -> SubscriptionAnswer:
    caller = await admission.caller(body.purpose, [], body.device)
    await _own(admission, services, subscription)
    await run_in_threadpool(pause, services.subscriptions, subscription, caller, paused=paused)
    return _answer(await _own(admission, services, subscription))


async def _own(admission: Admission, services: Services, subscription: str) -> Subscription:
    """SUBSCRIPTION_UNKNOWN also for one that the caller does not reach."""
    found = await run_in_threadpool(services.subscriptions.named, subscription)
    if not _reaches(admission, found):
        raise BiometricServiceError(
            ErrorCode.SUBSCRIPTION_UNKNOWN, f"There is no subscription {subscription!r}.", "Check its id."
        )
    return found


def _reaches(admission: Admission, subscription: Subscription) -> bool:
    return all(map(admission.key.may_search, subscription.wanted.galleries))


def _state(state: SubscriptionState) -> SubscriptionStateAnswer:
    return SubscriptionStateAnswer(
        subscription=_answer(state.subscription), reached=state.reached, waiting=state.waiting, dead=state.dead
    )


def _answer(subscription: Subscription) -> SubscriptionAnswer:
    return SubscriptionAnswer(
        id=subscription.id,
        name=subscription.name,
        url=subscription.url,
        types=tuple(sorted(subscription.wanted.types)),
        galleries=tuple(sorted(subscription.wanted.galleries)),
        purpose=subscription.purpose,
        created_by=subscription.created_by,
        paused=subscription.paused_at is not None,
    )
