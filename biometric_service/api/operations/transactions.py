"""ANSI/NIST-ITL transactions of other agencies: in, out, and those that are held because they could not be taken in.

What is held is of no gallery yet, so the key must reach all.
"""

import base64
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from biometric_service.api.languages import asked_language
from biometric_service.api.once import GuardOf, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.agreements import reached as agreement_reached
from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import AskingBody, Base64, Id, Line
from biometric_service.api.operations.reaching import reached
from biometric_service.api.operations.sharing_bodies import DisclosureAnswer, disclosure_answer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.interchange.exchange import Occasion
from biometric_service.interchange.itl.payloads import Compression
from biometric_service.interchange.quarantine import release
from biometric_service.interchange.receiving import Import, ImportOutcome, ImportRequest, receive, retry
from biometric_service.interchange.sending import Layout
from biometric_service.interchange.sharing.disclosing import Choice, hand_over
from biometric_service.recognition.requests import EnrolmentOutcome
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterId, GalleryId, SubjectId
from biometric_service.vocabulary.transactions import HeldTransaction, Hold, HoldState

router = APIRouter(prefix=f"{OPERATIONS}/transactions", tags=["interchange"], route_class=OnceRoute)

HeldPath = Annotated[Id, Path(description="The id of a held transaction.")]
AfterHeld = Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")]
SettledQuery = Annotated[bool, Query(description="True for those that are held no longer.")]
Reader = Annotated[Admission, Depends(requires(Scope.TRANSACTION_READ))]
Writer = Annotated[Admission, Depends(requires(Scope.TRANSACTION_WRITE))]


class TakingBody(AskingBody):
    """How a transaction is to be taken in."""

    galleries: Annotated[tuple[Id, ...], Field(min_length=1)] = Field(
        description="Where the person is searched.", examples=[["residents"]]
    )
    profile: Id | None = Field(None, description="Domain profile; left out, itl, or the one that it came under.")
    subject: Id | None = Field(None, description="Id of the person; left out, as the profile says, else a new one.")
    despite_duplicates: bool = Field(default=False, description="An officer has looked at who is alike.")


class ImportBody(TakingBody):
    """A transaction to take in."""

    data: Base64 = Field(description="The transaction, base64.")
    name: Line = Field("", description="Name of its file or message, by which people find it again.")


class ExportBody(AskingBody):
    """Write what an agreement lets go of a person as a file."""

    agreement: Id = Field(description="Under which agreement: it says the form and the fields.", examples=["police:1"])
    subject: Id = Field(description="Who.")
    encounter: Id | None = Field(None, description="Left out, the newest active one.")
    type: Line = Field("", description="Type of transaction (TOT); empty for the profile's usual one.")
    control: Line = Field("", description="Its number (TCN); empty for one made here.")
    response: Line = Field("", description="Number of the transaction that it answers (TCR).")
    compression: Compression = Field(Compression.KEPT, description="How images are written.")
    legacy: bool = Field(default=False, description="Fingers in Type-4 records.")


class HeldAnswer(Answer):
    """A transaction that was not taken in."""

    id: str = Field(description="Its id.")
    received_at: datetime = Field(description="When it came.")
    sender: str = Field(description="The caller that sent it.")
    name: str = Field(description="Name of its file or message.")
    profile: str = Field(description="Domain profile that it came under.")
    digest: str = Field(description="SHA-256 of its bytes, hex.")
    size: int = Field(description="Its bytes.")
    reason: Hold = Field(description="Why it is held.")
    why: str = Field(description="The reason in words.")
    state: HoldState = Field(description="What became of it.")
    attempts: int = Field(description="How often it was tried.")
    keep_until: datetime = Field(description="When it is deleted.")
    settled_at: datetime | None = Field(description="When it was taken in or released; null while it is held.")


class HeldListAnswer(Answer):
    """A page of what is held."""

    transactions: tuple[HeldAnswer, ...] = Field(description="Oldest first.")
    next: int | None = Field(description="Where the next page begins; null for the last.")


class ImportAnswer(Answer):
    """What became of a transaction."""

    outcome: ImportOutcome = Field(description="Whether it was taken in.")
    control: str = Field(description="Its number (TCN), empty where it could not be read.")
    origin: str = Field(description="The agency that it is of (ORI), likewise.")
    subject: str | None = Field(description="Whom it was enrolled as; null where nobody was.")
    encounter: str | None = Field(description="The encounter that was kept; null where none was.")
    enrolment: EnrolmentOutcome | None = Field(description="Outcome of the enrolment; null where none was tried.")
    latents: tuple[str, ...] = Field(description="Ids of the latents that were kept.")
    held: HeldAnswer | None = Field(description="As what it is held; null where it is not.")


class ExportAnswer(Answer):
    """A file that was written, and the disclosure that it is."""

    disclosure: DisclosureAnswer
    data: str = Field(description="The file, base64.", json_schema_extra={"contentEncoding": "base64"})


class ReleaseAnswer(Answer):
    """A held transaction as it came."""

    data: str = Field(description="Its bytes, base64.", json_schema_extra={"contentEncoding": "base64"})


