"""The slice that is held, with a walk on it: the recognition of the service, on what the device was given."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import RLock
from typing import cast

from biometric_service.checkpoint.passages import SlicePassages
from biometric_service.checkpoint.receiving import ReceivedSlice, expired, require_in_force
from biometric_service.checkpoint.slice_store import SliceStore
from biometric_service.decision.policy import DecisionPolicy, PolicySource
from biometric_service.interchange.slices.policies import invalid, policy_of
from biometric_service.recognition.slices import comparisons_of
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.day_stores import MovementStore
from biometric_service.vocabulary.officer_keys import OfficerKeys
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.slices import PostRules, SliceContent, SliceHead

BuildWalk = Callable[[SliceStore, PolicySource, MovementStore], Walk]
"""Joins the models of this device to what it holds."""


class HeldPolicy:
    """The policy that came with the slice; nothing is adjudicated from here (see ``PolicySource``)."""

    def __init__(self) -> None:
        self._policy: DecisionPolicy | None = None

    def take(self, policy: DecisionPolicy) -> None:
        """Decide by it from now on."""
        points = {asked: replace(point, adjudicate=False) for asked, point in policy.points.items()}
        self._policy = replace(policy, points=points)

    def current(self) -> DecisionPolicy:
        """The policy; SLICE_EXPIRED where none came yet."""
        if self._policy is None:
            raise expired("None was given to this device yet.")
        return self._policy


class HeldSlice:
    """What decisions without the service rest on.

    ``lock``: held while somebody decides or a slice is taken. ``modalities``: what the slice has something of that is
    compared here. ``passages``: makes what keeps the passages that are decided on it. ``officers``: whose keys may
    check by hand.
    """

    head: SliceHead | None
    rules: PostRules | None
    officers: OfficerKeys | None
    modalities: frozenset[Modality]
    policy: HeldPolicy
    store: SliceStore
    walk: Walk

    def __init__(self, build: BuildWalk, passages: Callable[["HeldSlice"], SlicePassages]) -> None:
        self.lock = RLock()
        self._build = build
        self.passages = passages(self)
        self._begin()

    def take(self, received: ReceivedSlice) -> None:
        """Hold a slice, whole or on top of what is held; SLICE_INVALID where it is for other models than are here."""
        said = received.content
        policy = policy_of(said.policy)
        with self.lock:
            self._require_comparable(said)
            self.policy.take(policy)
            self.store.take(received)
            self.walk.follower.catch_up()
            self.store.settle()
            self.head, self.rules, self.officers = received.head, said.rules, said.officers
            self.modalities = frozenset(said.comparisons) & frozenset(self.walk.comparators)

    def drop(self) -> None:
        """Hold nothing any more."""
        with self.lock:
            self._begin()

    def require(self, now: datetime) -> SliceHead:
        """The head, while the slice holds; SLICE_EXPIRED."""
        if self.head is None:
            raise expired("There is none.")
        require_in_force(self.head, now)
        return self.head

    def stale(self, now: datetime) -> bool:
        """Whether it is too old to decide on as usual, or there is none."""
        return self.head is None or now >= self.head.fresh_until

    def age(self, now: datetime) -> float | None:
        """Seconds since it was issued, None without one."""
        return None if self.head is None else max(0.0, (now - self.head.issued_at).total_seconds())

    def _begin(self) -> None:
        self.head, self.rules, self.officers = None, None, None
        self.modalities = frozenset()
        self.policy = HeldPolicy()
        self.store = SliceStore()
        self.walk = self._build(self.store, self.policy, cast("MovementStore", self.passages))

    def _require_comparable(self, said: SliceContent) -> None:
        here = comparisons_of(self.walk.comparators)
        other = [modality.value for modality, each in said.comparisons.items() if here.get(modality, each) != each]
        if other or not here.keys() & said.comparisons.keys():
            raise invalid(f"it was made for other models than are here ({', '.join(other) or 'none'} compared alike)")
