"""A checkpoint put together: this machine's models on the slice that the device holds, and the link to the service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from biometric_service.api.access.throttle import TokenBuckets
from biometric_service.app.stages import Stages
from biometric_service.checkpoint.checkpoint import Checkpoint, CheckpointRules
from biometric_service.checkpoint.device_disk import open_disk
from biometric_service.checkpoint.held import BuildWalk, HeldSlice
from biometric_service.checkpoint.http_link import HttpLink, Place
from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.checkpoint.link import Breaker, Link
from biometric_service.checkpoint.passages import SlicePassages
from biometric_service.checkpoint.slice_store import NotHere, SliceStore
from biometric_service.client.sending import Connection
from biometric_service.decision.policy import PolicySource
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.recognition.side_by_side import OnCores
from biometric_service.recognition.walk import Walk
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.day_stores import DayStores, MovementStore
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.samples import FrameSignature

WRONG_KEYS: Final = 5
"""How often wrong keys are compared in a minute."""
MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Setup:
    """Where a checkpoint is and what it is. ``folder``: for what it keeps; ``key_file``: of its private key."""

    rules: CheckpointRules
    identity: DeviceIdentity
    folder: Path
    key_file: Path


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def make_checkpoint(
    setup: Setup,
    build: BuildWalk,
    link: Link,
    clock: Callable[[], datetime] = now,
    ticks: Callable[[], float] = monotonic,
) -> Checkpoint:
    """A checkpoint on any link and by any clock; ``ticks``: seconds that only grow, for the breaker."""
    disk = open_disk(setup.folder, setup.identity, setup.key_file)
    held = HeldSlice(
        build,
        lambda slice_: SlicePassages(slice_, disk.queue, clock, setup.rules.purpose),
    )
    wrong_keys = TokenBuckets(WRONG_KEYS / MINUTE_S, WRONG_KEYS, clock=ticks)
    return Checkpoint(setup.rules, setup.identity, disk, held, Breaker(link, ticks), clock, wrong_keys)


@contextmanager
def open_checkpoint(setup: Setup, build: BuildWalk, url: str, connection: Connection) -> Iterator[Checkpoint]:
    """A checkpoint of the service at a URL; ``connection.seconds``: how long anybody waits for it."""
    place = Place(setup.rules.post, setup.rules.purpose)
    with HttpLink(url, setup.identity, place, connection) as link:
        yield make_checkpoint(setup, build, link)


def walk_on_slices(stages: Stages, settings: Settings) -> BuildWalk:
    """Makes walks of these models on a slice."""

    def build(store: SliceStore, policy: PolicySource, passages: MovementStore) -> Walk:
        indexes = {modality: ExactGallery(comparator) for modality, comparator in stages.comparators.items()}
        held, absent = store.as_reference_store(), _absent()
        return Walk(
            decode=stages.decode,
            extractors=stages.extractors,
            assessors=stages.assessors,
            attack_detectors=stages.attack_detectors,
            comparators=stages.comparators,
            indexes=dict(indexes),
            follower=GalleryFollower(held, list(indexes.values())),
            store=held,
            encounters=absent,
            answers=absent,
            cases=absent,
            day=_day(passages),
            policy=policy,
            candidate_limit=settings.candidate_limit,
            vouching=Unsigned(),
            side_by_side=OnCores(settings.recognition_workers),
        )

    return build


class Unsigned:
    """Demands no signed frames: the camera is the checkpoint's own (see ``FrameVouching``)."""

    def demanded(self, caller: Caller) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def vouched(self, data: bytes, signature: FrameSignature, caller: Caller, use: str) -> Device:  # noqa: ARG002
        """STORE_READ_ONLY: who registered scanners are is the service's to say."""
        device: Device = NotHere().vouched()
        return device


def _day(passages: MovementStore) -> DayStores:
    absent = _absent()
    return DayStores(
        places=absent,
        orders=absent,
        movements=passages,
        manual_checks=absent,
        musters=absent,
        releases=absent,
        visits=absent,
    )


def _absent() -> Any:  # noqa: ANN401 - stands for any of the service's stores
    return NotHere()
