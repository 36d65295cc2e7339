"""Who may ask what: scopes, and the principals that hold them: API keys, tokens of an issuer, devices."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

ANY_PURPOSE = "*"


class Scope(StrEnum):
    """What a caller may do; gallery.write, movement and those below are not OSIA's."""

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
    METRICS_READ = "abis.metrics.read"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever was let in, by whatever proof, and what it may do.

    ``galleries``: where it may look (ALL_GALLERIES for everywhere).
    ``purposes``: what it may ask for (ANY_PURPOSE for anything). ``expires_at``: UTC, None for never.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    galleries: frozenset[GalleryId]
    purposes: frozenset[str]
    expires_at: datetime | None

    @property
    def actor(self) -> str:
        """As the audit log names it."""
        return self.id

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
    """

    confirmation: str = ""


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
