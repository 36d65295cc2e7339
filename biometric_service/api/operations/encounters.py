"""The encounters of a subject: read, release, move to another gallery or subject, delete."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import GuardOf, OnceRoute, etag
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import encounter_answer
from biometric_service.api.operations.answers import ChangeAnswer, EncounterAnswer, EncountersAnswer
from biometric_service.api.operations.asking import Asking, SubjectPath, event
from biometric_service.api.operations.bodies import EncounterGalleriesBody, Id, MoveBody, StatusBody, WithdrawalBody
from biometric_service.api.operations.reaching import reached, writer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.recognition import people
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import EncounterId, EncounterKey, GalleryId, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/subjects/{{subject}}/encounters", tags=["encounters"], route_class=OnceRoute)

EncounterPath = Annotated[Id, Path(description="The encounter's id.")]
Reader = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_READ))]
Writer = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))]


async def key_of(subject: SubjectPath, encounter: EncounterPath) -> EncounterKey:
    """The encounter that a path names."""
    return EncounterKey(SubjectId(subject), EncounterId(encounter))


@router.get("")
async def list_encounters(
    admission: Reader, asking: Annotated[Asking, Depends()], subject: SubjectPath, services: ServicesOf
) -> EncountersAnswer:
    """Read all encounters of a subject, oldest first: everything but images and templates."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(reached, services, admission, SubjectId(subject))
    kept = await run_in_threadpool(services.walk.encounters.encounters, summary.subject)
    await run_in_threadpool(services.store.record, event(EventKind.ENCOUNTER_READ, caller, summary.subject))
    return EncountersAnswer(encounters=tuple(encounter_answer(each, admission.key.may_search) for each in kept))


@router.get("/{encounter}")
async def read_encounter(
    admission: Reader,
    asking: Annotated[Asking, Depends()],
    key: Annotated[EncounterKey, Depends(key_of)],
    services: ServicesOf,
    response: Response,
) -> EncounterAnswer:
    """Read an encounter: everything but images and templates. Its ETag is for If-Match."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(reached, services, admission, key.subject)
    kept = await run_in_threadpool(services.walk.encounters.encounter, key)
    await run_in_threadpool(services.store.record, event(EventKind.ENCOUNTER_READ, caller, summary.subject))
    response.headers["ETag"] = etag(kept.version)
    return encounter_answer(kept, admission.key.may_search)


@router.put("/{encounter}/status")
async def set_status(
    admission: Writer,
    key: Annotated[EncounterKey, Depends(key_of)],
    body: StatusBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Say what became of the person; only an active encounter is searched in its galleries."""
    caller = await writer(services, admission, body, key.subject)
    change = await run_in_threadpool(people.set_status, services.walk.encounters, key, body.status, caller, guard)
    return ChangeAnswer(change=change)


@router.put("/{encounter}/galleries")
async def set_galleries(
    admission: Writer,
    key: Annotated[EncounterKey, Depends(key_of)],
    body: EncounterGalleriesBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Say where an encounter is searched; the key must reach the present galleries and the new ones."""
    galleries = frozenset(map(GalleryId, body.galleries))
    await admission.caller(body.purpose, sorted(galleries), body.device)
    caller = await writer(services, admission, body, key.subject)
    change = await run_in_threadpool(people.set_galleries, services.walk.encounters, key, galleries, caller, guard)
    return ChangeAnswer(change=change)


@router.post("/{encounter}/consent-withdrawals")
async def withdraw_consent(
    admission: Writer,
    key: Annotated[EncounterKey, Depends(key_of)],
    body: WithdrawalBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """End what the person agreed to; what is kept on consent alone is deleted by the next run of retention."""
    caller = await writer(services, admission, body, key.subject)
    encounters = services.walk.encounters
    change = await run_in_threadpool(people.withdraw_consent, encounters, key, body.consent, caller, guard)
    return ChangeAnswer(change=change)


@router.post("/{encounter}/move")
async def move_encounter(
    admission: Writer,
    key: Annotated[EncounterKey, Depends(key_of)],
    body: MoveBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Give an encounter to another subject; a subject that gives its last one is merged into the other."""
    caller = await writer(services, admission, body, key.subject, body.to)
    target = SubjectId(body.to)
    change = await run_in_threadpool(people.move_encounter, services.walk.encounters, key, target, caller, guard)
    return ChangeAnswer(change=change)


@router.delete("/{encounter}")
async def delete_encounter(
    admission: Writer,
    asking: Annotated[Asking, Depends()],
    key: Annotated[EncounterKey, Depends(key_of)],
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Delete an encounter for good, and the subject with its last one."""
    caller = await writer(services, admission, asking, key.subject)
    change = await run_in_threadpool(people.delete_encounter, services.walk.encounters, key, caller, guard)
    return ChangeAnswer(change=change)
