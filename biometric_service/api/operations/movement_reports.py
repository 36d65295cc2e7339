"""What another system's terminal says it saw, for the audit log."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import ReportAnswer
from biometric_service.api.operations.bodies import ReportBody
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.recognition.reports import MovementReport, note_report
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["audit"], route_class=OnceRoute)


@router.post("/movement-reports", status_code=201)
async def report_movement(
    admission: Annotated[Admission, Depends(requires(Scope.MOVEMENT))],
    body: ReportBody,
    services: ServicesOf,
    _: IdempotencyKey = None,
) -> ReportAnswer:
    """Note that a terminal of another system says it recognised somebody: nothing is compared or decided here."""
    report = MovementReport(
        body.report,
        GalleryId(body.gallery),
        body.checkpoint,
        body.terminal,
        body.person,
        None if body.claimed is None else SubjectId(body.claimed),
        body.direction,
        body.method,
        body.seen_at,
    )
    caller = await admission.caller(body.purpose, [report.gallery], body.device)
    noted = await run_in_threadpool(note_report, services.walk, report, caller)
    return ReportAnswer(event=noted.event, subject=noted.subject)
