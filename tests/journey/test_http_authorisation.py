"""Every operation by scope, foreign gallery and wrong purpose: who gets in, and what the audit log says of it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
import starlette.routing

from benchmarks.throughput.random_encounters import enrolled_sample, random_embedding
from biometric_service.api.once import OnceRoute
from biometric_service.api.osia import contract
from biometric_service.app.serving import build_application
from biometric_service.capture.devices import png
from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.sharing.disclosing import disclose
from biometric_service.references.terms import pack_terms
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.intakes import Intake, IntakePerson, IntakeState
from biometric_service.vocabulary.movements import NewManualCheck
from biometric_service.vocabulary.musters import NewMuster, Shown
from biometric_service.vocabulary.outward import OutwardType, Subscription, Wanted
from biometric_service.vocabulary.places import NewOrder, OrderPurpose, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Circumstances,
    Encounter,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    SubjectId,
)
from biometric_service.vocabulary.releases import NewRelease, ReleaseKind
from biometric_service.vocabulary.sharing import Circle, DisclosureState, Terms
from biometric_service.vocabulary.visits import NewVisit
from tests.adjudication import new_case
from tests.console import console_routes, signed_in
from tests.live_service import OPERATIONS, LiveService, event, live_service, without_models
from tests.sharing import CLERK, agreed, terms

OURS, FOREIGN = "ours", "foreign"
PURPOSE = "roll-call"
NO_PURPOSE = frozenset({"none"})
DEVICES: dict[str, str] = {}
"""The device that is registered in a gallery just now."""
CARDS: dict[str, str] = {}
"""The card of the subject in a gallery."""
CODES: dict[str, str] = {}
"""What the QR code of that card says."""
INTAKES: dict[str, str] = {}
"""The intake that is open in a gallery just now."""
CASES: dict[str, str] = {}
"""The case that is open in a gallery just now."""
SUBSCRIPTIONS: dict[str, str] = {}
"""The subscription of events in a gallery just now."""
DAY: dict[str, dict[str, str]] = {}
"""What there is of the prison's day in a gallery just now, by what a path calls it."""
AGREEMENTS: dict[str, str] = {}
"""The agreement that is in force about a gallery just now."""
DISCLOSURES: dict[str, str] = {}
"""What waits for its review under it."""
IMAGE = {"modality": "fingerprint", "data": "iVBORw0KGgo="}


@dataclass(frozen=True)
class Operation:
    """One operation: what it is called with in a gallery, and what an admitted caller gets.

    ``foreign``: what a caller gets who asks for something in a gallery beyond the key's reach. ``person``: the second
    of a gallery is never inside, and may be erased.
    """

    method: str
    path: str
    scope: Scope
    admitted: int
    foreign: int
    body: Callable[[str], Mapping[str, Any]] | None = None
    query: Callable[[str], Mapping[str, str]] = field(default=lambda _: {})
    person: int = 1

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def call(self, client: httpx.Client, gallery: str = OURS, purpose: str = PURPOSE) -> httpx.Response:
        names = {
            "subject": f"{gallery}-{self.person}",
            "encounter": "first",
            "name": "none.png",
            "gallery": gallery,
            "device_id": DEVICES[gallery],
            "case": CASES[gallery],
            "subscription": SUBSCRIPTIONS[gallery],
            **DAY[gallery],
            "held": "none",
            "latent": "none",
            "agreement": AGREEMENTS[gallery],
            "disclosure": DISCLOSURES[gallery],
            "agency": "nobody",
            "day": "2026-11-29",
            "month": "2999-12",
            "request_id": "none",
            "intake": INTAKES[gallery],
            "card": CARDS[gallery],
            "place": "right_thumb",
        }
        path = OPERATIONS + self.path.format_map(names)
        if self.body is not None:
            return client.request(self.method, path, json={"purpose": purpose, **self.body(gallery)})
        return client.request(self.method, path, params={"purpose": purpose, **self.query(gallery)})


def images(**more: object) -> Callable[[str], Mapping[str, Any]]:
    def body(gallery: str) -> Mapping[str, Any]:
        return {"images": [IMAGE], "gallery": gallery, **more}

    return body


def enrolment(gallery: str) -> Mapping[str, Any]:
    return {"images": [IMAGE], "subject": "new", "galleries": [gallery]}


def batch(gallery: str) -> Mapping[str, Any]:
    return {"probes": [{"images": [IMAGE]}], "gallery": gallery}


def report(gallery: str) -> Mapping[str, Any]:
    seen = {"terminal": "CQZ7", "person": "104", "seen_at": "2026-03-04T06:30:00-06:00"}
    return {"report": "r-1", "gallery": gallery, "checkpoint": "gate", **seen}


def comparison(gallery: str) -> Mapping[str, Any]:
    return {"first": "ours-1", "second": f"{gallery}-1", "gallery": gallery}


def new_device(gallery: str) -> Mapping[str, Any]:
    rights = {"scopes": [Scope.DEVICE_WRITE], "galleries": [gallery], "purposes": [PURPOSE]}
    return {"id": "new", "name": "New", "certificate": "none", **rights}


def new_subscription(gallery: str) -> Mapping[str, Any]:
    return {"name": "New", "url": "https://unlisted.example/", "types": ["subject.moved"], "galleries": [gallery]}


def subscribed(live: LiveService, gallery: str) -> str:
    """Another one each time."""
    wanted = Wanted(frozenset({OutwardType.MOVED}), frozenset({GalleryId(gallery)}))
    made = Subscription(f"{gallery}-{uuid4().hex}", "Test", "https://unlisted.example/", wanted, PURPOSE, "test")
    live.service.subscriptions.create(made, event(EventKind.SUBSCRIPTION_CREATED))
    return made.id


def in_gallery(gallery: str) -> Mapping[str, str]:
    return {"gallery": gallery}


