"""Who is enrolled: list, read, erase."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import GuardOf, OnceRoute, etag
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import subject_answer
from biometric_service.api.operations.answers import ChangeAnswer, ErasureAnswer, SubjectAnswer, SubjectsAnswer
from biometric_service.api.operations.asking import Asking, GalleryQuery, LimitQuery, SubjectPath, event
from biometric_service.api.operations.bodies import Id, MergeBody, UnmergeBody
from biometric_service.api.operations.reaching import reached, writer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.recognition import people
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/subjects", tags=["subjects"], route_class=OnceRoute)

AfterSubject = Annotated[Id | None, Query(description="Begin after this subject.")]


@router.get("")
async def list_subjects(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Annotated[Admission, Depends(requires(Scope.GALLERY_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    gallery: GalleryQuery = ALL_GALLERIES,
    after: AfterSubject = None,
    limit: LimitQuery = 50,
) -> SubjectsAnswer:
    """List the subjects of a gallery by id."""
    caller = await admission.caller(asking.purpose, [GalleryId(gallery)], asking.device)
    begin = None if after is None else SubjectId(after)
    page = await run_in_threadpool(services.store.subjects, GalleryId(gallery), begin, limit + 1)
    listed = event(EventKind.SUBJECTS_LISTED, caller, gallery=GalleryId(gallery))
    await run_in_threadpool(services.store.record, listed)
    shown = tuple(subject_answer(summary, admission.key.may_search) for summary in page[:limit])
    return SubjectsAnswer(subjects=shown, next=shown[-1].subject if len(page) > limit else None)


@router.get("/{subject}")
async def read_subject(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_READ))],
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    services: ServicesOf,
    response: Response,
) -> SubjectAnswer:
    """Read what may be told of a subject, or of where it was merged into. Its ETag is for If-Match."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(reached, services, admission, SubjectId(subject))
    await run_in_threadpool(services.store.record, event(EventKind.SUBJECT_READ, caller, summary.subject))
    response.headers["ETag"] = etag(summary.version)
    return subject_answer(summary, admission.key.may_search)


@router.post("/{subject}/merge")
async def merge_subjects(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    subject: SubjectPath,
    body: MergeBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Give all encounters of a subject to another: they are one person. The id keeps answering with where it went."""
    caller = await writer(services, admission, body, subject, body.into)
    source, target = SubjectId(subject), SubjectId(body.into)
    return ChangeAnswer(
        change=await run_in_threadpool(people.merge, services.walk.encounters, source, target, caller, guard)
    )


@router.post("/{subject}/unmerge")
async def unmerge_subject(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    subject: SubjectPath,
    body: UnmergeBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Take a merge back: the encounters that came from the subject return to it."""
    caller = await writer(services, admission, body, subject)
    source = SubjectId(subject)
    return ChangeAnswer(change=await run_in_threadpool(people.unmerge, services.walk.encounters, source, caller, guard))


@router.delete("/{subject}")
async def erase_subject(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    services: ServicesOf,
    guard: GuardOf,
) -> ErasureAnswer:
    """Erase a subject from every gallery, for good; the key must reach all of the subject's galleries."""
    caller = await writer(services, admission, asking, subject)
    erased = event(EventKind.SUBJECT_ERASED, caller, SubjectId(subject))
    change = await run_in_threadpool(services.store.erase, SubjectId(subject), erased, guard)
    return ErasureAnswer(subject=subject, change=change)
