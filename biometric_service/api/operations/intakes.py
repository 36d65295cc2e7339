"""Take people in: an intake is begun, captured into step by step, searched for, and becomes a record.

An intake of galleries beyond the caller's reads like none.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking
from biometric_service.api.operations.bodies import AskingBody, Id
from biometric_service.api.operations.intake_bodies import (
    IntakeAnswer,
    IntakeBody,
    IntakeCaptureBody,
    IntakeExceptionsBody,
    IntakeFindingAnswer,
    IntakesAnswer,
    IntakeStepBody,
    TakingAnswer,
    finding_answer,
    intake_answer,
    mark_of,
    taking_answer,
)
from biometric_service.api.operations.positions import position_of
from biometric_service.api.operations.reaching import visible
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition import intake as use
from biometric_service.recognition.intake_captures import IntakePicture, take
from biometric_service.recognition.intake_desk import IntakeDesk, intake_event
from biometric_service.references.refusals import intake_unknown, nothing_captured
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.intakes import Intake, IntakePerson
from biometric_service.vocabulary.references import CaptureException, GalleryId, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/intakes", tags=["intakes"], route_class=OnceRoute)

IntakePath = Annotated[Id, Path(description="The id of the intake.")]
PlacePath = Annotated[Id, Path(description="A finger, face or mark that was captured.")]
Officer = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))]


@router.post("", status_code=201)
async def open_intake(admission: Officer, body: IntakeBody, services: ServicesOf) -> IntakeAnswer:
    """Begin the intake of a person, who is not enrolled under the id yet."""
    galleries = frozenset(map(GalleryId, body.galleries))
    caller = await admission.caller(body.purpose, sorted(galleries), body.device)
    subject = SubjectId(body.subject)
    person = IntakePerson(subject, body.name, body.born, body.circumstances, body.legal_basis, body.sex)
    desk = _desk(services)
    return await run_in_threadpool(lambda: _told(desk, use.open_intake(desk, person, galleries, caller)))


@router.get("")
async def list_intakes(admission: Officer, asking: Annotated[Asking, Depends()], services: ServicesOf) -> IntakesAnswer:
    """List the intakes that are open or refused, to go on with one."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    return await run_in_threadpool(_listed, services, admission, caller)


