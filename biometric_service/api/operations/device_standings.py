"""What a device is told that can no longer call: whether it was revoked, so that it wipes what it holds."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader
from pydantic import Field, StringConstraints

from biometric_service.api.access.certificates import address_of
from biometric_service.api.access.proofs import HEADER
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.bodies import Body
from biometric_service.api.security import EntranceOf
from biometric_service.api.services import ServicesOf
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.slices import STANDING, Standing
from biometric_service.vocabulary.statements import state

router = APIRouter(prefix=f"{OPERATIONS}/device-standings", tags=["devices"])

_PROOF = APIKeyHeader(
    name=HEADER, scheme_name="DeviceProof", auto_error=False, description="What a device signed of its request."
)


class StandingBody(Body):
    """How does this device stand?"""

    nonce: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        description="Other each time: an answer to an earlier question is told from one to this.",
        examples=["0123456789abcdef0123456789abcdef"],
    )


class StandingAnswer(Answer):
    """How the device stands, signed."""

    statement: str = Field(description="Kind, device, nonce, standing and moment, signed by the store's key.")


async def _signed(request: Request, entrance: EntranceOf) -> tuple[Device, Standing]:
    address = address_of(request, entrance.trusted)
    return await run_in_threadpool(entrance.device_ever, request, await request.body(), address)


@router.post("", dependencies=[Security(_PROOF)])
async def tell_standing(
    signed: Annotated[tuple[Device, Standing], Depends(_signed)], body: StandingBody, services: ServicesOf
) -> StandingAnswer:
    """Tell a device how it stands; it proves by its signature (Device-Proof) who it is, even where it is revoked."""
    device, standing = signed
    if standing is Standing.REVOKED:
        await run_in_threadpool(services.store.record, _told(device))
    told = {
        "kind": STANDING,
        "device": device.id,
        "nonce": body.nonce,
        "standing": standing.value,
        "at": datetime.now(UTC).isoformat(),
    }
    return StandingAnswer(statement=state(told, services.slices.signer()))


def _told(device: Device) -> AuditEvent:
    details = {"device": device.id, "fingerprint": device.fingerprint}
    return AuditEvent(EventKind.STANDING_TOLD, datetime.now(UTC), Caller(device.actor, ""), details=details)
