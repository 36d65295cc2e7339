"""Who may ask what: scopes, and the principals that hold them: API keys, tokens of an issuer, devices."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

ANY_PURPOSE = "*"


class Scope(StrEnum):
    """What a caller may do; gallery.write, movement and those below are not OSIA's.

    OFFICER_KEYS: of a device alone, at which two officers may check by hand while the service is out of reach.
    """

    ENCOUNTER_READ = "abis.encounter.read"
    ENCOUNTER_WRITE = "abis.encounter.write"
    GALLERY_READ = "abis.gallery.read"
    GALLERY_WRITE = "abis.gallery.write"
    IDENTIFY = "abis.identify"
    VERIFY = "abis.verify"
    TASK_READ = "abis.task.read"
    TASK_UPDATE = "abis.task.update"
    MOVEMENT = "abis.movement"
    ADJUDICATE = "abis.adjudicate"
    AUDIT_READ = "abis.audit.read"
    CAPTURE = "abis.capture"
    DEVICE_READ = "abis.device.read"
    DEVICE_WRITE = "abis.device.write"
    SLICE_READ = "abis.slice.read"
    OFFICER_KEYS = "abis.officer-keys"
    KEY_WRITE = "abis.key.write"
    METRICS_READ = "abis.metrics.read"
    EVENTS_READ = "abis.events.read"
    SUBSCRIPTION_READ = "abis.subscription.read"
    SUBSCRIPTION_WRITE = "abis.subscription.write"
    PLACE_READ = "abis.place.read"
    PLACE_WRITE = "abis.place.write"
    ORDER_WRITE = "abis.order.write"
    WHEREABOUTS_READ = "abis.whereabouts.read"
    MANUAL_CHECK = "abis.manual-check"
    MUSTER = "abis.muster"
    RELEASE = "abis.release"
    VISIT = "abis.visit"
    TRANSACTION_READ = "abis.transaction.read"
    TRANSACTION_WRITE = "abis.transaction.write"
    LATENT_MARK = "abis.latent.mark"
    SHARING = "abis.sharing"
    SHARING_APPROVE = "abis.sharing.approve"
    STATISTICS_READ = "abis.statistics.read"
    STATISTICS_WRITE = "abis.statistics.write"


OF_TWO_OFFICERS = frozenset({Scope.MANUAL_CHECK, Scope.RELEASE, Scope.ADJUDICATE, Scope.SHARING_APPROVE})
"""With which somebody is one of the two officers that something takes."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever was let in, by whatever proof, and what it may do.

    ``galleries``: where it may look (ALL_GALLERIES for everywhere).
    ``purposes``: what it may ask for (ANY_PURPOSE for anything). ``expires_at``: UTC, None for never.
    ``owner``: the officer who answers for what is done by it, empty where it is a service's or a device's.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    galleries: frozenset[GalleryId]
    purposes: frozenset[str]
    expires_at: datetime | None
    owner: str = field(default="", kw_only=True)

    @property
    def actor(self) -> str:
        """As the audit log names it."""
        return self.id

    def caller(self, purpose: str = "", device: str = "", legal_basis: str = "") -> Caller:
        """As whom it asks, for whom its owner answers; without a purpose while none was named."""
        return Caller(self.actor, purpose, device, legal_basis=legal_basis, owner=self.owner)

    @property
    def asks_as(self) -> str:
        """Under which name its idempotency keys are its own."""
        return self.actor

    def may_search(self, gallery: GalleryId) -> bool:
        """Whether it reaches the gallery."""
        return ALL_GALLERIES in self.galleries or gallery in self.galleries

    def may_ask_for(self, purpose: str) -> bool:
        """Whether it may ask for the purpose."""
        return ANY_PURPOSE in self.purposes or purpose in self.purposes


@dataclass(frozen=True, slots=True)
class ApiKey(Principal):
    """A caller's key as the store keeps it: ``id`` is its public part, its secret is kept only as a hash."""


@dataclass(frozen=True, slots=True)
class Token(Principal):
    """What the access token of an issuer says (RFC 9068).

    ``confirmation``: SHA-256 (hex) of the client certificate that it is bound to (RFC 8705), empty where it is not.
    ``issuer``, ``subject``: by whom and for whom it was made.
    """

    confirmation: str = ""
    issuer: str = ""
    subject: str = ""

    @property
    def asks_as(self) -> str:
        """The same for every token of a subject by one client, and short whatever they are called."""
        told = f"{self.issuer}\n{self.subject}\n{self.id}"
        return f"jwt:{hashlib.sha256(told.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Device(Principal):
    """A capture device or checkpoint, known by its certificate.

    ``certificate``: X.509, DER. ``fingerprint``: SHA-256 of it, hex.
    """

    certificate: bytes = b""
    fingerprint: str = ""

    @property
    def actor(self) -> str:
        """As the audit log names it."""
        return f"device:{self.id}"
