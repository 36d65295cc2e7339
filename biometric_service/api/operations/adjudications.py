"""Judge who may be one person: cases of enrolments and searches, laid before people.

A case of galleries beyond the caller's reads like none.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import GuardOf, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import ChangeAnswer
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.case_answers import (
    CaseAnswer,
    CaseImagesAnswer,
    CasesAnswer,
    MergeOfCaseBody,
    ReviewBody,
    case_answer,
    image_answers,
)
from biometric_service.api.operations.reaching import writer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.recognition.adjudication import candidate_images, case_event, merge, review, seen_by, to_merge
from biometric_service.references.refusals import case_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.adjudication import Case
from biometric_service.vocabulary.events import EventKind

router = APIRouter(prefix=f"{OPERATIONS}/adjudications", tags=["adjudication"], route_class=OnceRoute)

CasePath = Annotated[Id, Path(description="The id of the case.")]
ClosedQuery = Annotated[bool, Query(description="True for the closed ones, which are labelled evidence.")]
AfterCase = Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")]
Reviewer = Annotated[Admission, Depends(requires(Scope.ADJUDICATE))]


@router.get("")
async def list_cases(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Reviewer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    closed: ClosedQuery = False,  # noqa: FBT002 - a query parameter
    after: AfterCase = 0,
    limit: LimitQuery = 50,
) -> CasesAnswer:
    """List the open cases, or the closed ones, that the caller reaches; a page may be shorter than asked for."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    cases = services.walk.cases
    page = await run_in_threadpool(lambda: cases.cases(after, limit + 1, closed=closed))
    listed = case_event(EventKind.CASES_LISTED, caller, closed=str(closed).lower())
    await run_in_threadpool(services.store.record, listed)
    shown = [seen_by(case, caller) for case in page[:limit] if _reaches(admission, case)]
    following = page[limit - 1].number if len(page) > limit else None
    return CasesAnswer(cases=tuple(map(case_answer, shown)), next=following)


@router.get("/{case}")
async def read_case(
    admission: Reviewer, asking: Annotated[Asking, Depends()], case: CasePath, services: ServicesOf
) -> CaseAnswer:
    """Read a case: the scores, and what was said of it once it is closed."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services, admission, case)
    read = case_event(EventKind.CASE_READ, caller, case=case, images="false")
    await run_in_threadpool(services.store.record, read)
    return case_answer(seen_by(found, caller))


@router.get("/{case}/images")
async def read_images_of_case(
    admission: Reviewer, asking: Annotated[Asking, Depends()], case: CasePath, services: ServicesOf
) -> CaseImagesAnswer:
    """Read the images of both, to judge by."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services, admission, case)
    read = case_event(EventKind.CASE_READ, caller, case=case, images="true")
    await run_in_threadpool(services.store.record, read)
    probe = await run_in_threadpool(services.walk.cases.probe, case)
    candidate = await run_in_threadpool(candidate_images, services.store, found)
    return CaseImagesAnswer(probe=image_answers(probe), candidate=image_answers(candidate))


@router.post("/{case}/reviews", status_code=201)
async def review_case(admission: Reviewer, case: CasePath, body: ReviewBody, services: ServicesOf) -> CaseAnswer:
    """Judge a case, once for each reviewer; whoever did what it comes from may not. Two who agree close it."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_reached, services, admission, case)
    return case_answer(await run_in_threadpool(review, services.walk.cases, case, body.verdict, body.note, caller))


@router.post("/{case}/merge")
async def merge_by_case(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    case: CasePath,
    body: MergeOfCaseBody,
    services: ServicesOf,
    guard: GuardOf,
) -> ChangeAnswer:
    """Join the two whom the reviewers of a closed case found to be the same person."""
    await admission.caller(body.purpose, [], body.device)
    found = await run_in_threadpool(_reached, services, admission, case)
    caller = await writer(services, admission, body, *to_merge(found))
    return ChangeAnswer(change=await run_in_threadpool(merge, services.walk.encounters, found, caller, guard))


def _reached(services: Services, admission: Admission, case: str) -> Case:
    found = services.walk.cases.case(case)
    if not _reaches(admission, found):
        raise case_unknown()
    return found


def _reaches(admission: Admission, case: Case) -> bool:
    return all(admission.key.may_search(gallery) for gallery in case.galleries)
