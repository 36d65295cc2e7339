"""Every operation by scope, foreign gallery and wrong purpose: who gets in, and what the audit log says of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import starlette.routing

from biometric_service.api.osia import contract
from biometric_service.app.serving import build_application
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES
from tests.adjudication import new_case
from tests.live_service import OPERATIONS, LiveService, event, live_service, without_models

OURS, FOREIGN = "ours", "foreign"
PURPOSE = "roll-call"
DEVICES: dict[str, str] = {}
"""The device that is registered in a gallery just now."""
CASES: dict[str, str] = {}
"""The case that is open in a gallery just now."""
IMAGE = {"modality": "fingerprint", "data": "iVBORw0KGgo="}


@dataclass(frozen=True)
class Operation:
    """One operation: what it is called with in a gallery, and what an admitted caller gets.

    ``foreign``: what a caller gets who asks for something in a gallery beyond the key's reach.
    """

    method: str
    path: str
    scope: Scope
    admitted: int
    foreign: int
    body: Callable[[str], Mapping[str, Any]] | None = None
    query: Callable[[str], Mapping[str, str]] = field(default=lambda _: {})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def call(self, client: httpx.Client, gallery: str = OURS, purpose: str = PURPOSE) -> httpx.Response:
        names = {
            "subject": f"{gallery}-1",
            "encounter": "first",
            "name": "none.png",
            "gallery": gallery,
            "device_id": DEVICES[gallery],
            "case": CASES[gallery],
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


def in_gallery(gallery: str) -> Mapping[str, str]:
    return {"gallery": gallery}


def into(field: str) -> Callable[[str], Mapping[str, Any]]:
    return lambda gallery: {field: f"{gallery}-1"}


def released(_: str) -> Mapping[str, Any]:
    return {"status": "released"}


def withdrawal(_: str) -> Mapping[str, Any]:
    return {"consent": "research"}


def in_galleries(gallery: str) -> Mapping[str, Any]:
    return {"galleries": [gallery]}


def further_encounter(gallery: str) -> Mapping[str, Any]:
    return {"images": [IMAGE], **in_galleries(gallery)}


ENCOUNTERS = "/subjects/{subject}/encounters"
INTO_ITSELF = 400
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
    Operation("DELETE", "/subjects/{subject}", Scope.ENCOUNTER_WRITE, 200, 404),
    Operation("POST", "/subjects/{subject}/merge", Scope.ENCOUNTER_WRITE, INTO_ITSELF, 404, into("into")),
    Operation("POST", "/subjects/{subject}/unmerge", Scope.ENCOUNTER_WRITE, 409, 404, lambda _: {}),
    Operation("GET", f"{ENCOUNTERS}", Scope.ENCOUNTER_READ, 200, 404),
    Operation("POST", f"{ENCOUNTERS}", Scope.ENCOUNTER_WRITE, NO_MODEL, 403, further_encounter),
    Operation("GET", f"{ENCOUNTERS}/{{encounter}}", Scope.ENCOUNTER_READ, 200, 404),
    Operation("DELETE", f"{ENCOUNTERS}/{{encounter}}", Scope.ENCOUNTER_WRITE, 200, 404),
    Operation("POST", f"{ENCOUNTERS}/{{encounter}}/move", Scope.ENCOUNTER_WRITE, INTO_ITSELF, 404, into("to")),
    Operation("POST", f"{ENCOUNTERS}/{{encounter}}/consent-withdrawals", Scope.ENCOUNTER_WRITE, 400, 404, withdrawal),
    Operation("PUT", f"{ENCOUNTERS}/{{encounter}}/status", Scope.ENCOUNTER_WRITE, 200, 404, released),
    Operation("PUT", f"{ENCOUNTERS}/{{encounter}}/galleries", Scope.ENCOUNTER_WRITE, 200, 403, in_galleries),
    Operation("GET", "/galleries", Scope.GALLERY_READ, 200, 200),
    Operation("POST", "/galleries", Scope.GALLERY_WRITE, 409, 403, lambda gallery: {"gallery": gallery}),
    Operation("DELETE", "/galleries/{gallery}", Scope.GALLERY_WRITE, 409, 403),
    Operation("GET", "/adjudications", Scope.ADJUDICATE, 200, 200),
    Operation("GET", "/adjudications/{case}", Scope.ADJUDICATE, 200, 404),
    Operation("GET", "/adjudications/{case}/images", Scope.ADJUDICATE, 200, 404),
    Operation("POST", "/adjudications/{case}/reviews", Scope.ADJUDICATE, 201, 404, lambda _: {"verdict": "unsure"}),
    Operation("POST", "/adjudications/{case}/merge", Scope.ENCOUNTER_WRITE, 409, 404, lambda _: {}),
    Operation("GET", "/devices", Scope.DEVICE_READ, 200, 200),
    Operation("POST", "/devices", Scope.DEVICE_WRITE, 400, 403, new_device),
    Operation("DELETE", "/devices/{device_id}", Scope.DEVICE_WRITE, 200, 404),
    Operation("GET", "/audit-events", Scope.AUDIT_READ, 403, 403),
    Operation("GET", "/audit-events/verification", Scope.AUDIT_READ, 403, 403),
    Operation("GET", "/drift", Scope.AUDIT_READ, 403, 403),
    Operation("GET", "/seeded-samples", Scope.IDENTIFY, 200, 200),
    Operation("GET", "/seeded-samples/{name}", Scope.IDENTIFY, 400, 400),
)

operations = pytest.mark.parametrize("operation", MATRIX, ids=str)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"))) as service:
        for gallery in (OURS, FOREIGN):
            service.gallery(gallery)
        yield service


@pytest.fixture
def live(service: LiveService) -> LiveService:
    """One subject in each gallery, whoever was erased before."""
    there = {summary.subject for summary in service.service.store.subjects(ALL_GALLERIES, None, 10)}
    for gallery in (OURS, FOREIGN):
        if f"{gallery}-1" not in there:
            service.subject(f"{gallery}-1", gallery)
        DEVICES[gallery] = service.device(gallery).id
        CASES[gallery] = service.service.walk.cases.open(
            new_case(f"{gallery}-1", gallery), event(EventKind.CASE_OPENED)
        )
    return service


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
    ("GET", f"{OPERATIONS}/api-key"): None,  # open to whoever is known
    ("POST", f"{OPERATIONS}/challenges"): Scope.VERIFY,
    ("POST", f"{OPERATIONS}/challenge-answers"): Scope.VERIFY,
    **{(operation.method, OPERATIONS + operation.path): operation.scope for operation in MATRIX},
    **{(each.method, f"/v1{each.path}"): each.scope for each in contract.OPERATIONS},  # as OSIA's own file has them
}
OPEN = {"/healthz", "/readyz", "/openapi.json", "/", "/subjects", "/audit"}
"""What needs no caller: health, the description, and the console's empty pages."""
ROUTES = tuple(Route(method, path, scope) for (method, path), scope in RULES.items())


