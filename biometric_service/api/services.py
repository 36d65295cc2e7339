"""What the HTTP surface is given by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request

from biometric_service.api.osia.protection import ProtectedBodies
from biometric_service.api.telemetry.telemetry import Telemetry
from biometric_service.interchange.delivering import Watch
from biometric_service.interchange.exchange import Exchange, ExchangeRules
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.interchange.statistics.publishing import Observatory
from biometric_service.monitoring.throughput import HourlyChecks
from biometric_service.outbound.gate import OutboundGate
from biometric_service.recognition.walk import Walk
from biometric_service.settings import Settings
from biometric_service.vocabulary.cards import CardStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.intakes import IntakeStore
from biometric_service.vocabulary.latents import LatentStore
from biometric_service.vocabulary.outward import SubscriptionStore
from biometric_service.vocabulary.protocols import ApiKeyStore, DeviceStore, DriftStore, ReferenceStore, TaskStore
from biometric_service.vocabulary.slices import SliceDesk
from biometric_service.vocabulary.transactions import QuarantineStore


@dataclass(frozen=True)
class Services:
    """The parts behind the operations; each request works with a copy of its own.

    ``present_walk``: gives the walk on the models that are in use. ``verify_audit``: checks the whole audit log as it
    lies on disk and returns how many events there are, or raises AUDIT_CHAIN_BROKEN. ``watch``: gives what waits for
    the next change of the store. ``rates``: file in which all processes of the service count what their callers take,
    None for one process. ``hourly_checks``: what the page of statistics counts.
    """

    present_walk: Callable[[], Walk]
    store: ReferenceStore
    api_keys: ApiKeyStore
    settings: Settings
    verify_audit: Callable[[], int]
    devices: DeviceStore
    telemetry: Telemetry
    outbound: OutboundGate
    protected: ProtectedBodies
    tasks: TaskStore
    subscriptions: SubscriptionStore
    watch: Watch
    drift: DriftStore
    slices: SliceDesk
    day: DayStores
    quarantine: QuarantineStore
    latents: LatentStore
    sharing: Sharing
    observatory: Observatory
    intakes: IntakeStore
    cards: CardStore
    rates: Path | None = None
    hourly_checks: HourlyChecks = field(default_factory=HourlyChecks)

    @cached_property
    def walk(self) -> Walk:
        """The walk for one request, the same throughout; MODELS_DIFFER while models are being switched."""
        return self.present_walk()

    @property
    def exchange(self) -> Exchange:
        """What comes from and goes to other agencies, for one request; MODELS_DIFFER likewise."""
        return Exchange(self.walk, self.quarantine, self.latents, ExchangeRules.of(self.settings))

    def for_one_request(self) -> "Services":
        """The same services, which have not looked yet which models are in use."""
        return replace(self)


def services_of(request: Request) -> Services:
    """The services for this request."""
    state = request.state
    if not hasattr(state, "services"):
        state.services = request.app.state.services.for_one_request()
    return cast("Services", state.services)


async def _services_at_once(request: Request) -> Services:
    """Without a thread of its own, which a function that is not async would get."""
    return services_of(request)


ServicesOf = Annotated[Services, Depends(_services_at_once)]
