"""Cards: print one for a subject, say whose one is, end one. A code says nothing to whoever only reads it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.cards.drawing import CardFace, draw
from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, SubjectPath
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.intake_bodies import CardAnswer, CardBody, CardCodeBody, CardsAnswer, card_answer
from biometric_service.api.operations.reaching import encounters_reached, reached, writer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition.portraits import portrait
from biometric_service.references.refusals import card_invalid
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.cards import Card
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import KeptEncounter, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["cards"], route_class=OnceRoute)

PDF = "application/pdf"
CardPath = Annotated[Id, Path(description="The id of the card.")]
Writer = Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))]


@router.post(
    "/subjects/{subject}/cards",
    status_code=201,
    response_class=Response,
    responses={201: {"content": {PDF: {}}, "description": "The card, to be printed; its id in the header Card-Id."}},
)
async def print_card(
    admission: Writer, subject: SubjectPath, body: CardBody, services: ServicesOf, workers: WorkersOf
) -> Response:
    """Make a card with photograph, name and a QR code that leads to the subject for whoever may ask."""
    caller = await writer(services, admission, body, subject)
    card, printed = await workers.run(_printed, services, admission, SubjectId(subject), body.language, caller)
    return Response(printed, 201, {"Card-Id": card.id}, PDF)


@router.get("/subjects/{subject}/cards")
async def list_cards(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_READ))],
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    services: ServicesOf,
) -> CardsAnswer:
    """List the cards of a subject that are in force."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(reached, services, admission, SubjectId(subject))
    cards = await run_in_threadpool(services.cards.cards, summary.subject)
    await run_in_threadpool(services.store.record, _event(EventKind.CARDS_LISTED, caller, summary.subject))
    return CardsAnswer(cards=tuple(map(card_answer, cards)))


@router.delete("/subjects/{subject}/cards/{card}", status_code=204)
async def revoke_card(
    admission: Writer,
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    card: CardPath,
    services: ServicesOf,
) -> Response:
    """End a card at once, such as one that was lost."""
    caller = await writer(services, admission, asking, subject)
    await run_in_threadpool(_revoke, services, SubjectId(subject), card, caller)
    return Response(status_code=204)


@router.post("/cards/resolve")
async def resolve_card(
    admission: Annotated[Admission, Depends(requires(Scope.VERIFY))], body: CardCodeBody, services: ServicesOf
) -> CardAnswer:
    """Say whose card it is, as a claim to be verified: a card may be in the wrong hands."""
    caller = await admission.caller(body.purpose, [], body.device)
    return card_answer(await run_in_threadpool(_resolved, services, admission, body.code, caller))


def _printed(
    services: Services, admission: Admission, subject: SubjectId, language: str, caller: Caller
) -> tuple[Card, bytes]:
    kept = encounters_reached(services, admission, subject)
    picture = portrait(services.walk, kept)
    until = datetime.now(UTC) + timedelta(days=services.settings.card_days)
    card = services.cards.issue(subject, until, _event(EventKind.CARD_ISSUED, caller, subject))
    face = CardFace(subject, _name(kept), card.expires_at.date(), card.code, picture)
    return card, draw(face, language)


def _name(kept: Sequence[KeptEncounter]) -> str:
    names = (each.encounter.circumstances.biographic.get("name") for each in reversed(kept))
    return next((name for name in names if isinstance(name, str)), "")


def _revoke(services: Services, subject: SubjectId, card: str, caller: Caller) -> None:
    if card not in {each.id for each in services.cards.cards(subject)}:
        raise card_invalid()
    services.cards.revoke(card, _event(EventKind.CARD_REVOKED, caller, subject, card))


def _resolved(services: Services, admission: Admission, code: str, caller: Caller) -> Card:
    """CARD_INVALID also for the card of somebody beyond the caller's reach."""
    card = services.cards.resolve(code)
    if not admission.reaches(services.store.subject(card.subject)):
        raise card_invalid()
    services.store.record(_event(EventKind.CARD_RESOLVED, caller, card.subject, card.id))
    return card


def _event(kind: EventKind, caller: Caller, subject: SubjectId, card: str = "") -> AuditEvent:
    details = {"card": card} if card else {}
    return AuditEvent(kind, datetime.now(UTC), caller, subject, None, details)
