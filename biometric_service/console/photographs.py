"""The photograph of somebody, where an officer has to know them by sight."""

from io import BytesIO
from typing import Annotated

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from PIL import Image

from biometric_service.api.operations.asking import event
from biometric_service.api.operations.reaching import reached
from biometric_service.api.security import Admission
from biometric_service.api.services import Services
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.samples import Modality

SIDE = 320

router = page_router()


@router.get("/people/{subject}/photograph")
async def show_photograph(visit: Annotated[Visit, Depends(visiting(Scope.ENCOUNTER_READ))], subject: str) -> Response:
    """The newest face of somebody within the officer's reach, as JPEG; the look at it is in the audit log."""
    caller = await visit.caller()
    found = await run_in_threadpool(reached, visit.services, visit.admission, SubjectId(subject))
    read = event(EventKind.REFERENCE_IMAGE_READ, caller, found.subject)
    await run_in_threadpool(visit.services.store.record, read)
    picture = await run_in_threadpool(_photograph, visit.services, visit.admission, found.subject)
    return Response(picture, media_type="image/jpeg")


def _photograph(services: Services, admission: Admission, subject: SubjectId) -> bytes:
    """SUBJECT_UNKNOWN where no face of the person is kept within reach."""
    references = services.store.references(subject)
    faces = [each.id for each in references if each.template.format.modality is Modality.FACE]
    reached = services.walk.encounters.origins(faces, admission.key.galleries)
    if not reached:
        raise BiometricServiceError.of(ErrorCode.SUBJECT_UNKNOWN, "no_face")
    pixels = services.walk.decode(GivenImage(services.store.image(max(reached)), Modality.FACE)).pixels
    picture = Image.fromarray(pixels[:, :, ::-1])
    picture.thumbnail((SIDE, SIDE))
    written = BytesIO()
    picture.save(written, "JPEG", quality=88)
    return written.getvalue()
