"""What the HTTP surface is given by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from biometric_service.api.osia.protection import ProtectedBodies
from biometric_service.api.telemetry.telemetry import Telemetry
from biometric_service.outbound.gate import OutboundGate
from biometric_service.recognition.walk import Walk
from biometric_service.settings import Settings
from biometric_service.vocabulary.protocols import ApiKeyStore, DeviceStore, DriftStore, ReferenceStore, TaskStore


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the operations.

    ``present_walk``: gives the walk on the models that are in use. ``verify_audit``: checks the whole audit log as it
    lies on disk and returns how many events there are, or raises AUDIT_CHAIN_BROKEN.
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
    drift: DriftStore

    @property
    def walk(self) -> Walk:
        """The walk for one request; MODELS_DIFFER while models are being switched."""
        return self.present_walk()


def services_of(request: Request) -> Services:
    """The services that the application was built with."""
    return cast("Services", request.app.state.services)


ServicesOf = Annotated[Services, Depends(services_of)]