def into(field: str) -> Callable[[str], Mapping[str, Any]]:
    return lambda gallery: {field: f"{gallery}-1"}


def gone(_: str) -> Mapping[str, Any]:
    return {"status": "deceased"}


def withdrawal(_: str) -> Mapping[str, Any]:
    return {"consent": "research"}


def in_galleries(gallery: str) -> Mapping[str, Any]:
    return {"galleries": [gallery]}


def transaction(gallery: str) -> Mapping[str, Any]:
    return {"data": "AAAA", **in_galleries(gallery)}


def export(gallery: str) -> Mapping[str, Any]:
    return {"subject": f"{gallery}-1", "agreement": "police:1"}


def further_encounter(gallery: str) -> Mapping[str, Any]:
    return {"images": [IMAGE], **in_galleries(gallery)}


def zone(gallery: str) -> Mapping[str, Any]:
    return {"name": f"Zone of {gallery}"}


def post(gallery: str) -> Mapping[str, Any]:
    return {"name": "Post", "from_zone": "a", "to_zone": "b", "gallery": gallery}


def order(gallery: str) -> Mapping[str, Any]:
    times = {"valid_from": "2026-03-04T06:30:00Z", "valid_until": "2999-03-04T07:30:00Z"}
    return {"gallery": gallery, "subject": f"{gallery}-1", "to_zone": "b", "order_purpose": "work", **times}


def passages(gallery: str) -> Mapping[str, Any]:
    decided = {"direction": "in", "decided_at": "2026-03-04T06:30:00Z", "decision": "stop", "ground": "unknown_person"}
    return {"passages": [{"passage": "1", "post": f"{gallery}-post", **decided}]}


def manual_check(gallery: str) -> Mapping[str, Any]:
    at_post = {"post": f"{gallery}-post", "direction": "in"}
    return {"subject": f"{gallery}-1", "gallery": gallery, "reason": "bandaged", **at_post}


def release(gallery: str) -> Mapping[str, Any]:
    return {"kind": "release", "subject": f"{gallery}-1", "gallery": gallery, "legal_basis": "s. 12"}


def nothing(_: str) -> Mapping[str, Any]:
    return {}


def images_alone(_: str) -> Mapping[str, Any]:
    return {"images": [IMAGE]}


def agreement_terms(gallery: str) -> Terms:
    circle = Circle(frozenset({GalleryId(gallery)}))
    return terms(circle=circle, purpose=PURPOSE, two_person_review=True)


def new_agreement(gallery: str) -> Mapping[str, Any]:
    said = json.loads(pack_terms(agreement_terms(gallery)))
    circle = said.pop("circle")
    return {"name": f"new-{gallery}", "terms": {**said, **circle}}


def disclosed(gallery: str) -> Mapping[str, Any]:
    return {"agreement": AGREEMENTS[gallery], "subject": f"{gallery}-1"}


def asked(gallery: str) -> Mapping[str, Any]:
    return {"request": "r-1", "kind": "search", "gallery": gallery, "images": [IMAGE]}


def asked_by_transaction(gallery: str) -> Mapping[str, Any]:
    return {"request": "r-2", "kind": "search", "gallery": gallery, "data": "AAAA"}


def new_intake(gallery: str) -> Mapping[str, Any]:
    return {"subject": "new", "name": "Nobody", "galleries": [gallery]}


def capture(_: str) -> Mapping[str, Any]:
    return {"image": IMAGE, "place": "right_thumb"}


