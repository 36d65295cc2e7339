"""What receiving and sending need: the walk, what is held, and the rules of this deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from biometric_service.capture.files import ImageLimits
from biometric_service.interchange.itl.limits import RecordLimits
from biometric_service.interchange.itl.profile import Profile, load_profile
from biometric_service.recognition.walk import Walk
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.latents import LatentStore
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.transactions import QuarantineStore

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """``agency``: as which agency this service sends (ORI). ``profiles_dir``: of the deployer's domain profiles.

    ``held_days``, ``latent_days``: how long transactions are held, and latents kept.
    """

    limits: RecordLimits
    image_limits: ImageLimits
    agency: str
    profiles_dir: Path | None = None
    held_days: int = 90
    latent_days: int = 3650

    @classmethod
    def of(cls, settings: Settings) -> "ExchangeRules":
        """The rules that the settings describe."""
        most = settings.max_image_pixels
        return cls(
            RecordLimits(settings.interchange_max_bytes, settings.interchange_max_records, most, 4 * most),
            ImageLimits(settings.max_image_bytes, most),
            settings.interchange_agency,
            settings.interchange_profiles_dir,
            settings.interchange_held_days,
            settings.interchange_latent_days,
        )

    def profile(self, name: str) -> Profile:
        """The domain profile of this name; REQUEST_INVALID, SETTINGS_INVALID."""
        return load_profile(name, self.profiles_dir)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Everything that an exchange of records works with."""

    walk: Walk
    quarantine: QuarantineStore
    latents: LatentStore
    rules: ExchangeRules


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who does something now; makes the audit events of it."""

    caller: Caller
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def event(
        self, kind: EventKind, details: Mapping[str, str] = NOTHING, subject: SubjectId | None = None
    ) -> AuditEvent:
        """An event of this moment."""
        return AuditEvent(kind, self.at, self.caller, subject, None, details)
