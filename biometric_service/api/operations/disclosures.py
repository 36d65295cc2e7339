"""What is shared with other agencies: made and reviewed by officers, fetched and signed for by the agency itself."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.agreements import Officer, reached
from biometric_service.api.operations.asking import Asking, LimitQuery, SubjectPath
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.reaching import reached as subject_reached
from biometric_service.api.operations.report_languages import ReportLanguage, written_in
from biometric_service.api.operations.sharing_bodies import (
    DiscloseBody,
    DisclosureAnswer,
    DisclosuresAnswer,
    HoldBackBody,
    OfficerBody,
    ReceiptAnswer,
    ReceiptBody,
    ReceivedAnswer,
    ReceivedListAnswer,
    ReconcileBody,
    ReconciliationAnswer,
    disclosure_answer,
    received_answer,
)
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing import disclosing
from biometric_service.interchange.sharing.agreeing import agencies, in_force_with
from biometric_service.interchange.sharing.delivering import sign_for
from biometric_service.interchange.sharing.disclosure_reports import Shared, disclosures_pdf
from biometric_service.interchange.sharing.faults import refused
from biometric_service.interchange.sharing.parts import sharing_event
from biometric_service.interchange.sharing.receiving import read_received, receive
from biometric_service.interchange.sharing.reconciling import RECEIVED, SENT, own_manifest, reconcile, redeliver
from biometric_service.references.sharing_refusals import disclosure_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import Disclosure, DisclosureState

JOSE = "application/jose"
PREFIX = f"{OPERATIONS}/disclosures"
router = APIRouter(tags=["sharing"], route_class=OnceRoute)

Agency = Annotated[Admission, Depends(requires(Scope.SHARING))]
Reader = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_READ))]
DisclosurePath = Annotated[Id, Path(description="The id of the disclosure.")]
ReceivedPath = Annotated[str, Path(pattern="^[ -~]{1,255}$", description="Its id; it may hold slashes.")]
DayPath = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC.", examples=["2026-11-29"])]
AfterNumber = Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")]
UnderQuery = Annotated[Id | None, Query(description="Under this version of an agreement alone.")]
NewestQuery = Annotated[bool, Query(description="The newest first.")]
StateQuery = Annotated[DisclosureState | None, Query(description="In this state alone.")]
_MESSAGE = {"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}}
Responses = dict[int | str, dict[str, Any]]
_JWE, _JSON = {JOSE: {"schema": {"type": "string"}}}, {"application/json": {"schema": {"type": "object"}}}
_SEALED: Responses = {200: {"content": _JWE, "description": "The message, encrypted (JWE)."}}
_PAGES: Responses = {200: {"content": {"application/pdf": {}}, "description": "The pages."}}
_DRAFT: Responses = {200: {"content": _JSON, "description": "What is to leave."}}


@router.post(PREFIX, status_code=201)
async def disclose_person(admission: Officer, body: DiscloseBody, services: ServicesOf) -> DisclosureAnswer:
    """Share a person under an agreement; where it says so, two other officers look at it before it leaves."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(reached, services, admission, body.agreement)
    subject = SubjectId(body.subject)
    made = await run_in_threadpool(disclosing.disclose, services.sharing, body.agreement, subject, caller)
    return disclosure_answer(made)


@router.get(f"{PREFIX}/waiting")
async def list_waiting(
    admission: Agency,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    after: AfterNumber = 0,
    limit: LimitQuery = 50,
) -> DisclosuresAnswer:
    """List what the calling agency has still to fetch or to sign for."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    page = await run_in_threadpool(services.sharing.disclosures.waiting_for, caller.actor, after, limit + 1)
    await run_in_threadpool(services.store.record, sharing_event(EventKind.DISCLOSURES_LISTED, caller, {}))
    return _page(list(page), limit)


@router.get(PREFIX)
async def list_disclosures(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    state: StateQuery = None,
    after: AfterNumber = 0,
    limit: LimitQuery = 50,
    agreement: UnderQuery = None,
    newest: NewestQuery = False,  # noqa: FBT002 - a query parameter
) -> DisclosuresAnswer:
    """List what was shared and what waits, of agreements that the caller reaches; a page may be shorter than asked."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    listed = partial(services.sharing.disclosures.listed, newest=newest)
    page = await run_in_threadpool(listed, after, limit + 1, state, agreement)
    await run_in_threadpool(services.store.record, sharing_event(EventKind.DISCLOSURES_LISTED, caller, {}))
    following = page[limit - 1].number if len(page) > limit else None
    shown = await run_in_threadpool(lambda: [each for each in page[:limit] if _is_reached(services, admission, each)])
    return DisclosuresAnswer(disclosures=tuple(map(disclosure_answer, shown)), next=following)