ENCOUNTERS = "/subjects/{subject}/encounters"
SUBSCRIPTION = "/subscriptions/{subscription}"
INTO_ITSELF = 400
FURTHER_SCOPE, EVERYWHERE = 403, 403  # it also needs another scope, or a key for every gallery
DEVICES_ALONE = 403  # a key reports nothing that was decided offline
NO_MODEL = 400  # a service without models says so to whoever is let in
MATRIX = (
    Operation("POST", "/identifications", Scope.IDENTIFY, NO_MODEL, 403, images()),
    Operation("POST", "/verifications", Scope.VERIFY, NO_MODEL, 403, images(subject="ours-1")),
    Operation("POST", "/comparisons", Scope.VERIFY, 200, 403, comparison),
    Operation("POST", "/identifications-among", Scope.IDENTIFY, NO_MODEL, 403, images(subjects=["ours-1"])),
    Operation("POST", "/identification-batches", Scope.IDENTIFY, 200, 403, batch),
    Operation("POST", "/enrolments", Scope.ENCOUNTER_WRITE, NO_MODEL, 403, enrolment),
    Operation("POST", "/movement-checks", Scope.MOVEMENT, NO_MODEL, 403, images(checkpoint="gate", direction="in")),
    Operation("POST", "/movement-reports", Scope.MOVEMENT, 201, 403, report),
    Operation("GET", "/subjects", Scope.GALLERY_READ, 200, 403, query=in_gallery),
    Operation("GET", "/subjects/{subject}", Scope.ENCOUNTER_READ, 200, 404),
    Operation("DELETE", "/subjects/{subject}", Scope.ENCOUNTER_WRITE, 200, 404, person=2),
    Operation("POST", "/subjects/{subject}/merge", Scope.ENCOUNTER_WRITE, INTO_ITSELF, 404, into("into")),
    Operation("POST", "/subjects/{subject}/unmerge", Scope.ENCOUNTER_WRITE, 409, 404, lambda _: {}),
    Operation("GET", f"{ENCOUNTERS}", Scope.ENCOUNTER_READ, 200, 404),
    Operation("POST", f"{ENCOUNTERS}", Scope.ENCOUNTER_WRITE, NO_MODEL, 403, further_encounter),
    Operation("GET", f"{ENCOUNTERS}/{{encounter}}", Scope.ENCOUNTER_READ, 200, 404),
    Operation("DELETE", f"{ENCOUNTERS}/{{encounter}}", Scope.ENCOUNTER_WRITE, 200, 404, person=2),
    Operation("POST", f"{ENCOUNTERS}/{{encounter}}/move", Scope.ENCOUNTER_WRITE, INTO_ITSELF, 404, into("to")),
    Operation("POST", f"{ENCOUNTERS}/{{encounter}}/consent-withdrawals", Scope.ENCOUNTER_WRITE, 400, 404, withdrawal),
    Operation("PUT", f"{ENCOUNTERS}/{{encounter}}/status", Scope.ENCOUNTER_WRITE, 200, 404, gone),
    Operation("PUT", f"{ENCOUNTERS}/{{encounter}}/galleries", Scope.ENCOUNTER_WRITE, 200, 403, in_galleries),
    Operation("GET", "/subjects/{subject}/portrait", Scope.ENCOUNTER_READ, 204, 404),
    Operation("GET", "/subjects/{subject}/cards", Scope.ENCOUNTER_READ, 200, 404),
    Operation("POST", "/subjects/{subject}/cards", Scope.ENCOUNTER_WRITE, 201, 404, lambda _: {}),
    Operation("DELETE", "/subjects/{subject}/cards/{card}", Scope.ENCOUNTER_WRITE, 204, 404),
    Operation("POST", "/cards/resolve", Scope.VERIFY, 200, 404, lambda gallery: {"code": CODES[gallery]}),
    Operation("GET", "/intakes", Scope.ENCOUNTER_WRITE, 200, 200),
    Operation("POST", "/intakes", Scope.ENCOUNTER_WRITE, 201, 403, new_intake),
    Operation("GET", "/intakes/{intake}", Scope.ENCOUNTER_WRITE, 200, 404),
    Operation("DELETE", "/intakes/{intake}", Scope.ENCOUNTER_WRITE, 204, 404),
    Operation("POST", "/intakes/{intake}/captures", Scope.ENCOUNTER_WRITE, NO_MODEL, 404, capture),
    Operation("GET", "/intakes/{intake}/captures/{place}", Scope.ENCOUNTER_WRITE, 400, 404),
    Operation("DELETE", "/intakes/{intake}/captures/{place}", Scope.ENCOUNTER_WRITE, 400, 404),
    Operation("PUT", "/intakes/{intake}/exceptions", Scope.ENCOUNTER_WRITE, 200, 404, lambda _: {"exceptions": []}),
    Operation("POST", "/intakes/{intake}/search", Scope.ENCOUNTER_WRITE, 400, 404, lambda _: {}),
    Operation("POST", "/intakes/{intake}/completion", Scope.ENCOUNTER_WRITE, 400, 404, lambda _: {}),
    Operation("GET", "/galleries", Scope.GALLERY_READ, 200, 200),
    Operation("POST", "/galleries", Scope.GALLERY_WRITE, 409, 403, lambda gallery: {"gallery": gallery}),
    Operation("DELETE", "/galleries/{gallery}", Scope.GALLERY_WRITE, 409, 403),
    Operation("GET", "/adjudications", Scope.ADJUDICATE, 200, 200),
    Operation("GET", "/adjudications/{case}", Scope.ADJUDICATE, 200, 404),
    Operation("GET", "/adjudications/{case}/images", Scope.ADJUDICATE, 200, 404),
    Operation("POST", "/adjudications/{case}/reviews", Scope.ADJUDICATE, 201, 404, lambda _: {"verdict": "unsure"}),
    Operation("POST", "/adjudications/{case}/merge", Scope.ENCOUNTER_WRITE, 409, 404, lambda _: {}),
    Operation("GET", "/zones", Scope.PLACE_READ, 200, 200),
    Operation("PUT", "/zones/{zone}", Scope.PLACE_WRITE, 200, 200, zone),
    Operation("DELETE", "/zones/{zone}", Scope.PLACE_WRITE, 200, 200),
    Operation("GET", "/posts", Scope.PLACE_READ, 200, 200),
    Operation("PUT", "/posts/{post}", Scope.PLACE_WRITE, 200, 403, post),
    Operation("DELETE", "/posts/{post}", Scope.PLACE_WRITE, 200, 404),
    Operation("GET", "/movement-orders", Scope.WHEREABOUTS_READ, 200, 403, query=in_gallery),
    Operation("POST", "/movement-orders", Scope.ORDER_WRITE, 201, 403, order),
    Operation("GET", "/movement-orders/{order}", Scope.WHEREABOUTS_READ, 200, 404),
    Operation("DELETE", "/movement-orders/{order}", Scope.ORDER_WRITE, 200, 404),
    Operation("POST", "/passages", Scope.MOVEMENT, DEVICES_ALONE, DEVICES_ALONE, passages),
    Operation("GET", "/whereabouts", Scope.WHEREABOUTS_READ, 200, 403, query=in_gallery),
    Operation("GET", "/whereabouts/{subject}", Scope.WHEREABOUTS_READ, 200, 404),
    Operation("POST", "/whereabouts/{subject}/placement", Scope.MOVEMENT, 404, 404, lambda _: {"zone": "none"}),
    Operation("GET", "/manual-checks", Scope.MANUAL_CHECK, 200, 200),
    Operation("POST", "/manual-checks", Scope.MANUAL_CHECK, 201, 403, manual_check),
    Operation("POST", "/manual-checks/{check}/confirmation", Scope.MANUAL_CHECK, 200, 404, nothing),
    Operation("GET", "/musters", Scope.MUSTER, 200, 200),
    Operation("POST", "/musters", Scope.MUSTER, 409, 403, in_galleries),
    Operation("GET", "/musters/{muster}", Scope.MUSTER, 200, 404),
    Operation("GET", "/musters/{muster}/people", Scope.MUSTER, 200, 404),
    Operation("POST", "/musters/{muster}/checks", Scope.MUSTER, NO_MODEL, 404, images_alone),
    Operation("POST", "/musters/{muster}/closing", Scope.MUSTER, 200, 404, nothing),
    Operation("GET", "/musters/{muster}/report", Scope.MUSTER, 409, 404),
    Operation("GET", "/musters/{muster}/report.csv", Scope.MUSTER, 409, 404),
    Operation("GET", "/musters/{muster}/report.pdf", Scope.MUSTER, 409, 404),
    Operation("GET", "/releases", Scope.RELEASE, 200, 200),
    Operation("POST", "/releases", Scope.RELEASE, 409, 403, release),
    Operation("GET", "/releases/{release}", Scope.RELEASE, 200, 404),
    Operation("POST", "/releases/{release}/checks", Scope.RELEASE, NO_MODEL, 404, images_alone),
    Operation("POST", "/releases/{release}/confirmations", Scope.RELEASE, 409, 404, nothing),
    Operation("POST", "/releases/{release}/cancellation", Scope.RELEASE, 200, 404, nothing),
    Operation("GET", "/visits", Scope.VISIT, 200, 200),
    Operation("POST", "/visits", Scope.VISIT, 400, 403, images()),
    Operation("GET", "/visits/{visit}", Scope.VISIT, 200, 404),
    Operation("POST", "/visits/{visit}/leaving", Scope.VISIT, NO_MODEL, 404, images_alone),
    Operation("POST", "/transactions", Scope.TRANSACTION_WRITE, FURTHER_SCOPE, 403, transaction),
    Operation("POST", "/transactions/exports", Scope.TRANSACTION_READ, FURTHER_SCOPE, 403, export),
    Operation("GET", "/transactions/held", Scope.TRANSACTION_READ, EVERYWHERE, 403),
    Operation("GET", "/transactions/held/{held}", Scope.TRANSACTION_READ, EVERYWHERE, 403),
    Operation("POST", "/transactions/held/{held}/retry", Scope.TRANSACTION_WRITE, EVERYWHERE, 403, in_galleries),
    Operation("POST", "/transactions/held/{held}/release", Scope.TRANSACTION_WRITE, EVERYWHERE, 403, lambda _: {}),
    Operation("GET", "/latents", Scope.TRANSACTION_READ, EVERYWHERE, 403),
    Operation("GET", "/latents/{latent}/image", Scope.LATENT_MARK, EVERYWHERE, 403),
    Operation("POST", "/latents/{latent}/mark", Scope.LATENT_MARK, EVERYWHERE, 403, lambda _: {}),
    Operation("POST", "/latents/{latent}/search", Scope.IDENTIFY, EVERYWHERE, 403, in_gallery),
    Operation("DELETE", "/latents/{latent}", Scope.TRANSACTION_WRITE, EVERYWHERE, 403),
    Operation("POST", "/agreements", Scope.SHARING_APPROVE, 201, 403, new_agreement),
    Operation("GET", "/agreements", Scope.SHARING_APPROVE, 200, 200),
    Operation("GET", "/agreements/{agreement}", Scope.SHARING_APPROVE, 200, 404),
    Operation("POST", "/agreements/{agreement}/signatures", Scope.SHARING_APPROVE, 201, 404, lambda _: {}),
    Operation("POST", "/agreements/{agreement}/withdrawal", Scope.SHARING_APPROVE, 200, 404, lambda _: {}),
    Operation("POST", "/disclosures", Scope.SHARING_APPROVE, 201, 404, disclosed),
    Operation("GET", "/disclosures", Scope.SHARING_APPROVE, 200, 200),
    Operation("GET", "/disclosures/waiting", Scope.SHARING, 200, 200),
    Operation("GET", "/disclosures/{disclosure}", Scope.SHARING, 404, 404),
    Operation("POST", "/disclosures/{disclosure}/receipt", Scope.SHARING, 404, 404, lambda _: {"receipt": "none"}),
    Operation("GET", "/disclosures/{disclosure}/draft", Scope.SHARING_APPROVE, 200, 404),
    Operation("GET", "/disclosures/{disclosure}/progress", Scope.SHARING_APPROVE, 200, 404),
    Operation("POST", "/disclosures/{disclosure}/approvals", Scope.SHARING_APPROVE, 201, 404, lambda _: {}),
    Operation("POST", "/disclosures/{disclosure}/refusal", Scope.SHARING_APPROVE, 200, 404, lambda _: {"note": "no"}),
    Operation("POST", "/disclosures/{disclosure}/recall", Scope.SHARING_APPROVE, 200, 404, lambda _: {"note": "no"}),
    Operation("POST", "/disclosures/{disclosure}/redelivery", Scope.SHARING_APPROVE, 409, 404, lambda _: {}),
    Operation("GET", "/subjects/{subject}/disclosures", Scope.ENCOUNTER_READ, 200, 200),
    Operation("GET", "/subjects/{subject}/disclosures.pdf", Scope.ENCOUNTER_READ, 200, 404),
    Operation("POST", "/received-disclosures", Scope.SHARING, 400, 400),
    Operation("GET", "/received-disclosures", Scope.SHARING_APPROVE, 200, 200),
    Operation("GET", "/received-disclosures/{agency}/{disclosure}", Scope.SHARING_APPROVE, 404, 404),
    Operation("GET", "/manifests/{day}", Scope.SHARING, 400, 400),
    Operation(
        "POST", "/reconciliations", Scope.SHARING_APPROVE, 404, 404, lambda _: {"agency": "none", "day": "2026-11-29"}
    ),
    Operation("POST", "/agency-requests", Scope.SHARING, 403, 403, asked),
    Operation("POST", "/agency-requests/transactions", Scope.SHARING, 403, 403, asked_by_transaction),
    Operation("GET", "/agency-requests", Scope.SHARING, 200, 200),
    Operation("GET", "/agency-requests/queue", Scope.SHARING_APPROVE, 200, 200),
    Operation("GET", "/agency-requests/queue/{request_id}", Scope.SHARING_APPROVE, 404, 404),
    Operation("GET", "/agency-requests/{request_id}", Scope.SHARING, 404, 404),
    Operation("GET", "/statistics", Scope.STATISTICS_READ, 200, 200),
    Operation("GET", "/statistics/dictionary", Scope.STATISTICS_READ, 200, 200),
    Operation("GET", "/statistics/{month}", Scope.STATISTICS_READ, 404, 404),
    Operation("POST", "/statistics/{month}", Scope.STATISTICS_WRITE, 409, 409, lambda _: {}),
    Operation("GET", "/devices", Scope.DEVICE_READ, 200, 200),
    Operation("POST", "/devices", Scope.DEVICE_WRITE, 400, 403, new_device),
    Operation("DELETE", "/devices/{device_id}", Scope.DEVICE_WRITE, 200, 404),
    Operation("GET", "/subscriptions", Scope.SUBSCRIPTION_READ, 200, 200),
    Operation("POST", "/subscriptions", Scope.SUBSCRIPTION_WRITE, 400, 403, new_subscription),
    Operation("POST", f"{SUBSCRIPTION}/rotation", Scope.SUBSCRIPTION_WRITE, 200, 404, lambda _: {}),
    Operation("POST", f"{SUBSCRIPTION}/pause", Scope.SUBSCRIPTION_WRITE, 200, 404, lambda _: {}),
    Operation("POST", f"{SUBSCRIPTION}/resume", Scope.SUBSCRIPTION_WRITE, 200, 404, lambda _: {}),
    Operation("POST", f"{SUBSCRIPTION}/replay", Scope.SUBSCRIPTION_WRITE, 200, 404, lambda _: {"after": 0}),
    Operation("GET", f"{SUBSCRIPTION}/dead-letters", Scope.SUBSCRIPTION_READ, 200, 404),
    Operation("DELETE", SUBSCRIPTION, Scope.SUBSCRIPTION_WRITE, 204, 404),
    Operation("GET", "/audit-events", Scope.AUDIT_READ, 403, 403),
    Operation("GET", "/audit-events/verification", Scope.AUDIT_READ, 403, 403),
    Operation("GET", "/drift", Scope.AUDIT_READ, 403, 403),
    Operation("GET", "/seeded-samples", Scope.IDENTIFY, 200, 200),
    Operation("GET", "/seeded-samples/{name}", Scope.IDENTIFY, 400, 400),
)