def routes_of(router: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - an application or a router within it
    """Every method and path, described or hidden."""
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router)
        elif isinstance(route, starlette.routing.Route):
            yield from ((method, route.path) for method in (route.methods or set()) - {"HEAD"})


def test_every_route_of_the_application_has_a_rule(live: LiveService) -> None:
    application = build_application(live.service)
    described = {
        (method.upper(), path) for path, methods in application.openapi()["paths"].items() for method in methods
    }
    there = described | set(routes_of(application))
    assert {(method, path) for method, path in there if path not in OPEN} == set(RULES)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_role_is_let_in_where_its_scope_says_and_nowhere_else(live: LiveService, route: Route) -> None:
    assert route.call(live.client()).status_code in {401, 403}  # OSIA knows no 401
    for scope in Scope:
        answer = route.call(live.client(live.key(frozenset({scope}), frozenset({OURS}), frozenset({"none"}))))
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
def test_nobody_gets_in_without_a_valid_key(live: LiveService, operation: Operation) -> None:
    revoked = live.key()
    live.service.api_keys.revoke(revoked.split(".")[0], live.last_event())
    for key in (None, "nonsense", "a.b", live.key() + "x", revoked):
        answer = operation.call(live.client(key))
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert live.last_event().kind is EventKind.ACCESS_REFUSED


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
def test_a_foreign_gallery_is_out_of_reach(live: LiveService, operation: Operation) -> None:
    key = live.key(frozenset({operation.scope}), frozenset({OURS}))
    answer = operation.call(live.client(key), FOREIGN)
    assert answer.status_code == operation.foreign, answer.text
    if operation.foreign != 404:  # where the existence of somebody is no secret
        assert FOREIGN + "-1" not in answer.text
    assert FOREIGN not in live.client(key).get(f"{OPERATIONS}/api-key").text


@operations
def test_another_purpose_is_refused(live: LiveService, operation: Operation) -> None:
    key = live.key(frozenset({operation.scope}), purposes=frozenset({PURPOSE}))
    answer = operation.call(live.client(key), purpose="curiosity")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_authorised")
    refusal = live.last_event()
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
