"""A slice of the gallery for one device: whoever may be met at its post, and what a decision there rests on."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.officer_keys import OfficerKeys
from biometric_service.vocabulary.places import Order, Post, ZoneId
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    EncounterStatus,
    Json,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.slices import WHOLE, Comparison, PostRules, SliceContent, SliceHead, SliceTerms

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class SliceRequest:
    """``held``: the change up to which the device holds its slice, WHOLE for one from scratch.

    ``policy``: the operating points in force; ``rules``: of the device's post. ``at``: when it is issued. ``officers``:
    who may check by hand at the post, None where nobody may.
    """

    device: Device
    held: ChangeNumber
    policy: Mapping[str, Json]
    rules: PostRules | None
    terms: SliceTerms
    at: datetime
    officers: OfficerKeys | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the device is to hold, and the change up to which it does then."""

    content: SliceContent
    change: ChangeNumber


def gather(walk: Walk, request: SliceRequest) -> Gathered:
    """Gather what the device is to hold; REQUEST_INVALID where it says that it holds what is still to come."""
    newest = walk.store.last_change()
    if request.held > newest:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The device says that it holds change {request.held}, and the newest is {newest}.",
            "Ask for a whole slice.",
        )
    added, removed, change = _changed(walk, request)
    content = SliceContent(
        galleries=request.device.galleries,
        added=tuple(added.values()),
        removed=removed if request.held else (),
        comparisons=comparisons_of(walk.comparators),
        policy=request.policy,
        statuses=_statuses(walk, added.values()),
        rules=request.rules,
        officers=request.officers,
    )
    return Gathered(content, change)


def issue(walk: Walk, request: SliceRequest, gathered: Gathered, caller: Caller) -> SliceHead:
    """Put the issue into the audit log; the head of the slice has the number of that event."""
    head = SliceHead(
        device=request.device.id,
        number=0,
        base=request.held,
        change=gathered.change,
        galleries=gathered.content.galleries,
        issued_at=request.at,
        fresh_until=request.at + timedelta(seconds=request.terms.fresh),
        expires_at=request.at + timedelta(seconds=request.terms.life),
        digest="",
    )
    return replace(head, number=walk.store.record(_event(head, gathered.content, caller)))


def rules_of(walk: Walk, post: Post, at: datetime) -> PostRules:
    """What is known of a post and of who may pass it, from now on."""
    standing = [order for order in _orders(walk, post) if order.valid_until > at]
    beside = {post.from_zone, post.to_zone} & {order.zone for order in standing if order.subject is None}
    present = {zone: tuple(_present(walk, post, zone)) for zone in sorted(beside - {None})}
    return PostRules(post, tuple(replace(order, note="") for order in standing), present)


def _orders(walk: Walk, post: Post) -> Iterator[Order]:
    after = 0
    while page := walk.day.orders.orders(post.gallery, None, after, _PAGE, over=False):
        yield from page
        after = page[-1].number


def _present(walk: Walk, post: Post, zone: ZoneId) -> Iterator[SubjectId]:
    after = None
    while page := walk.day.movements.whereabouts(post.gallery, zone, after, _PAGE):
        yield from (each.subject for each in page)
        after = page[-1].subject


def comparisons_of(comparators: Mapping[Modality, Comparator]) -> Mapping[Modality, Comparison]:
    """What references are compared with, so that two services can tell whether they compare alike."""
    return {modality: _comparison(comparator) for modality, comparator in comparators.items()}


def _comparison(comparator: Comparator) -> Comparison:
    curve = hashlib.sha256(repr(comparator.calibration).encode()).hexdigest()
    return Comparison(str(comparator.format), comparator.name, comparator.version, curve)


def _changed(
    walk: Walk, request: SliceRequest
) -> tuple[dict[ReferenceId, Reference], tuple[ReferenceId, ...], ChangeNumber]:
    """What was added for the device and is still there, everything that was removed, and up to which change."""
    formats = {comparator.format for comparator in walk.comparators.values()}
    added: dict[ReferenceId, Reference] = {}
    removed: list[ReferenceId] = []
    number = request.held
    for number, change in walk.store.changes(request.held or WHOLE):  # noqa: B007 - the last one counts
        seen = (_as_seen(each, request.device) for each in change.added if each.template.format in formats)
        added.update({each.id: each for each in seen if each is not None})
        removed += change.removed
        for each in change.removed:
            added.pop(each, None)
    return added, tuple(removed), number


def _as_seen(reference: Reference, device: Device) -> Reference | None:
    """The reference with those of its galleries that the device reaches; None where there is none of them."""
    if ALL_GALLERIES in device.galleries:
        return reference
    seen = reference.galleries & device.galleries
    return replace(reference, galleries=seen) if seen else None


def _statuses(walk: Walk, references: Iterable[Reference]) -> Mapping[SubjectId, EncounterStatus]:
    """Of those who may not be active: an active one is searched in a gallery at the least."""
    statuses = {
        subject: _status(walk, subject) for subject in {each.subject for each in references if not each.galleries}
    }
    return {subject: status for subject, status in statuses.items() if status is not EncounterStatus.ACTIVE}


def _status(walk: Walk, subject: SubjectId) -> EncounterStatus:
    try:
        return walk.store.subject(subject).status
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:  # erased just now: the next slice says so
            return EncounterStatus.INACTIVE
        raise


def _event(head: SliceHead, content: SliceContent, caller: Caller) -> AuditEvent:
    details = {
        "device": head.device,
        "base": str(head.base),
        "change": str(head.change),
        "references": str(len(content.added)),
        "removed": str(len(content.removed)),
        "officer_keys": str(len(content.officers.keys) if content.officers else 0),
        "galleries": " ".join(sorted(head.galleries)),
        "expires_at": head.expires_at.isoformat(),
    }
    only = next(iter(head.galleries)) if len(head.galleries) == 1 else None
    gallery = only if only != ALL_GALLERIES else None
    return AuditEvent(EventKind.SLICE_ISSUED, head.issued_at, caller, None, gallery, details)
