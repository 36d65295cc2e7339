"""Events of the prison's day: facts alone, never what officers wrote of people."""

from collections.abc import Sequence
from datetime import UTC, datetime

from biometric_service.recognition.walk import Observation, with_template
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.movements import Means
from biometric_service.vocabulary.places import NewOrder, Post, Zone
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality

_MEANS = {
    frozenset({Modality.FACE}): Means.FACE,
    frozenset({Modality.FINGERPRINT}): Means.FINGERPRINT,
    frozenset(Modality): Means.BOTH,
}


def day_event(
    kind: EventKind, caller: Caller, subject: SubjectId | None = None, gallery: GalleryId | None = None, /, **facts: str
) -> AuditEvent:
    """An event of now."""
    return AuditEvent(kind, datetime.now(UTC), caller, subject, gallery, facts)


def zone_event(zone: Zone, caller: Caller) -> AuditEvent:
    """A zone was set."""
    capacity = "" if zone.capacity is None else str(zone.capacity)
    facts = {"zone": zone.id, "name": zone.name, "capacity": capacity, "off_site": str(zone.off_site).lower()}
    return day_event(EventKind.ZONE_SET, caller, **facts)


def post_event(post: Post, caller: Caller) -> AuditEvent:
    """A post was set."""
    facts = {
        "post": post.id,
        "name": post.name,
        "from_zone": post.from_zone,
        "to_zone": post.to_zone,
        "devices": " ".join(sorted(post.devices)),
        "demands_order": str(post.demands_order).lower(),
        "on_discrepancy": post.on_discrepancy.value,
    }
    return day_event(EventKind.POST_SET, caller, None, post.gallery, **facts)


def order_event(kind: EventKind, order: NewOrder, caller: Caller) -> AuditEvent:
    """An order was issued or cancelled."""
    facts = {
        "order": order.id,
        "zone": order.zone or "",
        "from_zone": order.from_zone or "",
        "to_zone": order.to_zone,
        "valid_from": order.valid_from.astimezone(UTC).isoformat(),
        "valid_until": order.valid_until.astimezone(UTC).isoformat(),
        "purpose": order.purpose.value,
        "must": str(order.must).lower(),
    }
    return day_event(kind, caller, order.subject, order.gallery, **facts)


def means_of(observed: Sequence[Observation]) -> Means:
    """By what somebody was looked for; NONE where nothing could be used."""
    return _MEANS.get(frozenset(each.image.modality for each in with_template(observed)), Means.NONE)
