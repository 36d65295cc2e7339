"""What sharing is made of: the stores, this deployment's own name and key, and the ways out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.webhooks import secret_of
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import EncounterStore, ReferenceStore
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.sharing import AgencyRequest
from biometric_service.vocabulary.sharing_stores import (
    AgencyRequestStore,
    AgreementStore,
    DisclosureStore,
    ReceivedStore,
)

SERVICE: Final = "service"
"""Who acts where the service does so by itself, under an agreement that says so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a request of an agency came to.

    ``outcome``: match, unknown, no_match, review or incomplete. ``subject``: whom a match names. ``error_rate``: at
    which a match was decided, an FPIR for a search and an FMR for a verification. ``event``: number in the audit log,
    0 where nobody was compared.
    """

    outcome: str
    subject: SubjectId | None
    error_rate: float
    searched: int
    event: int


Examiner = Callable[[AgencyRequest, bytes, Caller, Callable[[SubjectId], bool]], Finding]
"""Looks at what an agency asks, among those of whom the last argument says that the agreement is about them.

Raises what ``recognition`` raises.
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How deliveries are repeated: pause after the first attempt in seconds, doubled each time; how often; days kept.

    ``days``: for which what was sent and signed for is kept to be sent again.
    """

    first_s: float = 2.0
    attempts: int = 10
    days: float = 30.0


@dataclass(frozen=True, slots=True)
class Sharing:
    """The parts.

    ``agency``: id of this deployment's operator, as other agencies know it. ``key``: opens what they send, None to take
    nothing. ``credentials``: folder with ``<agency>.token`` and ``<agency>.key``, for their interfaces and drops, and
    ``<agency>.secret`` for signing webhooks.
    """

    agency: str
    store: ReferenceStore
    encounters: EncounterStore
    agreements: AgreementStore
    disclosures: DisclosureStore
    received: ReceivedStore
    requests: AgencyRequestStore
    outbound: OutboundGate
    rules: ExchangeRules
    key: RSAPrivateKey | None = None
    credentials: Path | None = None
    patience: Patience = field(default_factory=Patience)

    def webhook_secret(self, agency: str) -> bytes:
        """The key in the file ``<agency>.secret``, empty where there is no such file; SETTINGS_INVALID."""
        folder = self.credentials
        given = folder is not None and "/" not in agency and (folder / f"{agency}.secret").exists()
        return secret_of(self.credential(agency, "secret") if given else "", b"")

    def credential(self, agency: str, kind: str) -> str:
        """What is in the file ``<agency>.<kind>``; SETTINGS_INVALID where there is none."""
        try:
            if self.credentials is not None and "/" not in agency:
                return (self.credentials / f"{agency}.{kind}").read_text("utf-8").strip()
        except (OSError, ValueError):
            pass
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            f"There is no usable file {agency}.{kind} among the credentials.",
            "Put it into the folder that sharing_credentials_dir names.",
        )


def sharing_event(
    kind: EventKind,
    caller: Caller,
    facts: Mapping[str, str],
    subject: SubjectId | None = None,
    gallery: GalleryId | None = None,
) -> AuditEvent:
    """An event of now."""
    return AuditEvent(kind, datetime.now(UTC), caller, subject, gallery, facts)
