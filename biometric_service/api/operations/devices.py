"""Devices that may call, each known by its certificate: register, list, revoke.

Nobody gives a device what they may not do themselves, and a device of galleries beyond the caller's reads like none.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.access.certificates import device_of
from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import DeviceAnswer, DeviceRevocationAnswer, DevicesAnswer
from biometric_service.api.operations.asking import Asking, event
from biometric_service.api.operations.bodies import DeviceBody, Id
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Device, Principal, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import DeviceStore
from biometric_service.vocabulary.references import GalleryId

router = APIRouter(prefix=f"{OPERATIONS}/devices", tags=["devices"], route_class=OnceRoute)

DevicePath = Annotated[Id, Path(description="The device's id.")]


@router.get("")
async def list_devices(
    admission: Annotated[Admission, Depends(requires(Scope.DEVICE_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
) -> DevicesAnswer:
    """List the devices in force of the galleries that the caller reaches."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    devices = await run_in_threadpool(services.devices.devices)
    await run_in_threadpool(services.store.record, event(EventKind.DEVICES_LISTED, caller))
    return DevicesAnswer(devices=tuple(_answer(device) for device in devices if _reaches(admission, device)))


@router.post("", status_code=201)
async def register_device(
    admission: Annotated[Admission, Depends(requires(Scope.DEVICE_WRITE))],
    body: DeviceBody,
    services: ServicesOf,
) -> DeviceAnswer:
    """Register a device by its certificate, with what it may do; no more than the caller may do."""
    caller = await admission.caller(body.purpose, map(GalleryId, sorted(body.galleries)), body.device)
    await _require_own(admission, caller, body.scopes, body.purposes)
    device = _device(body)
    registered = _event(EventKind.DEVICE_REGISTERED, caller, device)
    await run_in_threadpool(services.devices.register, device, registered)
    return _answer(device)


@router.delete("/{device_id}")
async def revoke_device(
    admission: Annotated[Admission, Depends(requires(Scope.DEVICE_WRITE))],
    asking: Annotated[Asking, Depends()],
    device_id: DevicePath,
    services: ServicesOf,
) -> DeviceRevocationAnswer:
    """Revoke a device at once; the caller must reach all of its galleries."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services.devices, admission, device_id)
    await run_in_threadpool(services.devices.revoke, found.id, _event(EventKind.DEVICE_REVOKED, caller, found))
    return DeviceRevocationAnswer(device=device_id)


async def _require_own(admission: Admission, caller: Caller, scopes: Iterable[Scope], purposes: Iterable[str]) -> None:
    for scope in sorted(scopes):
        await admission.require(scope, caller)
    for purpose in sorted(purposes):
        await admission.caller(purpose, [])


def _device(body: DeviceBody) -> Device:
    galleries = frozenset(map(GalleryId, body.galleries))
    return device_of(Principal(body.id, body.name, body.scopes, galleries, body.purposes, None), body.certificate)


def _reached(devices: DeviceStore, admission: Admission, device: str) -> Device:
    found = devices.named(device)
    if found is None or not _reaches(admission, found):
        raise BiometricServiceError(ErrorCode.DEVICE_UNKNOWN, f"There is no device {device!r}.", "Check its id.")
    return found


def _reaches(admission: Admission, device: Device) -> bool:
    return all(admission.key.may_search(gallery) for gallery in device.galleries)


def _event(kind: EventKind, caller: Caller, device: Device) -> AuditEvent:
    details = {"device": device.id, "fingerprint": device.fingerprint}
    return AuditEvent(kind, datetime.now(UTC), caller, details=details)


def _answer(device: Device) -> DeviceAnswer:
    return DeviceAnswer(
        id=device.id,
        name=device.name,
        fingerprint=device.fingerprint,
        scopes=tuple(sorted(device.scopes)),
        galleries=tuple(sorted(device.galleries)),
        purposes=tuple(sorted(device.purposes)),
        expires_at=device.expires_at,
    )
