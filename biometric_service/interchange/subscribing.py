"""Who is told of what happens here: made, given another key, paused, told of the past anew, ended."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from biometric_service.outbound.gate import OutboundGate
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent
from biometric_service.vocabulary.outward import Subscription, SubscriptionStore, Wanted

FORMER_KEY = timedelta(days=1)
"""How long the former key of a subscription signs beside the new one."""

ReadEvents = Callable[[int, int], Sequence[RecordedEvent]]
"""Audit events after a number, up to so many."""


def subscribe(  # noqa: PLR0913 - a subscription has this many parts
    store: SubscriptionStore,
    gate: OutboundGate,
    caller: Caller,
    *,
    name: str,
    url: str,
    wanted: Wanted,
    after: int | None = None,
) -> tuple[Subscription, bytes]:
    """Tell a receiver of these events from now on, or from after an audit event; its key is given this once.

    URL_REFUSED for an address whose origin is not listed, REQUEST_INVALID.
    """
    gate.require(url)
    subscription = Subscription(f"sub-{uuid4().hex[:12]}", name, url, wanted, caller.purpose, caller.actor)
    facts = {
        "subscription": subscription.id,
        "url": url,
        "types": " ".join(sorted(wanted.types)),
        "galleries": " ".join(sorted(wanted.galleries)),
    }
    created = _event(EventKind.SUBSCRIPTION_CREATED, caller, **facts)
    return subscription, store.create(subscription, created, after)


def rotate(store: SubscriptionStore, subscription: str, caller: Caller) -> tuple[bytes, datetime]:
    """Another key, and until when the former one signs as well; SUBSCRIPTION_UNKNOWN."""
    until = datetime.now(UTC) + FORMER_KEY
    return store.rotate(subscription, until, subscription_changed(caller, subscription, "rotated")), until


def pause(store: SubscriptionStore, subscription: str, caller: Caller, *, paused: bool) -> None:
    """Send nothing from now on, or go on with what has waited; SUBSCRIPTION_UNKNOWN."""
    changed = subscription_changed(caller, subscription, "paused" if paused else "resumed")
    store.pause(subscription, changed, paused=paused)


def end(store: SubscriptionStore, subscription: str, caller: Caller) -> None:
    """End it; SUBSCRIPTION_UNKNOWN."""
    store.delete(subscription, _event(EventKind.SUBSCRIPTION_DELETED, caller, subscription=subscription))


def replay(store: SubscriptionStore, subscription: str, after: int, caller: Caller) -> None:
    """Tell it again of all that came after an audit event; SUBSCRIPTION_UNKNOWN."""
    store.replay(subscription, after, subscription_changed(caller, subscription, "replayed", after=str(after)))


def last_before(read: ReadEvents, moment: datetime) -> int:
    """The number of the last audit event before a moment, 0 where there is none: events are in the order of time."""
    lower, upper = 0, 1
    while _is_before(read, upper, moment):
        lower, upper = upper, 2 * upper
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (middle, upper) if _is_before(read, middle, moment) else (lower, middle)
    return lower


def subscription_changed(caller: Caller, subscription: str, what: str, **facts: str) -> AuditEvent:
    """The event of now that a subscription was changed."""
    return _event(EventKind.SUBSCRIPTION_CHANGED, caller, subscription=subscription, what=what, **facts)


def subscriptions_read(caller: Caller, **facts: str) -> AuditEvent:
    """The event of now that subscriptions, or what was given up, were read."""
    return _event(EventKind.SUBSCRIPTIONS_READ, caller, **facts)


def _is_before(read: ReadEvents, number: int, moment: datetime) -> bool:
    found = read(number - 1, 1)
    return bool(found) and found[0].event.at < moment


def _event(kind: EventKind, caller: Caller, **facts: str) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), caller, details=facts)