operations = pytest.mark.parametrize("operation", MATRIX, ids=str)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"), sharing_seconds=0)) as service:
        for gallery in (OURS, FOREIGN):
            service.gallery(gallery)
        yield service


def day_of(day: DayStores, gallery: str) -> dict[str, str]:
    """A post, an order, a manual check, a muster, a release and a visit of the gallery, each anew."""
    done, person, now = event(EventKind.PLACES_READ), SubjectId(f"{gallery}-1"), datetime.now(UTC)
    end_day(day, gallery)
    for name in ("a", "b", f"{gallery}-zone"):
        day.places.set_zone(Zone(ZoneId(name), name), done)
    kept = Post(PostId(f"{gallery}-post"), "Post", ZoneId("a"), ZoneId("b"), GalleryId(gallery))
    day.places.set_post(kept, done)
    ids = {name: uuid4().hex for name in ("order", "check", "muster", "release", "visit")}
    until, here = now + timedelta(hours=1), GalleryId(gallery)
    wanted = NewOrder(ids["order"], here, person, None, None, ZoneId("b"), now, until, OrderPurpose.WORK)
    day.orders.issue(wanted, done)
    check = NewManualCheck(ids["check"], person, here, "bandaged", until, kept.id, Movement.IN)
    day.manual_checks.open(check, done)
    day.musters.start(NewMuster(ids["muster"], frozenset({here}), frozenset(), Shown.FACE), lambda _: None, done)
    day.releases.open(NewRelease(ids["release"], ReleaseKind.RELEASE, person, here, "s. 12", "", until), done)
    day.visits.open(NewVisit(ids["visit"], person, here), done)
    return {**ids, "post": kept.id, "zone": f"{gallery}-zone"}


