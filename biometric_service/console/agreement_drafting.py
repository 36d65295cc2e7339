"""Drawing up an agreement at a desk: a form that says what the domain profile will miss before anything is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from fastapi import Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError

from biometric_service.api.errors import STATUS, invalid_request
from biometric_service.api.failures import record_failure
from biometric_service.api.operations import agreements
from biometric_service.api.operations.sharing_bodies import AgreementBody
from biometric_service.console.agreements import Officer
from biometric_service.console.filled_forms import Filled, filled_with, sent, wrong_fields
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.profile import FieldRule, Role, profile_names
from biometric_service.interchange.sharing.agreeing import looked_over
from biometric_service.interchange.sharing.minimising import FACTS
from biometric_service.interchange.sharing.records import Lack
from biometric_service.vocabulary.references import EncounterStatus, GalleryId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.sharing import Channel, RecordForm, RequestKind

NEW = "/agreements/new"
"""Ids of agreements hold a colon, so that none is this word."""
FIELDS, DESPITE = "terms.fields", "despite"
CORRECTED = frozenset({ErrorCode.REQUEST_INVALID, ErrorCode.URL_REFUSED})
"""Faults that whoever fills in the form can mend in it."""
AREAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "encounter": FACTS,
        "image": tuple(each.value for each in Modality),
        "template": tuple(each.value for each in Modality),
        "transaction": ("rest",),
    }
)
USUAL = filled_with(
    {
        "terms": {
            "statuses": [EncounterStatus.ACTIVE],
            "form": RecordForm.JSON,
            "profile": "itl",
            "two_person_review": True,
            "partner": {"channel": Channel.PULL},
        }
    }
)

router = page_router()


@dataclass(frozen=True, slots=True)
class Known:
    """How a domain profile knows a field; ``mandatory_in``: types of transaction."""

    profile: str
    number: int
    means: str
    mandatory_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """A biographic field that domain profiles know."""

    field: str
    known: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What is said above the form. ``wrong``: names of fields; ``lacks``: what the officer has to have seen."""

    fault: BiometricServiceError | None = None
    wrong: frozenset[str] = frozenset()
    lacks: Sequence[Lack] = ()


@router.get(NEW)
async def show_form(visit: Officer, of: Annotated[str, Query(max_length=128)] = "") -> HTMLResponse:
    """The form; ``of``: with the terms of an agreement in it, for its next version."""
    if not of:
        return await _page(visit, USUAL, Found())
    known = await agreements.read_agreement(visit.admission, of, visit.asking, visit.services)
    said = {"name": of.rpartition(":")[0], "terms": known.terms.model_dump(exclude={"valid_from", "until"})}
    return await _page(visit, filled_with(said), Found())


@router.post("/agreements")
async def draw_up(visit: Officer) -> Response:
    """Draw it up, once the officer has seen what its transactions will lack."""
    filled = await sent(visit.request)
    try:
        body = filled.read(AgreementBody, purpose=visit.asking.purpose, device=visit.asking.device)
        lacks = await _lacks(visit, body)
        if lacks and filled.one(DESPITE) != _named(lacks):
            return await _page(visit, filled, Found(lacks=lacks))
        made = await agreements.propose_agreement(visit.admission, body, visit.services)
    except ValidationError as fault:
        refusal = invalid_request(fault.errors(include_input=False))
        return await _refused(visit, filled, Found(refusal, wrong_fields(fault)))
    except BiometricServiceError as fault:
        if fault.code not in CORRECTED:
            raise
        return await _refused(visit, filled, Found(fault))
    return visit.go(f"/agreements/{made.agreement}", "agreements.said.drawn_up")


async def _lacks(visit: Visit, body: AgreementBody) -> Sequence[Lack]:
    await visit.caller(*sorted(map(GalleryId, body.terms.galleries)))
    return await run_in_threadpool(looked_over, visit.services.sharing, body.terms.terms())


def _named(lacks: Sequence[Lack]) -> str:
    """What an officer says to have seen: others have to be seen first."""
    return " ".join(str(each.number) for each in lacks)


async def _refused(visit: Visit, filled: Filled, found: Found) -> HTMLResponse:
    """The form with what is wrong with it; the refusal is in the audit log, as that of the operation is."""
    assert found.fault
    await run_in_threadpool(record_failure, visit.request, found.fault)
    return await _page(visit, filled, found)


async def _page(visit: Visit, filled: Filled, found: Found) -> HTMLResponse:
    rules = visit.services.sharing.rules
    names = profile_names(rules.profiles_dir)
    biographic = await run_in_threadpool(_biographic, rules, names)
    offered = {each.field for each in biographic} | {f"{area}.{each}" for area, of in AREAS.items() for each in of}
    choices = {
        "galleries": visit.galleries(),
        "statuses": tuple(EncounterStatus),
        "channels": tuple(Channel),
        "forms": tuple(RecordForm),
        "asks": tuple(RequestKind),
        "profiles": names,
    }
    named = {"biographic": biographic, "areas": AREAS, "offered": offered}
    shown = {"filled": filled, "found": found, "despite": _named(found.lacks)}
    status = STATUS[found.fault.code] if found.fault else 200
    return visit.page("agreement_form.html", {**choices, **named, **shown}, status=status)


def _biographic(rules: ExchangeRules, names: Sequence[str]) -> Sequence[Offered]:
    """The fields of every profile that can be loaded, by name."""
    found: dict[str, list[Known]] = {}
    for name in names:
        for number, rule in _fields(rules, name).items():
            if rule.role is Role.BIOGRAPHIC:
                known = Known(name, number, rule.means, tuple(sorted(rule.mandatory_in)))
                found.setdefault(f"biographic.{rule.name}", []).append(known)
    return tuple(Offered(field, tuple(known)) for field, known in sorted(found.items()))


def _fields(rules: ExchangeRules, profile: str) -> Mapping[int, FieldRule]:
    try:
        return rules.profile(profile).fields
    except BiometricServiceError:
        return {}
