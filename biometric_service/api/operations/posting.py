"""Which posts a caller may speak for: a post of a gallery beyond the caller's reads like none."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.security import Admission
from biometric_service.api.services import ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.passing import speaks_for
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.places import Post, PostId


@dataclass(frozen=True, slots=True)
class Posts:
    """The posts of the service; a FastAPI dependency."""

    services: ServicesOf

    async def reached(self, admission: Admission, post: str) -> Post:
        """A post of a gallery that the caller reaches; PLACE_UNKNOWN."""
        found = await run_in_threadpool(self.services.day.places.post, PostId(post))
        if not admission.key.may_search(found.gallery):
            raise BiometricServiceError(ErrorCode.PLACE_UNKNOWN, f"There is no post {post!r}.", "Check its id.")
        return found

    async def spoken_for(self, admission: Admission, caller: Caller, post: str) -> Post:
        """A post at which the caller may decide; PLACE_UNKNOWN, NOT_AUTHORISED."""
        found = await self.reached(admission, post)
        if not speaks_for(found, caller):
            await admission.refuse(caller, f"The caller may not speak for the post {post!r}.", found.gallery)
        return found


PostsOf = Annotated[Posts, Depends()]


async def require_device(admission: Admission, caller: Caller) -> Device:
    """The registered device, NOT_AUTHORISED for any other: only one that holds a slice decides without the service."""
    if not isinstance(admission.key, Device):
        await admission.refuse(caller, "No key can report what was decided without the service: a device has to.")
    return cast("Device", admission.key)


async def require_officer(admission: Admission, caller: Caller) -> None:
    """NOT_AUTHORISED for a device: what two people answer for is no device's to say."""
    if isinstance(admission.key, Device):
        await admission.refuse(caller, "A device cannot answer for a person: an officer has to.")