def make_active(service: LiveService, subject: str) -> None:
    """Whoever was released before is back."""
    if service.service.store.subject(SubjectId(subject)).status is not EncounterStatus.ACTIVE:
        key = EncounterKey(SubjectId(subject), EncounterId("first"))
        done = event(EventKind.STATUS_CHANGED)
        service.service.walk.encounters.set_status(key, EncounterStatus.ACTIVE, done)


def still_there(day: DayStores, gallery: str) -> bool:
    """Whether nothing of the day was used up."""
    ids = DAY.get(gallery)
    if ids is None:
        return False
    try:
        return (
            day.orders.order(ids["order"]).cancelled_at is None
            and day.manual_checks.check(ids["check"]).confirmed_at is None
            and day.musters.muster(ids["muster"]).is_open
            and day.releases.release(ids["release"]).ended_at is None
            and day.visits.visit(ids["visit"]).left_at is None
            and day.places.post(PostId(ids["post"])).gallery == gallery
            and ids["zone"] in {each.id for each in day.places.zones()}
        )
    except BiometricServiceError:
        return False


def end_day(day: DayStores, gallery: str) -> None:
    done = event(EventKind.PLACES_READ)
    for muster in day.musters.musters(0, 50):
        if muster.is_open and gallery in muster.galleries:
            day.musters.close(muster.id, done, lambda *_: {})
    for release in day.releases.releases(0, 50, ended=False):
        if release.gallery == gallery:
            day.releases.cancel(release.id, done)
    for visit in day.visits.visits(0, 50, left=False):
        if visit.gallery == gallery:
            day.visits.leave(visit.id, done)


