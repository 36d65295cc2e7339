"""The encounters of a subject: read, release, move to another gallery or subject, delete."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import GuardOf, OnceRoute, etag
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import encounter_answer
from biometric_service.api.operations.answers import ChangeAnswer, EncounterAnswer, EncountersAnswer
from biometric_service.api.operations.asking import Asking, SubjectPath, event
from biometric_service.api.operations.bodies import EncounterGalleriesBody, Id, MoveBody, StatusBody, WithdrawalBody
from biometric_service.api.operations.reaching import Asked, encounter_reached, encounters_reached, writer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.recognition import people
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.protocols import EncounterStore
from biometric_service.vocabulary.references import ChangeNumber, EncounterId, EncounterKey, GalleryId, Guard, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/subjects/{{subject}}/encounters", tags=["encounters"], route_class=OnceRoute)

EncounterPath = Annotated[Id, Path(description="The encounter's id.")]
Reader = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_READ))]
Change = Callable[[EncounterStore, EncounterKey, Caller, Guard], ChangeNumber]
Writer = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))]


async def key_of(subject: SubjectPath, encounter: EncounterPath) -> EncounterKey:
    """The encounter that a path names."""
    return EncounterKey(SubjectId(subject), EncounterId(encounter))


@router.get("")
async def list_encounters(
    admission: Reader, asking: Annotated[Asking, Depends()], subject: SubjectPath, services: ServicesOf
) -> EncountersAnswer:
    """Read a subject's encounters in galleries that the caller reaches, oldest first: all but images and templates."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    whom = SubjectId(subject)
    kept = await run_in_threadpool(encounters_reached, services, admission, whom)
    await run_in_threadpool(services.store.record, event(EventKind.ENCOUNTER_READ, caller, whom))
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
    kept = await run_in_threadpool(encounter_reached, services, admission, key)
    await run_in_threadpool(services.store.record, event(EventKind.ENCOUNTER_READ, caller, key.subject))
    response.headers["ETag"] = etag(kept.version)
    return encounter_answer(kept, admission.key.may_search)


@dataclass(frozen=True, slots=True)
class Changing:
    """One change of an encounter; a FastAPI dependency."""

    admission: Writer
    services: ServicesOf
    guard: GuardOf

    async def made(self, key: EncounterKey, body: Asked, change: Change, *others: str) -> ChangeAnswer:
        """Make it, where the key reaches the encounter's subject and the others."""
        caller = await writer(self.services, self.admission, body, key.subject, *others)
        encounters = self.services.walk.encounters
        return ChangeAnswer(change=await run_in_threadpool(change, encounters, key, caller, self.guard))


ChangingOf = Annotated[Changing, Depends()]


@router.put("/{encounter}/status")
async def set_status(
    changing: ChangingOf, key: Annotated[EncounterKey, Depends(key_of)], body: StatusBody
) -> ChangeAnswer:
    """Say what became of the person; only an active encounter is searched in its galleries."""
    return await changing.made(
        key, body, lambda kept, of, by, guard: people.set_status(kept, of, body.status, by, guard)
    )


@router.put("/{encounter}/galleries")
async def set_galleries(
    changing: ChangingOf, key: Annotated[EncounterKey, Depends(key_of)], body: EncounterGalleriesBody
) -> ChangeAnswer:
    """Say where an encounter is searched; the key must reach the present galleries and the new ones."""
    galleries = frozenset(map(GalleryId, body.galleries))
    await changing.admission.caller(body.purpose, sorted(galleries), body.device)
    return await changing.made(
        key, body, lambda kept, of, by, guard: people.set_galleries(kept, of, galleries, by, guard)
    )


@router.post("/{encounter}/consent-withdrawals")
async def withdraw_consent(
    changing: ChangingOf, key: Annotated[EncounterKey, Depends(key_of)], body: WithdrawalBody
) -> ChangeAnswer:
    """End what the person agreed to; what is kept on consent alone is deleted by the next run of retention."""
    return await changing.made(
        key, body, lambda kept, of, by, guard: people.withdraw_consent(kept, of, body.consent, by, guard)
    )


@router.post("/{encounter}/move")
async def move_encounter(
    changing: ChangingOf, key: Annotated[EncounterKey, Depends(key_of)], body: MoveBody
) -> ChangeAnswer:
    """Give an encounter to another subject; a subject that gives its last one is merged into the other."""
    target = SubjectId(body.to)
    return await changing.made(
        key, body, lambda kept, of, by, guard: people.move_encounter(kept, of, target, by, guard), target
    )


@router.delete("/{encounter}")
async def delete_encounter(
    changing: ChangingOf, key: Annotated[EncounterKey, Depends(key_of)], asking: Annotated[Asking, Depends()]
) -> ChangeAnswer:
    """Delete an encounter for good, and the subject with its last one."""
    return await changing.made(key, asking, people.delete_encounter)