@router.post(
    "",
    responses={201: {"model": ImportAnswer, "description": "It was taken in."}},
    response_description="It is held, or was taken in before.",
)
async def import_transaction(  # noqa: PLR0913, PLR0917 - one parameter for each part of the request
    admission: Writer,
    body: ImportBody,
    services: ServicesOf,
    workers: WorkersOf,
    response: Response,
    guard: GuardOf,
) -> ImportAnswer:
    """Take a transaction in: enrol whom it is about and keep its latents; what cannot be taken in is held."""
    caller = await admission.caller(body.purpose, sorted(map(GalleryId, body.galleries)), body.device)
    await admission.require(Scope.ENCOUNTER_WRITE, caller)
    request = replace(
        _request(body, body.data, body.profile or "itl", body.name),
        may_add=lambda galleries: all(map(admission.key.may_search, galleries)),
    )
    found = await workers.run(receive, services.exchange, request, caller, guard)
    if found.outcome is ImportOutcome.TAKEN_IN:
        response.status_code = 201
    return _import_answer(found)


@router.post("/exports")
async def export_transaction(admission: Reader, body: ExportBody, services: ServicesOf) -> ExportAnswer:
    """Write what an agreement lets go of a person as a file that is carried to the agency: it is a disclosure."""
    caller = await admission.caller(body.purpose, [], body.device)
    await admission.require(Scope.SHARING_APPROVE, caller)
    await run_in_threadpool(reached, services, admission, SubjectId(body.subject))
    terms = (await run_in_threadpool(agreement_reached, services, admission, body.agreement)).terms
    layout = Layout(
        terms.partner.agency, terms.profile, body.type, body.control, body.response, body.compression, body.legacy
    )
    choice = Choice(layout, EncounterId(body.encounter) if body.encounter else None)
    subject = SubjectId(body.subject)
    made = await run_in_threadpool(hand_over, services.sharing, body.agreement, subject, choice, caller)
    return ExportAnswer(disclosure=disclosure_answer(made.disclosure), data=base64.b64encode(made.data).decode())


@router.get("/held")
async def list_held_transactions(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Reader,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    settled: SettledQuery = False,  # noqa: FBT002 - a query parameter
    after: AfterHeld = 0,
    limit: LimitQuery = 50,
) -> HeldListAnswer:
    """List what is held, or what was."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    await run_in_threadpool(services.store.record, Occasion(caller).event(EventKind.TRANSACTIONS_READ))
    page = await run_in_threadpool(lambda: services.quarantine.held(after, limit + 1, settled=settled))
    following = page[limit - 1].number if len(page) > limit else None
    return HeldListAnswer(transactions=tuple(map(_held_answer, page[:limit])), next=following)


@router.get("/held/{held}")
async def read_held_transaction(
    admission: Reader, asking: Annotated[Asking, Depends()], held: HeldPath, services: ServicesOf
) -> HeldAnswer:
    """Read why a transaction is held; not its bytes."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    found = await run_in_threadpool(services.quarantine.find, held)
    read = Occasion(caller).event(EventKind.TRANSACTIONS_READ, {"held": held})
    await run_in_threadpool(services.store.record, read)
    return _held_answer(found)


@router.post("/held/{held}/retry")
async def retry_held_transaction(
    admission: Writer, held: HeldPath, body: TakingBody, services: ServicesOf, workers: WorkersOf
) -> ImportAnswer:
    """Try to take a held transaction in again."""
    galleries = sorted({*map(GalleryId, body.galleries), ALL_GALLERIES})
    caller = await admission.caller(body.purpose, galleries, body.device)
    await admission.require(Scope.ENCOUNTER_WRITE, caller)
    came_under = (await run_in_threadpool(services.quarantine.find, held)).profile
    request = _request(body, b"", body.profile or came_under, "")
    return _import_answer(await workers.run(retry, services.exchange, held, request, caller))


@router.post("/held/{held}/release")
async def release_held_transaction(
    admission: Writer, held: HeldPath, body: AskingBody, services: ServicesOf
) -> ReleaseAnswer:
    """Hand a held transaction out as it came, and hold it no longer."""
    caller = await admission.caller(body.purpose, [ALL_GALLERIES], body.device)
    data = await run_in_threadpool(release, services.quarantine, held, caller)
    return ReleaseAnswer(data=base64.b64encode(data).decode())


def _request(body: TakingBody, data: bytes, profile: str, name: str) -> ImportRequest:
    subject = SubjectId(body.subject) if body.subject else None
    galleries = frozenset(map(GalleryId, body.galleries))
    return ImportRequest(data, galleries, profile, name, subject, body.despite_duplicates)


def _import_answer(found: Import) -> ImportAnswer:
    enrolment = found.enrolment
    return ImportAnswer(
        outcome=found.outcome,
        control=found.control,
        origin=found.origin,
        subject=enrolment.subject if enrolment else None,
        encounter=enrolment.encounter if enrolment else None,
        enrolment=enrolment.outcome if enrolment else None,
        latents=tuple(each.id for each in found.latents),
        held=_held_answer(found.held) if found.held else None,
    )


def _held_answer(held: HeldTransaction) -> HeldAnswer:
    return HeldAnswer(
        id=held.id,
        received_at=held.received_at,
        sender=held.sender,
        name=held.name,
        profile=held.profile,
        digest=held.digest,
        size=held.size,
        reason=held.refusal.reason,
        why=held.refusal.why.told(asked_language()),
        state=held.state,
        attempts=held.attempts,
        keep_until=held.keep_until,
        settled_at=held.settled_at,
    )
