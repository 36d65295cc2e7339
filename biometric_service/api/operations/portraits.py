"""The face of a subject, for somebody to look at."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, SubjectPath, event
from biometric_service.api.operations.reaching import encounters_reached
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.capture.devices import png
from biometric_service.recognition.portraits import portrait
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/subjects", tags=["subjects"])


@router.get(
    "/{subject}/portrait",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, 204: {"description": "No face is kept of the subject."}},
)
async def read_portrait(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_READ))],
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    services: ServicesOf,
) -> Response:
    """Look at the face that was captured last of a subject, in the galleries that the caller reaches."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    return await run_in_threadpool(_picture, services, admission, SubjectId(subject), caller)


def _picture(services: Services, admission: Admission, subject: SubjectId, caller: Caller) -> Response:
    kept = encounters_reached(services, admission, subject)
    services.store.record(event(EventKind.REFERENCE_IMAGE_READ, caller, subject))
    face = portrait(services.walk, kept)
    return Response(status_code=204) if face is None else Response(png(face, None), media_type="image/png")
