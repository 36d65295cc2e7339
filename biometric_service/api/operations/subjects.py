"""Who is enrolled: list, read, erase."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import subject_answer
from biometric_service.api.operations.answers import ErasureAnswer, SubjectAnswer, SubjectsAnswer
from biometric_service.api.operations.asking import Asking, GalleryQuery, LimitQuery, SubjectPath, event
from biometric_service.api.operations.bodies import Id
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId, SubjectSummary

router = APIRouter(prefix=f"{OPERATIONS}/subjects", tags=["subjects"])

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
) -> SubjectAnswer:
    """Read what may be told of a subject."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(_reached, services, admission, SubjectId(subject))
    await run_in_threadpool(services.store.record, event(EventKind.SUBJECT_READ, caller, summary.subject))
    return subject_answer(summary, admission.key.may_search)


@router.delete("/{subject}")
async def erase_subject(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    services: ServicesOf,
) -> ErasureAnswer:
    """Erase a subject from every gallery, for good; the key must reach all of the subject's galleries."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(_reached, services, admission, SubjectId(subject))
    await admission.caller(asking.purpose, sorted(summary.galleries), asking.device)
    erased = event(EventKind.SUBJECT_ERASED, caller, summary.subject)
    change = await run_in_threadpool(services.store.erase, summary.subject, erased)
    return ErasureAnswer(subject=subject, change=change)


def _reached(services: Services, admission: Admission, subject: SubjectId) -> SubjectSummary:
    """A subject that the key reaches; any other reads like nobody, so that no one learns who is elsewhere."""
    try:
        summary = services.store.subject(subject)
        if admission.reaches(summary):
            return summary
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
            raise
    raise BiometricServiceError(ErrorCode.SUBJECT_UNKNOWN, f"No subject {subject} is enrolled.", "Check the id.")
