"""Who may ask what: scopes, and API keys that carry them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

ANY_PURPOSE = "*"


class Scope(StrEnum):
    """What a caller may do; the first six are OSIA's names."""

    ENCOUNTER_READ = "abis.encounter.read"
    ENCOUNTER_WRITE = "abis.encounter.write"
    GALLERY_READ = "abis.gallery.read"
    GALLERY_WRITE = "abis.gallery.write"
    IDENTIFY = "abis.identify"
    VERIFY = "abis.verify"
    MOVEMENT = "abis.movement"
    AUDIT_READ = "abis.audit.read"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A caller's key as the store keeps it: its secret only as a hash, never to be had back.

    ``id``: the public part of the key. ``galleries``: where it may look (ALL_GALLERIES for everywhere).
    ``purposes``: what it may ask for (ANY_PURPOSE for anything). ``expires_at``: UTC, None for never.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    galleries: frozenset[GalleryId]
    purposes: frozenset[str]
    expires_at: datetime | None

    def may_search(self, gallery: GalleryId) -> bool:
        """Whether the key reaches the gallery."""
        return ALL_GALLERIES in self.galleries or gallery in self.galleries

    def may_ask_for(self, purpose: str) -> bool:
        """Whether the key may be used for the purpose."""
        return ANY_PURPOSE in self.purposes or purpose in self.purposes
