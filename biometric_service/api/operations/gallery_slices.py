"""A slice of the gallery for a registered device, so that its checkpoint goes on while the service is out of reach."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.bodies import AskingBody, Id
from biometric_service.api.operations.posting import PostsOf
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.slices import content, envelope
from biometric_service.interchange.slices.policies import policy_table
from biometric_service.interchange.slices.sealing import seal, sealing_key
from biometric_service.recognition.officers import may_decide
from biometric_service.recognition.slices import SliceRequest, gather, issue, rules_of
from biometric_service.vocabulary.access import Device, Scope
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.officer_keys import OfficerKeys
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.references import ChangeNumber
from biometric_service.vocabulary.slices import SliceTerms

router = APIRouter(prefix=f"{OPERATIONS}/gallery-slices", tags=["devices"])

MEDIA_TYPE = "application/octet-stream"
SLICE = {
    "description": "A statement that the service signed, a line feed, and what is sealed for the device.",
    "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


class SliceBody(AskingBody):
    """Give this device what it may decide on by itself."""

    post: Id | None = Field(None, description="The post whose rules go with it.", examples=["gate-3"])
    held: int = Field(0, ge=0, description="The change up to which the device holds its slice; 0 for a whole one.")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a slice, at which post, and from which change on."""

    device: Device
    post: Post | None
    held: ChangeNumber


@router.post("", response_class=Response, responses={200: SLICE})
async def issue_slice(
    admission: Annotated[Admission, Depends(requires(Scope.SLICE_READ))],
    body: SliceBody,
    services: ServicesOf,
    workers: WorkersOf,
    posts: PostsOf,
) -> Response:
    """Issue a slice of the device's galleries, whole or as what changed since; it is sealed to its certificate."""
    caller = await admission.caller(body.purpose, [], body.device)
    device = await run_in_threadpool(_device, admission)
    post = None if body.post is None else await posts.spoken_for(admission, caller, body.post)
    sealed = await workers.run(_sealed, services, Asked(device, post, ChangeNumber(body.held)), caller)
    return Response(sealed, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _device(admission: Admission) -> Device:
    if isinstance(admission.key, Device):
        return admission.key
    raise BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        "A slice is sealed for a device, and the caller is none.",
        "Call as a registered device: by its certificate, or with a proof that it signed.",
    )


def _sealed(services: Services, asked: Asked, caller: Caller) -> bytes:
    walk, recipient, settings = services.walk, sealing_key(asked.device.certificate), services.settings
    terms, at = SliceTerms(settings.slice_fresh_seconds, settings.slice_seconds), datetime.now(UTC)
    rules = None if asked.post is None else rules_of(walk, asked.post, at)
    officers = _officers(services, asked, caller.purpose)
    request = SliceRequest(asked.device, asked.held, policy_table(walk.policy.current()), rules, terms, at, officers)
    gathered = gather(walk, request)
    head = issue(walk, request, gathered, caller)
    sealed = seal(content.encode(gathered.content), recipient, envelope.binding_of(head))
    return envelope.enclose(head, sealed, services.slices.signer())


def _officers(services: Services, asked: Asked, purpose: str) -> OfficerKeys | None:
    """Who may check by hand at the post; None where the device is not registered for that."""
    post = asked.post
    if post is None or Scope.OFFICER_KEYS not in asked.device.scopes:
        return None
    return services.api_keys.officer_keys(asked.device.id, lambda key: may_decide(key, post, purpose))