def opened_intake(service: LiveService, gallery: str) -> str:
    now, person = datetime.now(UTC), IntakePerson(SubjectId("new"), "Nobody")
    reach = frozenset({GalleryId(gallery)})
    intake = Intake(uuid4().hex, IntakeState.OPEN, reach, "test", now, now + timedelta(hours=1), person)
    service.service.intakes.open(intake, event(EventKind.INTAKE_OPENED))
    return intake.id


def furnish(service: LiveService) -> None:
    """Two subjects in each gallery, whoever was erased before, and all that there is about the first."""
    there = {str(summary.subject) for summary in service.service.store.subjects(ALL_GALLERIES, None, 10)}
    for gallery in (OURS, FOREIGN):
        for name in {f"{gallery}-1", f"{gallery}-2"} - there:
            service.subject(name, gallery)
        SUBSCRIPTIONS[gallery] = subscribed(service, gallery)
        DEVICES[gallery] = service.device(gallery).id
        CASES[gallery] = service.service.walk.cases.open(
            new_case(f"{gallery}-1", gallery), event(EventKind.CASE_OPENED)
        )
        make_active(service, f"{gallery}-1")
        if not still_there(service.service.day, gallery):
            DAY[gallery] = day_of(service.service.day, gallery)
        share(service, gallery)
        INTAKES[gallery] = opened_intake(service, gallery)
        card = service.service.cards.issue(
            SubjectId(f"{gallery}-1"), datetime.now(UTC) + timedelta(days=1), event(EventKind.CARD_ISSUED)
        )
        CARDS[gallery], CODES[gallery] = card.id, card.code


@pytest.fixture
def live(service: LiveService) -> Iterator[LiveService]:
    """Furnished for this test, which may use up what it likes."""
    furnish(service)
    yield service
    DEVICES.clear()


@pytest.fixture
def standing(service: LiveService) -> LiveService:
    """Furnished, for tests that leave everything as it is."""
    if not DEVICES:
        furnish(service)
    return service


@pytest.fixture(scope="module")
def by_scope(service: LiveService) -> Mapping[Scope, httpx.Client]:
    """Somebody for each scope, who has no other."""
    return {scope: service.client(service.key(frozenset({scope}), frozenset({OURS}), NO_PURPOSE)) for scope in Scope}


def share(service: LiveService, gallery: str) -> None:
    """An agreement in force, and somebody who is to be shared under it, unless they are there still."""
    sharing = service.service.sharing
    waiting = [each.id for each in sharing.disclosures.listed(0, 1000, DisclosureState.AWAITING_REVIEW)]
    if DISCLOSURES.get(gallery) not in waiting:
        AGREEMENTS[gallery] = agreed(sharing, agreement_terms(gallery), gallery).id
        DISCLOSURES[gallery] = disclose(sharing, AGREEMENTS[gallery], SubjectId(f"{gallery}-1"), CLERK).id


@dataclass(frozen=True)
class Route:
    """A route as the application has it, with the rule that it is to follow."""

    method: str
    path: str
    scope: Scope | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def call(self, client: httpx.Client) -> httpx.Response:
        """Asks for nothing sensible: whether somebody may ask at all comes first."""
        return client.request(self.method, self.path.replace("{", "").replace("}", ""), params={"purpose": PURPOSE})


RULES: Mapping[tuple[str, str], Scope | None] = {
    ("GET", "/metrics"): Scope.METRICS_READ,
    ("GET", f"{OPERATIONS}/events"): Scope.EVENTS_READ,
    ("GET", f"{OPERATIONS}/api-key"): None,  # open to whoever is known
    ("POST", f"{OPERATIONS}/device-standings"): None,  # open to whoever signs as a device, even a revoked one
    ("POST", f"{OPERATIONS}/gallery-slices"): Scope.SLICE_READ,
    ("POST", f"{OPERATIONS}/challenges"): Scope.VERIFY,
    ("POST", f"{OPERATIONS}/challenge-answers"): Scope.VERIFY,
    **{(operation.method, OPERATIONS + operation.path): operation.scope for operation in MATRIX},
    **{(each.method, f"/v1{each.path}"): each.scope for each in contract.OPERATIONS},  # as OSIA's own file has them
}
OPEN = {"/healthz", "/readyz", "/openapi.json"} | {path for path, _ in console_routes()}
"""What needs no caller: health and the description. Who may open which page is tested with the pages."""
ROUTES = tuple(Route(method, path, scope) for (method, path), scope in RULES.items())


def every_route(router: Any) -> Iterator[starlette.routing.Route]:  # noqa: ANN401 - an application or a router within
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from every_route(route.original_router)
        elif isinstance(route, starlette.routing.Route):
            yield route


