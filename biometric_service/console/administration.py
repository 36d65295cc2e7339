"""What an administrator looks after: devices and how they drift, galleries, and what the policy means here."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import devices, drifts, galleries
from biometric_service.api.operations.bodies import DeviceBody, GalleryBody
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.decision.outlook import Outlook, Served, outlook
from biometric_service.decision.policy import DecisionPolicy
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import ALL_GALLERIES

router = page_router()

DeviceReader = Annotated[Visit, Depends(visiting(Scope.DEVICE_READ))]
DeviceWriter = Annotated[Visit, Depends(visiting(Scope.DEVICE_WRITE))]
GalleryReader = Annotated[Visit, Depends(visiting(Scope.GALLERY_READ))]
GalleryWriter = Annotated[Visit, Depends(visiting(Scope.GALLERY_WRITE))]


@router.get("/devices")
async def list_devices(visit: DeviceReader) -> HTMLResponse:
    """The devices in force, a form to register one, and, for who may read the log, how they drift."""
    listed = await devices.list_devices(visit.admission, visit.asking, visit.services)
    watched = None
    if visit.may(Scope.AUDIT_READ) and visit.principal.may_search(ALL_GALLERIES):
        watched = await drifts.read_drift(visit.admission, visit.asking, visit.services)
    own = {"scopes": sorted(visit.principal.scopes), "purposes": sorted(visit.principal.purposes)}
    may = {"may_write": visit.may(Scope.DEVICE_WRITE), "galleries": visit.galleries()}
    return visit.page(
        "devices.html", {"devices": listed.devices, "drift": watched, **own, **may, "now": datetime.now(UTC)}
    )


@router.post("/devices")
async def register_device(visit: DeviceWriter) -> Response:
    """Register a device by its certificate."""
    body = await visit.form(DeviceBody)
    await devices.register_device(visit.admission, body, visit.services)
    return visit.go("/devices", "devices.registered", device=body.id)


@router.post("/devices/{device}/revocation")
async def revoke_device(visit: DeviceWriter, device: str) -> Response:
    """End a device at once."""
    await devices.revoke_device(visit.admission, visit.asking, device, visit.services)
    return visit.go("/devices", "devices.revoked", device=device)


@router.get("/galleries")
async def list_galleries(visit: GalleryReader) -> HTMLResponse:
    """The galleries, whom they hold, and a form to make one."""
    listed = await galleries.list_galleries(visit.admission, visit.asking, visit.services)
    roles = visit.services.settings.gallery_roles
    return visit.page(
        "galleries.html", {"listed": listed.galleries, "roles": roles, "may_write": visit.may(Scope.GALLERY_WRITE)}
    )


@router.post("/galleries")
async def create_gallery(visit: GalleryWriter) -> Response:
    """Make a gallery."""
    body = await visit.form(GalleryBody)
    await galleries.create_gallery(visit.admission, body, visit.services)
    return visit.go("/galleries", "galleries.created", gallery=body.gallery)


@router.post("/galleries/{gallery}/deletion")
async def delete_gallery(visit: GalleryWriter, gallery: str) -> Response:
    """Delete a gallery that nobody is in."""
    await galleries.delete_gallery(visit.admission, visit.asking, gallery, visit.services)
    return visit.go("/galleries", "galleries.deleted", gallery=gallery)


@router.get("/thresholds")
async def explain_thresholds(visit: Annotated[Visit, Depends(visiting(Scope.GALLERY_READ))]) -> HTMLResponse:
    """What each operating point of the policy means at this site."""
    await visit.caller()
    policy, lines = await run_in_threadpool(_explained, visit.services.walk)
    return visit.page("thresholds.html", {"stamp": policy.stamp, "lines": lines})


def _explained(walk: Walk) -> tuple[DecisionPolicy, list[Outlook]]:
    served = {
        modality: Served(comparator.calibration, len(walk.indexes[modality]))
        for modality, comparator in walk.comparators.items()
    }
    policy = walk.policy.current()
    return policy, list(outlook(policy, served))
