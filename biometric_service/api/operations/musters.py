"""Musters: start a count, check people, see the board, close it with a report.

A muster of galleries beyond the caller's reads like none.
"""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.muster_wire import (
    BoardAnswer,
    MusterAnswer,
    MusterBody,
    MusterCheckAnswer,
    MusterCheckBody,
    MusterClosingBody,
    MusterReportAnswer,
    MustersAnswer,
    PeopleAnswer,
    board_answer,
    expected_answer,
    muster_answer,
    muster_check_answer,
)
from biometric_service.api.operations.reaching import may_see
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.operations.report_languages import ReportLanguage, written_in
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.muster_reports import muster_csv, muster_pdf, report_fields
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.muster import MusterRequest, close_muster, count_person, start_muster
from biometric_service.references.musters import muster_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.musters import Muster, NewMuster
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId

router = APIRouter(prefix=f"{OPERATIONS}/musters", tags=["musters"], route_class=OnceRoute)

LISTED = 2000
"""Longest list of a board."""
MusterPath = Annotated[Id, Path(description="The muster's id.")]
Officer = Annotated[Admission, Depends(requires(Scope.MUSTER))]


@router.get("")
async def list_musters(
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    before: Annotated[int, Query(ge=0, lt=2**63, description="Begin before this place: what next was.")] = 0,
    limit: LimitQuery = 50,
) -> MustersAnswer:
    """List the musters that the caller reaches, the newest first; a page may be shorter than asked for."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    page = await run_in_threadpool(services.day.musters.musters, before, limit + 1)
    await run_in_threadpool(services.store.record, day_event(EventKind.MUSTER_READ, caller))
    shown = tuple(muster_answer(each) for each in page[:limit] if _reaches(admission, each))
    return MustersAnswer(musters=shown, next=page[limit - 1].number if len(page) > limit else None)


@router.post("", status_code=201)
async def start(admission: Officer, body: MusterBody, services: ServicesOf, _: IdempotencyKey = None) -> MusterAnswer:
    """Start a count of everybody who is to be there; one at a time of the same people."""
    galleries = frozenset(map(GalleryId, body.galleries))
    caller = await admission.caller(body.purpose, sorted(galleries), body.device)
    zones = frozenset(map(ZoneId, body.zones))
    muster = NewMuster(body.muster or uuid4().hex, galleries, zones, body.shown)
    return muster_answer(await run_in_threadpool(start_muster, services.day, muster, caller))


@router.get("/{muster}")
async def read_board(
    admission: Officer, asking: Annotated[Asking, Depends()], muster: MusterPath, services: ServicesOf
) -> BoardAnswer:
    """Read how a muster stands: figures, who is missing or elsewhere, and what was found besides."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    await _read(services, admission, caller, muster, "board")
    board = await run_in_threadpool(services.day.musters.board, muster, LISTED)
    return await run_in_threadpool(board_answer, board, may_see(services, admission))


@router.get("/{muster}/people")
async def list_people(
    admission: Officer, asking: Annotated[Asking, Depends()], muster: MusterPath, services: ServicesOf
) -> PeopleAnswer:
    """List everybody who is expected, with the finger that they are to show."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    await _read(services, admission, caller, muster, "people")
    people = await run_in_threadpool(services.day.musters.people, muster)
    return PeopleAnswer(people=tuple(map(expected_answer, people)))


@router.post("/{muster}/checks", openapi_extra=documented(MusterCheckBody))
async def check_person(
    admission: Officer,
    muster: MusterPath,
    received: Annotated[Received[MusterCheckBody], Depends(reads(MusterCheckBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> MusterCheckAnswer:
    """Find out who stands there and count them; somebody who was counted, or is not expected, is told apart."""
    asked = received.asked
    caller = await admission.caller(asked.purpose, [], asked.device)
    await run_in_threadpool(_reached, services, admission, muster)
    zone = None if asked.zone is None else ZoneId(asked.zone)
    request = MusterRequest(received.images, muster, zone)
    check = await workers.run(count_person, services.walk, request, caller)
    return await run_in_threadpool(muster_check_answer, check, may_see(services, admission))


@router.post("/{muster}/closing")
async def close(
    admission: Officer, muster: MusterPath, body: MusterClosingBody, services: ServicesOf, _: IdempotencyKey = None
) -> MusterAnswer:
    """End the count with a signed report; it is never opened again."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_reached, services, admission, muster)
    return muster_answer(await run_in_threadpool(close_muster, services.day, muster, caller))


@router.get("/{muster}/report")
async def read_report(
    admission: Officer, asking: Annotated[Asking, Depends()], muster: MusterPath, services: ServicesOf
) -> MusterReportAnswer:
    """Read the signed report of a closed muster."""
    found = await _closed(services, admission, asking, muster)
    return MusterReportAnswer(muster=muster_answer(found), statement=found.report, report=report_fields(found.report))


@router.get("/{muster}/report.csv", response_class=Response)
async def read_report_as_table(
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    muster: MusterPath,
    language: ReportLanguage,
    services: ServicesOf,
) -> Response:
    """Read the report as a table: everybody who was expected, one a row."""
    found = await _closed(services, admission, asking, muster)
    table = await run_in_threadpool(muster_csv, found.report, language)
    headers = {**_attached(found, "csv"), **written_in(language)}
    return Response(table, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{muster}/report.pdf", response_class=Response)
async def read_report_as_page(
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    muster: MusterPath,
    language: ReportLanguage,
    services: ServicesOf,
) -> Response:
    """Read the report as a page to sign and file."""
    found = await _closed(services, admission, asking, muster)
    page = await run_in_threadpool(muster_pdf, found.report, language)
    headers = {**_attached(found, "pdf"), **written_in(language)}
    return Response(page, media_type="application/pdf", headers=headers)


async def _closed(services: Services, admission: Admission, asking: Asking, muster: str) -> Muster:
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await _read(services, admission, caller, muster, "report")
    if found.is_open:
        raise BiometricServiceError.of(ErrorCode.MUSTER_CONFLICT, "not_closed")
    return found


async def _read(services: Services, admission: Admission, caller: Caller, muster: str, what: str) -> Muster:
    found = await run_in_threadpool(_reached, services, admission, muster)
    read = day_event(EventKind.MUSTER_READ, caller, muster=muster, what=what)
    await run_in_threadpool(services.store.record, read)
    return found


def _reached(services: Services, admission: Admission, muster: str) -> Muster:
    found = services.day.musters.muster(muster)
    if not _reaches(admission, found):
        raise muster_unknown()
    return found


def _reaches(admission: Admission, muster: Muster) -> bool:
    return all(admission.key.may_search(gallery) for gallery in muster.galleries)


def _attached(muster: Muster, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="muster-{muster.number}.{ending}"'}
