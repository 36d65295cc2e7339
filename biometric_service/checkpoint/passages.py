"""Passages that are decided on a slice: by the service's own rules, held back where the slice is no firm ground.

Each is in the queue, on disk, before anybody learns of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from biometric_service.checkpoint.queue import EventQueue, QueuedEvent
from biometric_service.checkpoint.slice_store import NotHere
from biometric_service.vocabulary.day_stores import PostRule
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.movements import Ground, How, Passed, Passing, Ruling, Standing, Whereabouts
from biometric_service.vocabulary.officer_keys import GivenKey, proof_of, said_by_hand
from biometric_service.vocabulary.places import Order
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.rulings import RulingCode, because

if TYPE_CHECKING:
    from biometric_service.checkpoint.held import HeldSlice

PASSAGES: Final = "passages"
NOTED: Final = 0
"""Number of an event that is not in the log yet."""


@dataclass(frozen=True, slots=True)
class ManualFacts:
    """Who answers for a person that no face and no finger could show, and why, in a word.

    ``officers``: those who were recognised. ``keys``: those that were given.
    """

    officers: tuple[SubjectId, ...]
    why: str
    keys: tuple[GivenKey, ...] = ()


class SlicePassages(NotHere):
    """Decides and keeps passages (``pass_post`` of ``vocabulary.day_stores.MovementStore``; all else is refused)."""

    def __init__(self, held: "HeldSlice", queue: EventQueue, clock: Callable[[], datetime], purpose: str) -> None:
        self._held, self._queue, self._clock, self._purpose = held, queue, clock, purpose

    def pass_post(self, passing: Passing, identity: Ruling, rule: PostRule, event: AuditEvent) -> Passed:  # noqa: ARG002
        """Decide on what the slice says, and queue it."""
        made = self._made(passing)
        ruling = identity
        if identity.subject is not None and identity.passage is Passage.PASS:
            ruling = rule(self._standing(made, identity.subject))
        return self.keep(made, self._on_firm_ground(ruling, made.at))

    def confirm(self, passing: Passing, identity: Ruling, rule: PostRule, facts: ManualFacts) -> Passed:
        """The same of somebody whom two officers answer for; whoever might pass by their faces alone is for a look.

        Nobody passes by what a photograph may show. An old slice changes nothing: somebody looks in any case.
        """
        made = self._made(passing)
        assert identity.subject is not None
        ruling = rule(self._standing(made, identity.subject))
        unproven = ruling.passage is Passage.PASS and identity.ground is not Ground.CONFIRMED_BY_TWO
        return self.keep(made, replace(ruling, passage=Passage.REVIEW) if unproven else ruling, facts)

    def refuse(self, passing: Passing, ruling: Ruling, facts: ManualFacts) -> Passed:
        """Keep that officers answered for somebody who are none."""
        return self.keep(self._made(passing), ruling, facts)

    def keep(self, passing: Passing, ruling: Ruling, by_hand: ManualFacts | None = None) -> Passed:
        """Queue a passage as it was decided."""
        body = {"purpose": self._purpose, "passages": [_told(passing, ruling, by_hand)]}
        self._queue.put(QueuedEvent(passing.id, PASSAGES, body))
        passes = ruling.passage is Passage.PASS
        return Passed(ruling, passing.post.result(passing.direction) if passes else None, None, NOTED)

    def _made(self, passing: Passing) -> Passing:
        """As it is decided now, on the slice that is held; SLICE_EXPIRED."""
        at = self._clock()
        return replace(passing, at=at, offline=True, slice=self._held.require(at).number)

    def _on_firm_ground(self, ruling: Ruling, at: datetime) -> Ruling:
        """On an old slice nobody passes and nobody is unknown without an officer's look."""
        if not self._held.stale(at) or not _is_settled(ruling):
            return ruling
        age = self._held.age(at) or 0.0
        why = (*ruling.why, *because(RulingCode.OLD_SLICE, minutes=f"{age / 60:.0f}"))
        return replace(ruling, passage=Passage.REVIEW, ground=Ground.NOT_CERTAIN, why=why)

    def _standing(self, passing: Passing, subject: SubjectId) -> Standing:
        summary = self._held.store.subject(subject)
        orders = self._orders(subject, summary.searched_in, passing.at)
        return Standing(summary.status, self._believed(passing, subject), orders, 0, None)

    def _orders(self, subject: SubjectId, galleries: frozenset[GalleryId], at: datetime) -> tuple[Order, ...]:
        standing = self._held.rules.orders if self._held.rules else ()
        return tuple(
            each
            for each in standing
            if each.valid_from <= at < each.valid_until
            and (each.subject == subject or (each.subject is None and each.gallery in galleries))
        )

    def _believed(self, passing: Passing, subject: SubjectId) -> Whereabouts | None:
        """In the zone that the way comes from, where the service believed so; what else it believed is too old."""
        origin = passing.post.origin(passing.direction)
        there = self._held.rules.present.get(origin, ()) if self._held.rules else ()
        return Whereabouts(subject, origin, passing.at, NOTED, How.CHECK) if subject in there else None


def _is_settled(ruling: Ruling) -> bool:
    return ruling.passage is Passage.PASS or ruling.ground is Ground.UNKNOWN_PERSON


def _told(passing: Passing, ruling: Ruling, by_hand: ManualFacts | None) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "passage": passing.id,
        "post": passing.post.id,
        "direction": passing.direction.value,
        "decided_at": passing.at.isoformat(),
        "decision": ruling.passage.value,
        "ground": ruling.ground.value,
        "subject": ruling.subject,
        "means": passing.means.value,
        "order": ruling.order or None,
        "slice": passing.slice,
        "discrepancy": ruling.discrepancy,
    }
    if by_hand is not None:
        told |= {"officers": list(by_hand.officers), "why": by_hand.why}
        told |= {"keys": _proofs(by_hand, said_by_hand(passing, ruling, by_hand.why))} if by_hand.keys else {}
    return told


def _proofs(by_hand: ManualFacts, said: bytes) -> list[Mapping[str, str]]:
    """Never the keys: what each proves is of this passage alone."""
    return [{"key": each.id, "proof": proof_of(each, said).mac} for each in by_hand.keys]