@router.get("/{intake}")
async def read_intake(
    admission: Officer, asking: Annotated[Asking, Depends()], intake: IntakePath, services: ServicesOf
) -> IntakeAnswer:
    """Read an intake: who it is said to be, what is captured and how good, what is missing."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    return await run_in_threadpool(_read, services, admission, intake, caller)


@router.post("/{intake}/captures", openapi_extra=documented(IntakeCaptureBody))
async def capture_for_intake(
    admission: Officer,
    intake: IntakePath,
    received: Annotated[Received[IntakeCaptureBody], Depends(reads(IntakeCaptureBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> TakingAnswer:
    """Judge a picture and keep it, sealed, where it is better than what is there; a scan of fingers is taken apart."""
    asked = received.asked
    caller = await _caller(services, admission, asked, intake)
    picture = IntakePicture(received.images[0], asked.place, asked.only_good, mark_of(asked.mark))
    desk = _desk(services)
    taking = await workers.run(take, desk, intake, picture, caller)
    return taking_answer(taking, await run_in_threadpool(_now, desk, intake))


@router.get("/{intake}/captures/{place}", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def read_capture(
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    intake: IntakePath,
    place: PlacePath,
    services: ServicesOf,
) -> Response:
    """Look at the picture that was captured of a finger, face or mark."""
    caller = await _caller(services, admission, asking, intake)
    image = await run_in_threadpool(_image, services, intake, place, caller)
    return Response(image, media_type="image/png")


@router.delete("/{intake}/captures/{place}")
async def discard_capture(
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    intake: IntakePath,
    place: PlacePath,
    services: ServicesOf,
) -> IntakeAnswer:
    """Destroy what was captured of a finger, face or mark, such as of the wrong finger."""
    caller = await _caller(services, admission, asking, intake)
    desk = _desk(services)
    await run_in_threadpool(use.discard, desk, intake, place, caller)
    return await run_in_threadpool(_now, desk, intake)


@router.put("/{intake}/exceptions")
async def except_fingers(
    admission: Officer, intake: IntakePath, body: IntakeExceptionsBody, services: ServicesOf
) -> IntakeAnswer:
    """Say which fingers cannot be captured, why, and since when."""
    caller = await _caller(services, admission, body, intake)
    said = [CaptureException(position_of(each.position), each.kind, each.since) for each in body.exceptions]
    desk = _desk(services)
    return await run_in_threadpool(lambda: _told(desk, use.except_fingers(desk, intake, said, caller)))


@router.post("/{intake}/search")
async def search_for_intake(
    admission: Officer, intake: IntakePath, body: IntakeStepBody, services: ServicesOf, workers: WorkersOf
) -> IntakeFindingAnswer:
    """Search everyone ever enrolled for the person; whoever is enrolled under another id is refused, and reviewed."""
    caller = await _caller(services, admission, body, intake)
    finding = await workers.run(use.search, _desk(services), intake, caller)
    return await run_in_threadpool(_found, services, admission, intake, finding)


@router.post(
    "/{intake}/completion",
    responses={201: {"model": IntakeFindingAnswer, "description": "The record is made."}},
    response_description="Nothing was kept; the outcome says why.",
)
async def complete_intake(  # noqa: PLR0913, PLR0917 - one parameter for each part of the request
    admission: Officer,
    intake: IntakePath,
    body: IntakeStepBody,
    services: ServicesOf,
    workers: WorkersOf,
    response: Response,
) -> IntakeFindingAnswer:
    """Make the record of a person who was taken in, after one more search, and wipe the intake."""
    caller = await _caller(services, admission, body, intake)
    finding = await workers.run(use.complete, _desk(services), intake, caller)
    if finding.enrolment.encounter is not None:
        response.status_code = 201
    return await run_in_threadpool(_found, services, admission, intake, finding)


@router.delete("/{intake}", status_code=204)
async def give_up_intake(
    admission: Officer, asking: Annotated[Asking, Depends()], intake: IntakePath, services: ServicesOf
) -> Response:
    """Destroy an open intake with everything in it."""
    caller = await _caller(services, admission, asking, intake)
    await run_in_threadpool(use.give_up, _desk(services), intake, caller)
    return Response(status_code=204)


def _desk(services: Services) -> IntakeDesk:
    settings = services.settings
    return IntakeDesk(services.walk, services.intakes, settings.intake_hours, settings.intake_evidence_days)


async def _caller(services: Services, admission: Admission, asked: AskingBody | Asking, intake: str) -> Caller:
    """The caller, where the key reaches every gallery of the intake; INTAKE_UNKNOWN, NOT_AUTHORISED."""
    caller = await admission.caller(asked.purpose, [], asked.device)
    await run_in_threadpool(_reached, services, admission, intake)
    return caller


def _reached(services: Services, admission: Admission, intake: str) -> Intake:
    found = services.intakes.intake(intake)
    if not _reaches(admission, found):
        raise intake_unknown()
    return found


def _reaches(admission: Admission, intake: Intake) -> bool:
    return all(map(admission.key.may_search, intake.galleries))


def _told(desk: IntakeDesk, intake: Intake) -> IntakeAnswer:
    return intake_answer(intake, use.missing(desk, intake))


def _now(desk: IntakeDesk, intake: str) -> IntakeAnswer:
    return _told(desk, desk.intakes.intake(intake))


def _listed(services: Services, admission: Admission, caller: Caller) -> IntakesAnswer:
    desk = _desk(services)
    shown = [intake for intake in services.intakes.intakes() if _reaches(admission, intake)]
    services.store.record(use.listed(caller, shown))
    return IntakesAnswer(intakes=tuple(_told(desk, each) for each in shown))


def _read(services: Services, admission: Admission, intake: str, caller: Caller) -> IntakeAnswer:
    found = _reached(services, admission, intake)
    services.store.record(intake_event(EventKind.INTAKE_READ, caller, found))
    return _told(_desk(services), found)


def _image(services: Services, intake: str, place: str, caller: Caller) -> bytes:
    found = services.intakes.images(intake, [place])
    if not found:
        raise nothing_captured(place)
    read = intake_event(EventKind.INTAKE_READ, caller, services.intakes.intake(intake), place=place)
    services.store.record(read)
    return use.picture(services.walk, found[0])


def _found(services: Services, admission: Admission, intake: str, finding: use.IntakeFinding) -> IntakeFindingAnswer:
    state = services.intakes.intake(intake).state
    return finding_answer(finding, state, visible(admission))
