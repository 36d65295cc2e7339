"""What a post lets pass: whoever is certain, active, under an order where it takes one, and comes from there.

Nobody passes silently from a zone that they are not believed to be in: it is for an officer to look, or the passage is
flagged, as the post has it.
"""

from datetime import UTC, datetime
from uuid import uuid4

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.day_stores import PostRule
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.movements import Ground, Means, Passing, Ruling, Standing
from biometric_service.vocabulary.places import OnDiscrepancy, Order, Post
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterStatus, GalleryId
from biometric_service.vocabulary.rulings import RulingCode, RulingReason, because

_DEVICE = "device:"


def post_rule(post: Post, direction: Movement, identity: Ruling) -> PostRule:
    """What the post shows somebody whose identity is certain, given what is known of them at that moment."""

    def rule(standing: Standing) -> Ruling:
        return _Post(post, direction, identity, standing).ruling()

    return rule


def speaks_for(post: Post, caller: Caller) -> bool:
    """Whether the caller may decide at the post: one of its devices or keys, or anybody where it names none."""
    return not post.devices or caller.actor.removeprefix(_DEVICE) in post.devices


def require_gallery_of(post: Post, gallery: GalleryId) -> None:
    """REQUEST_INVALID for another gallery than that of those who pass the post."""
    if post.gallery not in {ALL_GALLERIES, gallery}:
        message, action = f"The post is for the gallery {post.gallery!r}.", "Name that gallery."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)


def passing_now(post: Post, direction: Movement, means: Means, caller: Caller, passage: str = "") -> Passing:
    """Somebody is at the post just now; ``passage``: the caller's own id of it, empty for one made here."""
    return Passing(passage or uuid4().hex, caller.actor, post, direction, datetime.now(UTC), means)


class _Post:
    """One person at one post: each rule gives a ruling where it has one."""

    def __init__(self, post: Post, direction: Movement, identity: Ruling, standing: Standing) -> None:
        self._post = post
        self._identity = identity
        self._standing = standing
        self._origin, self._result = post.origin(direction), post.result(direction)
        self._who = identity.subject
        self._by_hand = identity.ground in {Ground.CONFIRMED_BY_TWO, Ground.OFFICERS_UNPROVEN}

    def ruling(self) -> Ruling:
        """The first that speaks against it, else that they pass."""
        order = self._order()
        held = self._inactive() or self._without(order) or self._elsewhere() or self._full()
        if held is not None:
            return held
        identity = self._identity
        why = (*identity.why, *self._flagged())
        named = order.id if order else ""
        return Ruling(Passage.PASS, identity.ground, why, self._who, named, discrepancy=self._is_elsewhere())

    def _order(self) -> Order | None:
        believed = self._standing.believed
        zones = {None, believed.zone if believed else None}
        leading = (each for each in self._standing.orders if each.leads(self._origin, self._result))
        return next((each for each in leading if each.subject is not None or each.zone in zones), None)

    def _inactive(self) -> Ruling | None:
        status = self._standing.status
        if status is EncounterStatus.ACTIVE:
            return None
        why = because(RulingCode.NOT_ACTIVE, subject=self._who, status=status.value)
        return self._held(Passage.STOP, Ground.NOT_ACTIVE, why)

    def _without(self, order: Order | None) -> Ruling | None:
        if order is not None or not self._post.demands_order:
            return None
        why = because(RulingCode.NO_ORDER, subject=self._who, origin=self._origin, zone=self._result)
        return self._held(Passage.STOP, Ground.NO_ORDER, why)

    def _is_elsewhere(self) -> bool:
        believed = self._standing.believed
        return believed is not None and believed.zone != self._origin

    def _elsewhere(self) -> Ruling | None:
        flagged = self._by_hand or self._post.on_discrepancy is OnDiscrepancy.FLAG
        if flagged or not self._is_elsewhere():
            return None
        return self._held(Passage.REVIEW, Ground.ELSEWHERE, (*self._flagged(), *because(RulingCode.LOOK)))

    def _full(self) -> Ruling | None:
        capacity = self._standing.capacity
        if capacity is None or self._standing.present < capacity or self._by_hand:
            return None
        why = because(RulingCode.ZONE_FULL, zone=self._result, capacity=capacity)
        return self._held(Passage.REVIEW, Ground.ZONE_FULL, why)

    def _flagged(self) -> tuple[RulingReason, ...]:
        believed = self._standing.believed
        if believed is None or not self._is_elsewhere():
            return ()
        since = f"{believed.since:%Y-%m-%d %H:%M} UTC"
        facts = {"subject": self._who, "zone": believed.zone, "since": since, "origin": self._origin}
        return because(RulingCode.ELSEWHERE, **facts)

    def _held(self, passage: Passage, ground: Ground, why: tuple[RulingReason, ...]) -> Ruling:
        return Ruling(passage, ground, why, self._who, discrepancy=ground is Ground.ELSEWHERE)
