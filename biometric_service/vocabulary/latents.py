"""Latent prints: kept sealed as they came, and searched only once an examiner has marked them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.samples import FingerPosition


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a latent's image that shows its ridges, in pixels; the rest is not looked at."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LatentMark:
    """What an examiner says of a latent. ``position``: UNKNOWN where it may be any finger; ``region``: None for all."""

    examiner: str
    at: datetime
    position: FingerPosition
    region: Region | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewLatent:
    """A latent as it was received.

    ``image``: a file. ``dpi``: pixels an inch. ``records``: a transaction of those that are kept with it.
    ``positions``: friction ridge positions that the sender holds possible. ``control``, ``origin``: number of the
    transaction (TCN) and the agency that sent it (ORI). ``digest``: SHA-256 (hex) of the image.
    """

    id: str
    image: bytes
    dpi: float
    records: bytes
    positions: tuple[int, ...]
    control: str
    origin: str
    digest: str
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class Latent:
    """A latent that is kept, without its image; fields as those of ``NewLatent``. ``mark``: None until it is marked."""

    number: int
    id: str
    received_at: datetime
    sender: str
    dpi: float
    positions: tuple[int, ...]
    control: str
    origin: str
    digest: str
    keep_until: datetime
    mark: LatentMark | None


@dataclass(frozen=True, slots=True)
class LatentContent:
    """What is sealed of a latent: its image, a file, and what is kept with it of its transaction, as a transaction."""

    image: bytes
    records: bytes


class LatentStore(Protocol):
    """Keeps latents, sealed; each change is one transaction with its audit event."""

    def keep(self, latent: NewLatent, event: AuditEvent) -> Latent:
        """Keep it, unless the same image of the same transaction is kept: then that one is returned."""

    def latents(self, after: int, limit: int) -> Sequence[Latent]:
        """By number, after the given one."""

    def latent(self, latent: str) -> Latent:
        """One; LATENT_UNKNOWN."""

    def content(self, latent: str) -> LatentContent:
        """Its image and records; LATENT_UNKNOWN, RECORD_TAMPERED."""

    def mark(self, latent: str, mark: LatentMark, event: AuditEvent) -> Latent:
        """Say what it shows, in the place of what was said before; LATENT_UNKNOWN."""

    def drop(self, latent: str, event: AuditEvent) -> None:
        """Delete it; LATENT_UNKNOWN."""

    def due(self, now: datetime) -> int:
        """How many ``expire`` would delete at a moment."""

    def expire(self, event: AuditEvent) -> int:
        """Delete all whose time is over; returns how many, and records nothing where there are none."""