@router.get(f"{PREFIX}/{{disclosure}}", responses=_SEALED, response_class=Response)
async def take_disclosure(
    admission: Agency, disclosure: DisclosurePath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> Response:
    """Fetch what is for the calling agency, encrypted to its key."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    event = sharing_event(EventKind.DISCLOSURE_READ, caller, {"disclosure": disclosure})
    taken = await run_in_threadpool(services.sharing.disclosures.take, disclosure, caller.actor, event)
    return Response(taken.sealed, media_type=JOSE)


@router.post(f"{PREFIX}/{{disclosure}}/receipt")
async def sign_for_disclosure(
    admission: Agency, disclosure: DisclosurePath, body: ReceiptBody, services: ServicesOf
) -> DisclosureAnswer:
    """Sign for what was fetched, as the agency that it is for."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_own, services, caller, disclosure)
    return disclosure_answer(await run_in_threadpool(sign_for, services.sharing, disclosure, body.receipt, caller))


@router.get(f"{PREFIX}/{{disclosure}}/progress")
async def read_progress(
    admission: Officer, disclosure: DisclosurePath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> DisclosureAnswer:
    """Read how far a disclosure has got, as an officer."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    await run_in_threadpool(_reviewable, services, admission, disclosure)
    event = sharing_event(EventKind.DISCLOSURES_LISTED, caller, {"disclosure": disclosure})
    await run_in_threadpool(services.store.record, event)
    return disclosure_answer(await run_in_threadpool(services.sharing.disclosures.disclosure, disclosure))


@router.get(f"{PREFIX}/{{disclosure}}/draft", responses=_DRAFT, response_class=Response)
async def read_draft(
    admission: Officer, disclosure: DisclosurePath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> Response:
    """Read what is to leave, as an officer who reviews it."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    await run_in_threadpool(_reviewable, services, admission, disclosure)
    text = await run_in_threadpool(disclosing.draft, services.sharing, disclosure, caller)
    return Response(text, media_type="application/json")


@router.post(f"{PREFIX}/{{disclosure}}/approvals", status_code=201)
async def approve_disclosure(
    admission: Officer, disclosure: DisclosurePath, body: OfficerBody, services: ServicesOf
) -> DisclosureAnswer:
    """Let it go, as one of two officers who did not make it."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_reviewable, services, admission, disclosure)
    return disclosure_answer(await run_in_threadpool(disclosing.approve, services.sharing, disclosure, caller))


@router.post(f"{PREFIX}/{{disclosure}}/refusal")
async def hold_back_disclosure(
    admission: Officer, disclosure: DisclosurePath, body: HoldBackBody, services: ServicesOf
) -> DisclosureAnswer:
    """Hold it back for good."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_reviewable, services, admission, disclosure)
    return disclosure_answer(
        await run_in_threadpool(disclosing.refuse, services.sharing, disclosure, body.note, caller)
    )


@router.post(f"{PREFIX}/{{disclosure}}/recall")
async def recall_disclosure(
    admission: Officer, disclosure: DisclosurePath, body: HoldBackBody, services: ServicesOf
) -> DisclosureAnswer:
    """Recall it: what has not left is stopped, and a recall that says why is sent after what has."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_reviewable, services, admission, disclosure)
    taken_back = partial(disclosing.take_back, services.sharing, disclosure, body.note, caller)
    return disclosure_answer(await run_in_threadpool(taken_back))


@router.post(f"{PREFIX}/{{disclosure}}/redelivery")
async def send_again(
    admission: Officer, disclosure: DisclosurePath, body: OfficerBody, services: ServicesOf
) -> DisclosureAnswer:
    """Send it once more, such as after a reconciliation that misses it."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(_reviewable, services, admission, disclosure)
    return disclosure_answer(await run_in_threadpool(redeliver, services.sharing, disclosure, caller))


@router.get(f"{OPERATIONS}/subjects/{{subject}}/disclosures")
async def list_disclosures_of_subject(
    admission: Reader, subject: SubjectPath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> DisclosuresAnswer:
    """List all that was shared of a person, also of one who was erased since: what the person may ask to know."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(disclosing.shared_of, services.sharing, SubjectId(subject), caller)
    shown = await run_in_threadpool(lambda: [each for each in found if _is_reached(services, admission, each)])
    return DisclosuresAnswer(disclosures=tuple(map(disclosure_answer, shown)))


@router.get(f"{OPERATIONS}/subjects/{{subject}}/disclosures.pdf", responses=_PAGES, response_class=Response)
async def print_disclosures_of_subject(
    admission: Reader,
    subject: SubjectPath,
    asking: Annotated[Asking, Depends()],
    language: ReportLanguage,
    services: ServicesOf,
) -> Response:
    """Read all that was shared of a person as pages to hand to them (PDF), also of one who was erased since."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    whom = SubjectId(subject)
    found = await run_in_threadpool(disclosing.shared_of, services.sharing, whom, caller)
    shown = await run_in_threadpool(lambda: [each for each in found if _is_reached(services, admission, each)])
    if not shown:
        await run_in_threadpool(subject_reached, services, admission, whom)
    shared = Shared(services.sharing.agency, whom, shown, datetime.now(UTC), whole=len(shown) == len(found))
    pages = await run_in_threadpool(disclosures_pdf, shared, language)
    named = {"Content-Disposition": 'attachment; filename="disclosures.pdf"', **written_in(language)}
    return Response(pages, media_type="application/pdf", headers=named)


@router.post(f"{OPERATIONS}/received-disclosures", openapi_extra=_MESSAGE, status_code=201)
async def receive_disclosure(
    admission: Agency, asking: Annotated[Asking, Depends()], request: Request, services: ServicesOf
) -> ReceiptAnswer:
    """Take what the calling agency sends under an agreement, and sign for it."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    try:
        sealed = (await request.body()).decode("ascii")
    except UnicodeDecodeError:
        raise refused("It is no JWE in compact form.") from None
    return ReceiptAnswer(statement=await run_in_threadpool(receive, services.sharing, sealed, caller))


@router.get(f"{OPERATIONS}/received-disclosures")
async def list_received(
    admission: Officer, asking: Annotated[Asking, Depends()], services: ServicesOf, limit: LimitQuery = 50
) -> ReceivedListAnswer:
    """List the newest of what other agencies sent, without what is in it."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(services.sharing.received.listed, limit)
    await run_in_threadpool(services.store.record, sharing_event(EventKind.RECEIVED_READ, caller, {}))
    return ReceivedListAnswer(received=tuple(map(received_answer, found)))


@router.get(f"{OPERATIONS}/received-disclosures/{{agency}}/{{disclosure:path}}")
async def read_received_disclosure(
    admission: Officer,
    agency: Annotated[Id, Path(description="Who sent it.")],
    disclosure: ReceivedPath,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
) -> ReceivedAnswer:
    """Read what another agency sent; nothing of it is left where it was recalled."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    return received_answer(await run_in_threadpool(read_received, services.sharing, agency, disclosure, caller))


@router.get(f"{OPERATIONS}/manifests/{{day}}")
async def read_manifest_of_day(
    admission: Agency,
    day: DayPath,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    direction: Annotated[str, Query(pattern=f"^({SENT}|{RECEIVED})$", description="What we sent, or received.")] = SENT,
) -> ReceiptAnswer:
    """Read our signed manifest of a day for the calling agency: the digests of what we sent to it or received."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    agency = await run_in_threadpool(_agency_of, services, caller)
    event = sharing_event(EventKind.DISCLOSURES_LISTED, caller, {"agency": agency, "day": day})
    await run_in_threadpool(services.store.record, event)
    return ReceiptAnswer(statement=await run_in_threadpool(own_manifest, services.sharing, agency, day, direction))


@router.post(f"{OPERATIONS}/reconciliations")
async def reconcile_day(admission: Officer, body: ReconcileBody, services: ServicesOf) -> ReconciliationAnswer:
    """Compare what was sent to an agency on a day with what it received; what is missing is named."""
    caller = await admission.caller(body.purpose, [], body.device)
    found = await run_in_threadpool(reconcile, services.sharing, body.agency, body.day, caller, body.manifest)
    return ReconciliationAnswer(
        agency=found.agency,
        day=found.day,
        proven=found.proven,
        sent=found.sent,
        received=found.received,
        sent_digest=found.sent_digest,
        received_digest=found.received_digest,
        missing=found.missing,
        unknown=found.unknown,
        differing=found.differing,
    )


def _page(page: list[Disclosure], limit: int) -> DisclosuresAnswer:
    following = page[limit - 1].number if len(page) > limit else None
    return DisclosuresAnswer(disclosures=tuple(map(disclosure_answer, page[:limit])), next=following)


def _own(services: Services, caller: Caller, disclosure: str) -> None:
    """DISCLOSURE_UNKNOWN for what is for another agency."""
    if services.sharing.disclosures.disclosure(disclosure).agency not in agencies(services.sharing, caller.actor):
        raise disclosure_unknown()


def _reviewable(services: Services, admission: Admission, disclosure: str) -> None:
    """DISCLOSURE_UNKNOWN for what is under an agreement that the officer does not reach."""
    if not _is_reached(services, admission, services.sharing.disclosures.disclosure(disclosure)):
        raise disclosure_unknown()


def _is_reached(services: Services, admission: Admission, disclosure: Disclosure) -> bool:
    try:
        reached(services, admission, disclosure.agreement)
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.AGREEMENT_UNKNOWN:
            return False
        raise
    return True


def _agency_of(services: Services, caller: Caller) -> str:
    """Which agency the caller is; MESSAGE_REFUSED where no agreement in force says so."""
    for each in in_force_with(services.sharing, caller.actor):
        return each.terms.partner.agency
    raise refused("No agreement in force is with this caller.")