def routes_of(router: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - an application or a router within it
    """Every method and path, described or hidden."""
    for route in every_route(router):
        yield from ((method, route.path_format) for method in (route.methods or set()) - {"HEAD"})


def test_every_route_of_the_application_has_a_rule(service: LiveService) -> None:
    application = build_application(service.service)
    described = {
        (method.upper(), path) for path, methods in application.openapi()["paths"].items() for method in methods
    }
    there = described | set(routes_of(application))
    assert {(method, path) for method, path in there if path not in OPEN} == set(RULES)


ASKED_ANEW = {
    *("identifications", "verifications", "comparisons", "identifications-among", "identification-batches"),
    *("movement-checks", "passages", "gallery-slices", "device-standings"),
}
"""What changes nothing but the log, is made once under an id of its own, or says how things stand."""


def test_every_write_is_made_once_under_a_key(service: LiveService) -> None:
    routes = list(every_route(build_application(service.service)))
    writes = [each for each in routes if each.path.startswith(OPERATIONS) and "GET" not in (each.methods or ())]
    anew = {each.path.removeprefix(f"{OPERATIONS}/") for each in writes if not isinstance(each, OnceRoute)}
    assert anew == ASKED_ANEW
    assert len(writes) > 50


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_role_is_let_in_where_its_scope_says_and_nowhere_else(
    service: LiveService, by_scope: Mapping[Scope, httpx.Client], route: Route
) -> None:
    assert route.call(service.client()).status_code in {401, 403}  # OSIA knows no 401
    for scope, client in by_scope.items():
        answer = route.call(client)
        lacking = answer.status_code == 403 and f"lacks the scope {route.scope}" in answer.text
        assert lacking == (route.scope is not None and route.scope is not scope), (scope, answer.text)


IN_A_GALLERY = tuple(route for route in ROUTES if "{galleryId}" in route.path)


@pytest.mark.parametrize("route", IN_A_GALLERY, ids=str)
def test_a_foreign_gallery_of_osia_is_out_of_reach(live: LiveService, route: Route) -> None:
    client = live.client(live.key(galleries=frozenset({OURS})))
    path = route.path.replace("{galleryId}", FOREIGN).replace("{personId}", "foreign-1").replace("{encounterId}", "E")
    searched: dict[str, Any] = {"biometricData": []} if "verify" in path else {"biometricData": [], "filter": {}}
    body = searched if route.method == "POST" else None
    answer = client.request(route.method, path, params={"transactionId": "T"}, json=body)
    assert (answer.status_code, FOREIGN in answer.text) == (403, True), answer.text
    assert live.last_event().kind is EventKind.ACCESS_REFUSED


@operations
def test_nobody_gets_in_without_a_valid_key(standing: LiveService, operation: Operation) -> None:
    revoked = standing.key()
    standing.service.api_keys.revoke(revoked.split(".")[0], standing.last_event())
    for key in (None, "nonsense", "a.b", standing.key() + "x", revoked):
        answer = operation.call(standing.client(key))
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert standing.last_event().kind is EventKind.ACCESS_REFUSED


@operations
def test_the_scope_and_no_other_lets_in(live: LiveService, operation: Operation) -> None:
    key = live.key(frozenset(Scope) - {operation.scope}, frozenset({OURS}), frozenset({PURPOSE}))
    refused = operation.call(live.client(key))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_authorised")
    assert operation.scope.value in refused.json()["detail"]
    assert live.last_event().kind is EventKind.ACCESS_REFUSED
    admitted = operation.call(
        live.client(live.key(frozenset({operation.scope}), frozenset({OURS}), frozenset({PURPOSE})))
    )
    assert admitted.status_code == operation.admitted, admitted.text


@operations
def test_a_foreign_gallery_is_out_of_reach(standing: LiveService, operation: Operation) -> None:
    key = standing.key(frozenset({operation.scope}), frozenset({OURS}))
    answer = operation.call(standing.client(key), FOREIGN)
    assert answer.status_code == operation.foreign, answer.text
    if operation.foreign != 404:  # where the existence of somebody is no secret
        assert FOREIGN + "-1" not in answer.text
    assert FOREIGN not in standing.client(key).get(f"{OPERATIONS}/api-key").text


@operations
def test_another_purpose_is_refused(standing: LiveService, operation: Operation) -> None:
    key = standing.key(frozenset({operation.scope}), purposes=frozenset({PURPOSE}))
    answer = operation.call(standing.client(key), purpose="curiosity")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_authorised")
    refusal = standing.last_event()
    assert (refusal.kind, refusal.caller.purpose) == (EventKind.ACCESS_REFUSED, "curiosity")


def test_everywhere_needs_a_key_for_everywhere(live: LiveService) -> None:
    body = {"purpose": PURPOSE, "images": [IMAGE], "gallery": "ALL"}
    here = live.client(live.key(galleries=frozenset({OURS})))
    everywhere = live.client(live.key())
    assert here.post(f"{OPERATIONS}/identifications", json=body).status_code == 403
    assert everywhere.post(f"{OPERATIONS}/identifications", json=body).status_code == NO_MODEL


def test_an_auditor_of_all_galleries_reads_the_log(live: LiveService) -> None:
    auditor = live.client(live.key(frozenset({Scope.AUDIT_READ})))
    page = auditor.get(f"{OPERATIONS}/audit-events", params={"purpose": "audit", "limit": 2}).json()
    assert [event["number"] for event in page["events"]] == [1, 2]
    assert page["next"] == 2
    chain = auditor.get(f"{OPERATIONS}/audit-events/verification", params={"purpose": "audit"}).json()
    assert chain["intact"]
    assert chain["events"] >= 5


@pytest.mark.parametrize(
    ("method", "path", "claim"),
    [
        ("GET", "/subjects/{subject}", None),
        ("DELETE", "/subjects/{subject}", None),
        ("POST", "/verifications", "subject"),
        ("POST", "/movement-checks", "claimed"),
    ],
)
def test_the_subject_of_a_foreign_gallery_reads_like_nobody(
    live: LiveService, method: str, path: str, claim: str | None
) -> None:
    client = live.client(live.key(galleries=frozenset({OURS})))
    at_gate = {"checkpoint": "gate", "direction": "in"} if claim == "claimed" else {}

    def problem(subject: str) -> dict[str, object]:
        body = {"purpose": PURPOSE, "images": [IMAGE], "gallery": OURS, **at_gate, claim: subject} if claim else None
        url = OPERATIONS + path.replace("{subject}", subject)
        answer = client.request(method, url, json=body, params=None if body else {"purpose": PURPOSE})
        assert (answer.status_code, answer.json()["code"]) == (404, "subject_unknown")
        return {name: str(value).replace(subject, "X") for name, value in answer.json().items() if name != "request_id"}

    assert problem("foreign-1") == problem("nobody")


def test_a_subject_of_two_galleries_shows_only_ours_and_is_erased_only_by_who_reaches_both(live: LiveService) -> None:
    live.subject("shared", OURS, FOREIGN)
    here, everywhere = live.client(live.key(galleries=frozenset({OURS}))), live.client(live.key())
    path = f"{OPERATIONS}/subjects/shared?purpose=x"
    assert here.get(path).json()["galleries"] == [OURS]
    assert here.delete(path).status_code == 403
    assert everywhere.delete(path).status_code == 200
    assert everywhere.get(path).status_code == 404


def test_an_encounter_of_a_foreign_gallery_is_read_by_nobody_else(live: LiveService) -> None:
    guarded, key = SubjectId("guarded"), EncounterKey(SubjectId("guarded"), EncounterId("secret"))
    live.subject(guarded, OURS)
    face = enrolled_sample(random_embedding(np.random.default_rng(1)), png(np.zeros((40, 30), np.uint8), None))
    told = Circumstances(biographic={"name": "WITNESS-X"}, legal_basis="s. 99")
    secret = Encounter(guarded, key.encounter, frozenset({GalleryId(FOREIGN)}), datetime.now(UTC), (face,), (), told)
    live.service.store.add_encounter(secret, event(EventKind.ENCOUNTER_ADDED))
    here, everywhere = (live.key(galleries=frozenset({gallery})) for gallery in (OURS, ALL_GALLERIES))

    def read(key: str, path: str) -> httpx.Response:
        return live.client(key).get(f"{OPERATIONS}/subjects/guarded/{path}", params={"purpose": PURPOSE})

    def ids(key: str) -> list[str]:
        return [each["encounter"] for each in read(key, "encounters").json()["encounters"]]

    assert (ids(here), ids(everywhere)) == (["first"], ["first", "secret"])
    problem, nothing_there = read(here, "encounters/secret").json(), read(here, "encounters/second").json()
    assert (problem["code"], nothing_there["code"]) == ("encounter_unknown", "encounter_unknown")
    assert problem["detail"].replace("secret", "second") == nothing_there["detail"]
    assert read(everywhere, "encounters/secret").json()["biographic"] == {"name": "WITNESS-X"}
    assert [read(each, "portrait").status_code for each in (here, everywhere)] == [204, 200]
    pages = {each: signed_in(live, each) for each in (here, everywhere)}
    assert [pages[each].get("/people/guarded/photograph").status_code for each in pages] == [404, 200]
    assert ["WITNESS-X" in pages[each].get("/subjects/guarded").text for each in pages] == [False, True]
    live.service.store.erase(guarded, event(EventKind.SUBJECT_ERASED))


def test_encounters_of_foreign_galleries_are_neither_counted_nor_told_of_otherwise(live: LiveService) -> None:
    live.subject("moved", FOREIGN)
    at = datetime(2031, 5, 6, tzinfo=UTC)
    left = Circumstances(status=EncounterStatus.INACTIVE)
    ours = Encounter(SubjectId("moved"), EncounterId("ours"), frozenset({GalleryId(OURS)}), at, (), (), left)
    live.service.store.add_encounter(ours, event(EventKind.ENCOUNTER_ADDED))
    here, everywhere = (live.key(galleries=frozenset({gallery})) for gallery in (OURS, ALL_GALLERIES))

    def told(key: str, path: str, **more: str) -> dict[str, Any]:
        params = {"purpose": PURPOSE, **more}
        answer: dict[str, Any] = live.client(key).get(f"{OPERATIONS}/subjects{path}", params=params).json()
        return answer

    def counted(key: str) -> str:
        page = signed_in(live, key).get("/subjects", params={"gallery": OURS}).text
        return re.findall(r">moved<.*?<td class=\"number\">(\d+)</td>", page)[0]

    assert [told(each, "/moved")["encounters"] for each in (here, everywhere)] == [1, 2]
    assert [told(each, "/moved")["status"] for each in (here, everywhere)] == ["inactive", "active"]
    assert datetime.fromisoformat(told(here, "/moved")["enrolled_at"]) == at
    assert datetime.fromisoformat(told(everywhere, "/moved")["enrolled_at"]) < at
    listed = [told(each, "", gallery=OURS, after="move")["subjects"][0] for each in (here, everywhere)]
    assert [(each["subject"], each["encounters"]) for each in listed] == [("moved", 1), ("moved", 2)]
    assert [counted(each) for each in (here, everywhere)] == ["1", "2"]
    live.service.store.erase(SubjectId("moved"), event(EventKind.SUBJECT_ERASED))


def test_an_explanation_needs_its_own_scope(live: LiveService) -> None:
    body = {"purpose": PURPOSE, "images": [IMAGE], "gallery": OURS, "explain": True}
    without = live.client(live.key(frozenset({Scope.IDENTIFY})))
    answer = without.post(f"{OPERATIONS}/identifications", json=body)
    assert answer.status_code == 403
    assert Scope.ENCOUNTER_READ.value in answer.json()["detail"]


def test_a_key_in_either_header_will_do(live: LiveService) -> None:
    answer = live.client().get(f"{OPERATIONS}/api-key", headers={"X-Api-Key": live.key()})
    assert answer.status_code == 200
    assert answer.json()["galleries"] == ["ALL"]


def test_the_key_is_asked_for_before_the_body_is_read(live: LiveService) -> None:
    garbage = live.client().post(f"{OPERATIONS}/identifications", content=b"\0" * 1000)
    assert garbage.status_code == 401
