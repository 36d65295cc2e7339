"""The adjudication bench: two who may be one person, judged by two officers who do not know of one another."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.explanation.explaining import picture_of
from biometric_service.api.languages import asked_language
from biometric_service.api.operations import adjudications, subjects
from biometric_service.api.operations.answering import sample_answers
from biometric_service.api.operations.answers import ComparisonPicture, SampleAnswer, SubjectAnswer
from biometric_service.api.operations.case_answers import CaseAnswer, CaseImageAnswer, MergeOfCaseBody, ReviewBody
from biometric_service.api.workers import WorkersOf
from biometric_service.console.pictures import as_png
from biometric_service.console.plots import Curve, curve
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.adjudicated import adjudicated, closed_cases
from biometric_service.recognition.adjudication import case_event
from biometric_service.recognition.case_explanation import explain_case
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.adjudication import Verdict
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import Guard

LONGEST_LIST = 200
HIGHEST = 8.0
"""Where the score axis ends at the least."""
STEPS = 80
VERDICTS = ((Verdict.SAME_PERSON, "s"), (Verdict.DIFFERENT_PEOPLE, "d"), (Verdict.UNSURE, "u"))

router = page_router()

Reviewer = Annotated[Visit, Depends(visiting(Scope.ADJUDICATE))]
Closed = Annotated[bool, Query()]


@router.get("/adjudications")
async def list_cases(
    visit: Reviewer,
    closed: Closed = False,  # noqa: FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
    by: Annotated[str, Query(pattern="^(age|urgency)$")] = "age",
) -> HTMLResponse:
    """The open cases by age or by urgency (what is kept of somebody may be wrong; the likeness), or the closed ones."""
    page = await adjudications.list_cases(visit.admission, visit.asking, visit.services, closed, after, LONGEST_LIST)
    cases = sorted(page.cases, key=_urgency) if by == "urgency" else page.cases
    shown = {"cases": cases, "next": page.next, "closed": closed, "by": by}
    return visit.page("adjudications.html", {**shown, "now": datetime.now(UTC)})


@router.get("/adjudications/evidence")
async def show_evidence(visit: Reviewer) -> HTMLResponse:
    """What closed cases tell of thresholds: they are pairs that asked for a look, no random sample."""
    caller = await visit.caller(*visit.services.store.galleries())
    await run_in_threadpool(visit.services.store.record, case_event(EventKind.CASES_LISTED, caller, closed="true"))
    told = await run_in_threadpool(lambda: adjudicated(list(closed_cases(visit.services.walk.cases))))
    return visit.page("evidence.html", {"told": told})


@router.get("/adjudications/{case}")
async def show_case(visit: Reviewer, case: str) -> HTMLResponse:
    """One case: the scores, what is known of both, and the decision."""
    found = await adjudications.read_case(visit.admission, visit.asking, case, visit.services)
    known = [await _history(visit, each) for each in (found.subject, found.candidate)]
    mine = next((each for each in found.reviews if visit.is_one_of(each.reviewer)), None)
    shown = {"case": found, "subject": known[0], "candidate": known[1], "mine": mine, "verdicts": VERDICTS}
    return visit.page("adjudication.html", {**shown, "det": _det(visit.services.walk, found)})


@router.get("/adjudications/{case}/pictures")
async def show_pictures(visit: Reviewer, case: str, workers: WorkersOf) -> HTMLResponse:
    """What was compared, aligned and with the minutiae that were paired, and every image of both."""
    images = await adjudications.read_images_of_case(visit.admission, visit.asking, case, visit.services)
    compared, samples = await workers.run(_compared, visit, case, asked_language())
    sides = [await workers.run(_shown, visit.services.walk, each) for each in (images.probe, images.candidate)]
    return visit.page("adjudication_pictures.html", {"compared": compared, "samples": samples, "sides": sides})


@router.post("/adjudications/{case}")
async def judge(visit: Reviewer, case: str) -> Response:
    """Keep what the reviewer says, then on to the next open case that waits for them."""
    body = await visit.form(ReviewBody)
    judged = await adjudications.review_case(visit.admission, case, body, visit.services)
    said = "adjudication.kept" if judged.outcome is None else f"adjudication.closed_as.{judged.outcome.value}"
    listed = await adjudications.list_cases(visit.admission, visit.asking, visit.services, False, 0, LONGEST_LIST)  # noqa: FBT003
    waiting = next((each.case for each in listed.cases if not each.reviews and each.case != case), None)
    return visit.go(f"/adjudications/{waiting}" if waiting else "/adjudications", said)


@router.post("/adjudications/{case}/merge")
async def merge(visit: Annotated[Visit, Depends(visiting(Scope.ENCOUNTER_WRITE))], case: str) -> Response:
    """Join the two whom the reviewers found to be the same person."""
    body = await visit.form(MergeOfCaseBody)
    await adjudications.merge_by_case(visit.admission, case, body, visit.services, Guard())
    return visit.go(f"/adjudications/{case}" if visit.may(Scope.ADJUDICATE) else "/", "adjudication.merged")


def _urgency(case: CaseAnswer) -> tuple[bool, float]:
    """Whoever was kept all the same may be enrolled twice now; then the most alike."""
    return case.origin.value != "kept", -case.score


async def _history(visit: Visit, subject: str | None) -> SubjectAnswer | None:
    """What is known of somebody, where the caller may read it and they are enrolled."""
    if subject is None or not visit.may(Scope.ENCOUNTER_READ):
        return None
    try:
        return await subjects.read_subject(visit.admission, visit.asking, subject, visit.services, Response())
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
            raise
        return None


def _compared(visit: Visit, case: str, language: str) -> tuple[tuple[ComparisonPicture, ...], tuple[SampleAnswer, ...]]:
    walk = visit.services.walk
    explained = explain_case(walk, walk.cases, walk.cases.case(case))
    return tuple(picture_of(each, language) for each in explained.comparisons), sample_answers(explained.samples)


def _shown(walk: Walk, images: Sequence[CaseImageAnswer]) -> list[tuple[CaseImageAnswer, str]]:
    """Each image with a form that browsers show, empty where it cannot be read."""
    return [(each, as_png(walk, each.data, each.modality)) for each in images]


def _det(walk: Walk, case: CaseAnswer) -> Curve | None:
    """How many mates a threshold misses (FNMR over -log10 FMR), with the case's threshold and score marked.

    Of the comparator of the first part; None where its card has no curve.
    """
    comparator = walk.comparators.get(case.parts[0].modality) if case.parts else None
    if comparator is None:
        return None
    most = max(HIGHEST, case.score * 1.15)
    rates = [(most * step / STEPS, comparator.calibration.fnmr_at(most * step / STEPS)) for step in range(STEPS + 1)]
    known = [(score, rate) for score, rate in rates if rate is not None]
    return curve(known, (case.threshold, case.score), most) if known else None
