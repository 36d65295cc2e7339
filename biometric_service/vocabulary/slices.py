"""Slices of the gallery that checkpoints decide on while the service cannot be reached: what they hold, how they go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.officer_keys import OfficerKeys
from biometric_service.vocabulary.places import Order, Post, ZoneId
from biometric_service.vocabulary.references import (
    ChangeNumber,
    EncounterStatus,
    GalleryId,
    Json,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.statements import Signer

STANDING = "device_standing"
"""Kind of the statement that tells a device how it stands."""

WHOLE = ChangeNumber(0)
"""Base of a slice that does not go on from another one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the references of a modality are compared with at the service, so that a device compares likewise.

    ``form``: of the templates. ``comparator`` and ``version``: of what compares them. ``calibration``: SHA-256 (hex)
    of its curve.
    """

    form: str
    comparator: str
    version: str
    calibration: str


@dataclass(frozen=True, slots=True)
class SliceHead:
    """What the service signs of a slice.

    ``number``: of the audit event that tells of its issue, so that a later slice has a larger one. ``base``: the change
    up to which the device must hold everything already, WHOLE where it need not. ``change``: the change up to which it
    does with this slice. ``fresh_until``: when decisions on it become reviews. ``expires_at``: when it is of no use.
    ``digest``: SHA-256 (hex) of what is sealed.
    """

    device: str
    number: int
    base: ChangeNumber
    change: ChangeNumber
    galleries: frozenset[GalleryId]
    issued_at: datetime
    fresh_until: datetime
    expires_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class PostRules:
    """What a device knows of its post. ``orders``: those that stand, without what is noted of them for people.

    ``present``: who is believed to be in a zone beside the post, where an order speaks of everybody there.
    """

    post: Post
    orders: tuple[Order, ...] = ()
    present: Mapping[ZoneId, tuple[SubjectId, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SliceContent:
    """What is sealed for one device: of a delta only what changed of the references, all else whole.

    ``statuses``: of those subjects of ``added`` who are not active. ``comparisons``: by modality. ``policy``: the
    operating points in force (see ``interchange.slices.policies``). ``rules``: of the device's post, None where it
    named none. ``officers``: who may check by hand there, None where nobody may.
    """

    galleries: frozenset[GalleryId]
    added: tuple[Reference, ...]
    removed: tuple[ReferenceId, ...]
    comparisons: Mapping[Modality, Comparison]
    policy: Mapping[str, Json]
    statuses: Mapping[SubjectId, EncounterStatus] = field(default_factory=dict)
    rules: PostRules | None = None
    officers: OfficerKeys | None = None


@dataclass(frozen=True, slots=True)
class SliceTerms:
    """How long slices hold, s: ``fresh`` for decisions as usual, ``life`` altogether."""

    fresh: float
    life: float


class Standing(StrEnum):
    """Whether a device that was once registered may still call."""

    IN_FORCE = "in_force"
    REVOKED = "revoked"
    EXPIRED = "expired"


class DeviceArchive(Protocol):
    """Devices that were ever registered."""

    def ever(self, device: str) -> tuple[Device, Standing] | None:
        """The device with this id and how it stands; None where there never was one."""


@dataclass(frozen=True, slots=True)
class SliceDesk:
    """Who signs what devices are given, and knows those that are revoked.

    ``signer``: gives the store's key in force.
    """

    signer: Callable[[], Signer]
    archive: DeviceArchive
