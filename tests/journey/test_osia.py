"""OSIA over HTTP as another system would use it: people, encounters, galleries, searches and comparisons."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from biometric_service.api.osia.contract import OPERATIONS
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.operation import AnyOperation
from biometric_service.api.osia.persons import create_person
from biometric_service.api.osia.records import RECORDS
from biometric_service.api.osia.schemas.encounter import Encounter
from biometric_service.api.osia.schemas.parameters import Creation
from biometric_service.app.serving import services_for
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates import native
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, SubjectId
from tests.http_server import says, server
from tests.live_service import OPERATIONS as OURS
from tests.live_service import TEST, LiveService
from tests.osia_service import ASKING, GALLERY, PEOPLE, Samples, encounter, osia_service

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

TINY = {"biometricType": "FINGER", "biometricSubType": "LEFT_THUMB"}


@pytest.fixture(scope="module")
def samples(shared_data: Path) -> Samples:
    return Samples(shared_data)


@dataclass(frozen=True)
class SlowHost:
    """Gives a face to nobody before all are ``released``; ``asked``: once for each who asks."""

    origin: str
    released: threading.Event
    asked: threading.Semaphore


@pytest.fixture(scope="module")
def slow(samples: Samples) -> Iterator[SlowHost]:
    released, asked = threading.Event(), threading.Semaphore(0)

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.release()
        released.wait(60)
        says(base64.b64decode(samples.face("Atal")["image"]))(request)

    with server(answer) as port:
        yield SlowHost(f"http://127.0.0.1:{port}", released, asked)


@pytest.fixture(scope="module")
def live(samples: Samples, slow: SlowHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    outward = {"outbound_origins": (slow.origin,), "outbound_networks": ("127.0.0.0/8",), "outbound_seconds": 60}
    with osia_service(tmp_path_factory.mktemp("osia"), samples, **outward) as live:
        yield live


@pytest.fixture(scope="module")
def client(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def ask(client: httpx.Client, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:  # noqa: ANN401
    return client.request(method, f"/v1{path}", params={**ASKING, **query}, json=body)


def kept(client: httpx.Client, *items: dict[str, Any], **more: Any) -> dict[str, str]:  # noqa: ANN401
    answer = ask(client, "POST", "/persons", encounter(*items, **more))
    assert answer.status_code == 200, answer.text
    ids: dict[str, str] = answer.json()
    return ids


def faulty(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json().keys() == {"code", "message"}
    assert answer.json()["code"] == status
    message: str = answer.json()["message"]
    return message


@pytest.mark.parametrize("name", PEOPLE)
def test_who_is_enrolled_is_the_first_candidate(client: httpx.Client, samples: Samples, name: str) -> None:
    sent = {"filter": {}, "biometricData": [samples.finger(name, 2), samples.face(name, 2)]}
    first, *_ = ask(client, "POST", f"/identify/{GALLERY}", sent).json()
    assert (first["personId"], first["rank"], first["others"]["decision"]) == (f"P-{name}", 1, "match")
    assert {score["biometricType"] for score in first["scores"]} == {"FINGER", "FACE"}
    assert first["scores"][0]["galleries"] == [GALLERY]
    assert {score["encounterId"] for score in first["scores"]} == {"E-1"}


def test_a_stranger_is_nobody(client: httpx.Client, shared_data: Path) -> None:
    stranger = base64.b64encode((shared_data / "fingerprints/fvc2004_db1/108_1.png").read_bytes()).decode()
    sent = {"filter": {}, "biometricData": [{"biometricType": "FINGER", "image": stranger}]}
    assert ask(client, "POST", "/identify/ALL", sent).json() == []


def test_a_filter_narrows_down_modalities_and_people(client: httpx.Client, live: LiveService, samples: Samples) -> None:
    probe = [samples.finger("Atal", 2), samples.face("Atal", 2)]
    by_face = ask(client, "POST", "/identify/ALL", {"filter": {"biometricType": ["FACE"]}, "biometricData": probe})
    assert {score["biometricType"] for score in by_face.json()[0]["scores"]} == {"FACE"}
    assert logged(live)["asked_filter"] == "biometricType"
    for wanted, found in (({"firstName": "Atal"}, 1), ({"firstName": "Andre"}, 0), ({"firstNameMin": "Atam"}, 0)):
        answer = ask(client, "POST", "/identify/ALL", {"filter": wanted, "biometricData": probe})
        assert len(answer.json()) == found
        assert logged(live)["asked_filter"] == next(iter(wanted))


def test_the_number_of_candidates_and_the_threshold_are_the_callers(client: httpx.Client, samples: Samples) -> None:
    sent = {"filter": {}, "biometricData": [samples.finger("Amelie", 2)]}
    everybody = ask(client, "POST", "/identify/ALL", sent, threshold=0).json()
    assert len(everybody) == len(PEOPLE)
    assert [each["rank"] for each in everybody] == [1, 2, 3]
    assert len(ask(client, "POST", "/identify/ALL", sent, threshold=0, maxNbCand=2).json()) == 2
    assert ask(client, "POST", "/identify/ALL", sent, threshold=300).json() == []
    strict = ask(client, "POST", "/identify/ALL", sent, accuracyLevel="high").json()[0]["others"]
    loose = ask(client, "POST", "/identify/ALL", sent, threshold=0.01).json()[0]["others"]
    assert strict["threshold"] > everybody[0]["others"]["threshold"] > loose["threshold"]
    assert "accuracyLevel" in faulty(ask(client, "POST", "/identify/ALL", sent, accuracyLevel="best"), 400)


def test_a_template_finds_without_its_image(client: httpx.Client, live: LiveService) -> None:
    templates = ask(client, "GET", "/persons/P-Andre/encounters/E-1/templates", biometricType="FINGER").json()
    assert [each["templateFormat"] for each in templates] == ["ISO_19794_2"]
    for form in (*RECORDS, "leader/1"):
        reading = {"biometricType": "FINGER", "templateFormat": form}
        (found,) = ask(client, "GET", "/persons/P-Andre/encounters/E-1/templates", **reading).json()
        probe = {"biometricType": "FINGER", "template": found["template"], "templateFormat": form}
        sent = {"filter": {}, "biometricData": [probe]}
        assert ask(client, "POST", "/identify/ALL", sent).json()[0]["personId"] == "P-Andre", form
    face = ask(client, "GET", "/persons/P-Andre/encounters/E-1/templates", biometricType="FACE").json()[0]
    stored = live.service.store.references(SubjectId("P-Andre"))
    assert base64.b64decode(face["template"]) in {native.encode(reference.template) for reference in stored}
    assert live.last_event().kind is EventKind.ENCOUNTER_READ


def logged(live: LiveService) -> dict[str, str]:
    details = live.last_event().details
    names = ("outcome", "threshold", "asked_threshold", "asked_filter")
    return {name: details[name] for name in names if name in details}


def test_a_claim_holds_or_not(client: httpx.Client, live: LiveService, samples: Samples) -> None:
    sent = {"biometricData": [samples.face("Andre", 2)]}
    right = ask(client, "POST", "/verify/ALL/P-Andre", sent).json()
    wrong = ask(client, "POST", f"/verify/{GALLERY}/P-Atal", sent).json()
    assert (right["decision"], wrong["decision"]) == (True, False)
    assert right["scores"][0]["score"] > wrong["scores"][0]["score"]
    assert ask(client, "POST", "/verify/ALL/P-Andre", sent, threshold=300).json()["decision"] is False
    assert logged(live)["outcome"] == "no_match"
    score = right["scores"][0]["score"]
    assert ask(client, "POST", "/verify/ALL/P-Andre", sent, threshold=score).json()["decision"] is True
    assert logged(live) == {"outcome": "match", "threshold": f"{score:.2f}", "asked_threshold": f"{score:g}"}
    for loose in (0, 1, 0.5):
        assert "threshold" in faulty(ask(client, "POST", "/verify/ALL/P-Atal", sent, threshold=loose), 400)
    faulty(ask(client, "POST", "/verify/ALL/P-Nobody", sent), 404)
    faulty(ask(client, "POST", "/verify/nowhere/P-Andre", sent), 404)


def test_two_sets_of_data_are_compared_and_nothing_is_kept(
    client: httpx.Client, live: LiveService, samples: Samples
) -> None:
    one, same, other = samples.finger("Amelie", 1), samples.finger("Amelie", 2), samples.finger("Atal", 2)
    changes = live.service.store.last_change()
    alike = ask(client, "POST", "/verify", {"biometricData1": [one], "biometricData2": [same]}).json()
    unlike = ask(client, "POST", "/verify", {"biometricData1": [one], "biometricData2": [other]}).json()
    assert (alike["decision"], unlike["decision"]) == (True, False)
    assert live.service.store.last_change() == changes
    assert live.last_event().kind is EventKind.COLLATION


def test_an_encounter_is_read_as_it_was_kept(client: httpx.Client, samples: Samples) -> None:
    finger = samples.finger("Amelie", 3, captureDevice="scanner 7", impressionType="LIVE_SCAN_PLAIN", instance="a")
    iris = {"biometricType": "IRIS", "biometricSubType": "EYE_LEFT", "image": "aXJpcw==", "comment": "as given"}
    known = {
        "encounterType": "transfer",
        "clientData": "AAEC",
        "contextualData": {"place": "gate", "numbers": [1, 2.5, None]},
        "biographicData": {"dateOfBirth": "1980-01-02", "nested": {"a": [True]}},
        "createdDate": "2024-11-18T14:21:00+01:00",
    }
    person = f"P-{uuid4().hex}"
    answer = ask(client, "POST", f"/persons/{person}/encounters/E-9", encounter(iris, finger, **known))
    assert answer.json()["others"]["biometricData"][1]["usable"] is True
    read = ask(client, "GET", f"/persons/{person}/encounters/E-9").json()
    assert {name: read[name] for name in known if name != "createdDate"} == {
        name: value for name, value in known.items() if name != "createdDate"
    }
    assert read["createdDate"].startswith("2024-11-18T13:21:00")
    assert (read["encounterId"], read["status"], read["galleries"]) == ("E-9", "ACTIVE", [GALLERY])
    first, second = read["biometricData"]
    assert {name: first[name] for name in iris} == iris
    assert {name: second[name] for name in finger} == finger
    assert ask(client, "GET", f"/persons/{person}/encounters").json() == [read]
    assert ask(client, "DELETE", f"/persons/{person}").status_code == 204
    faulty(ask(client, "GET", f"/persons/{person}/encounters/E-9"), 404)


def test_an_unreadable_image_is_kept_where_a_finger_is_missing_and_refused_otherwise(client: httpx.Client) -> None:
    damaged = {**TINY, "image": base64.b64encode(b"not an image").decode()}
    missing = [{"biometricSubType": "LEFT_THUMB", "presence": "BANDAGED"}]
    ids = kept(client, {**damaged, "missing": missing})
    path = f"/persons/{ids['personId']}/encounters/{ids['encounterId']}"
    assert ask(client, "GET", path).json()["biometricData"][0]["missing"] == missing
    assert ask(client, "GET", f"{path}/templates").json() == []
    assert "image_unreadable" in faulty(ask(client, "POST", "/persons", encounter(damaged)), 400)
    ask(client, "DELETE", f"/persons/{ids['personId']}")


def test_an_encounter_is_replaced_deactivated_and_moved_between_galleries(
    client: httpx.Client, samples: Samples
) -> None:
    ids = kept(client, samples.finger("Atal", 3), galleries=["arrivals"])
    path = f"/persons/{ids['personId']}/encounters/{ids['encounterId']}"
    probe = {"filter": {}, "biometricData": [samples.finger("Atal", 4)]}

    def found(gallery: str) -> list[str]:
        return [each["personId"] for each in ask(client, "POST", f"/identify/{gallery}", probe).json()]

    assert found("arrivals") == [ids["personId"]]
    assert ask(client, "PUT", f"{path}/galleries", ["departures"]).status_code == 204
    assert (found("arrivals"), found("departures")) == ([], [ids["personId"]])
    assert ask(client, "PUT", f"{path}/status", status="INACTIVE").status_code == 204
    assert found("departures") == []
    assert ask(client, "GET", path).json()["status"] == "INACTIVE"
    replaced = ask(client, "PUT", path, encounter(samples.finger("Atal", 5), galleries=["departures"]))
    assert replaced.json()["encounterId"] == ids["encounterId"]
    assert found("departures") == [ids["personId"]]
    faulty(ask(client, "PUT", f"{path}/status", status="ASLEEP"), 400)
    faulty(ask(client, "PUT", f"{path}/galleries", []), 400)
    faulty(ask(client, "PUT", f"{path}/galleries", ["ALL"]), 400)
    faulty(ask(client, "PUT", f"{path}x", encounter(samples.finger("Andre", 3))), 404)
    assert ask(client, "DELETE", path).status_code == 204
    faulty(ask(client, "DELETE", path), 404)


def test_people_are_merged_and_encounters_moved(client: httpx.Client) -> None:
    for person, names in (("M-1", "ab"), ("M-2", "cd"), ("M-3", "a")):
        for name in names:
            answer = ask(client, "POST", f"/persons/{person}/encounters/{name}", encounter())
            assert answer.status_code == 200
    faulty(ask(client, "POST", "/persons/M-1/encounters/a", encounter()), 409)
    faulty(ask(client, "POST", "/persons/M-1/merge/M-3"), 409)
    assert ask(client, "POST", "/persons/M-1/merge/M-2").status_code == 204
    assert ask(client, "POST", "/persons/M-3/move/M-1/encounters/c").status_code == 204
    faulty(ask(client, "POST", "/persons/M-3/move/M-1/encounters/a"), 409)
    faulty(ask(client, "POST", "/persons/M-3/move/M-1/encounters/z"), 404)
    faulty(ask(client, "POST", "/persons/M-1/merge/M-9"), 404)

    def encounters(person: str) -> list[str]:
        return [each["encounterId"] for each in ask(client, "GET", f"/persons/{person}/encounters").json()]

    assert (sorted(encounters("M-1")), sorted(encounters("M-3"))) == (["a", "b", "d"], ["a", "c"])


def test_the_same_person_under_another_id_is_found_and_told_of(client: httpx.Client, samples: Samples) -> None:
    ids = kept(client, samples.finger("Amelie", 2), galleries=["arrivals"])
    assert ids["others"]["duplicates"]["candidates"][0]["personId"] == "P-Amelie"  # type: ignore[index]
    (case,) = cases_of(client, ids["personId"])
    assert (case["candidate"], case["origin"]) == ("P-Amelie", "kept")
    by_person = ask(client, "POST", f"/identify/ALL/{ids['personId']}").json()
    by_encounter = ask(client, "POST", f"/identify/ALL/{ids['personId']}/encounters/{ids['encounterId']}", {}).json()
    assert [each["personId"] for each in by_person] == [each["personId"] for each in by_encounter] == ["P-Amelie"]
    ask(client, "DELETE", f"/persons/{ids['personId']}")


def cases_of(client: httpx.Client, person: str) -> list[dict[str, str]]:
    listed = client.get(f"{OURS}/adjudications", params={"purpose": "review"})
    assert listed.status_code == 200, listed.text
    return [each for each in listed.json()["cases"] if each["subject"] == person]


def refusals(live: LiveService) -> list[AuditEvent]:
    kinds = (each.event for each in live.service.store.events(live.service.verify_audit() - 2, 2))
    return [event for event in kinds if event.kind is EventKind.ENROLMENT_REFUSED]


def test_nobody_else_is_kept_under_a_persons_id(client: httpx.Client, live: LiveService, samples: Samples) -> None:
    path = "/persons/P-Atal/encounters"
    other, own = ([samples.finger(name, 3), samples.face(name, 2)] for name in ("Andre", "Atal"))
    for method, where in (("POST", path), ("POST", f"{path}/E-2"), ("PUT", f"{path}/E-1")):
        assert "of that record" in faulty(ask(client, method, where, encounter(*other)), 400)
        (refused,) = refusals(live)
        assert (refused.subject, refused.details["enrolment"]) == ("P-Atal", "identity_doubted")
        assert refused.details["claim_outcome"] == "no_match"
    assert "enrolment_refused" in faulty(ask(client, "PUT", f"{path}/E-1", encounter()), 400)
    assert [each["encounterId"] for each in ask(client, "GET", path).json()] == ["E-1"]
    added = ask(client, "POST", f"{path}/E-2", encounter(*own))
    assert (added.status_code, "duplicates" in added.json()["others"]) == (200, False)
    assert live.last_event().details["claim_outcome"] == "match"
    assert ask(client, "DELETE", f"{path}/E-2").status_code == 204


def test_a_finger_that_is_there_twice_is_not_kept(client: httpx.Client, samples: Samples) -> None:
    twice = [samples.finger("Andre", 2), samples.finger("Andre", 3, biometricSubType="LEFT_INDEX")]
    assert "enrolment_refused" in faulty(ask(client, "POST", "/persons", encounter(*twice)), 400)


def test_whoever_is_known_by_nothing_yet_may_be_captured_later(client: httpx.Client, samples: Samples) -> None:
    person = kept(client)["personId"]
    answer = ask(client, "POST", f"/persons/{person}/encounters", encounter(samples.finger("Andre", 2)))
    assert [each["personId"] for each in answer.json()["others"]["duplicates"]["candidates"]] == ["P-Andre"]
    assert ask(client, "DELETE", f"/persons/{person}").status_code == 204


def test_who_is_enrolled_already_is_refused_where_the_settings_say_so(live: LiveService, samples: Samples) -> None:
    settings = live.service.settings.model_copy(update={"osia_keep_duplicates": False})
    errand = Errand(replace(services_for(live.service), settings=settings), TEST, frozenset({ALL_GALLERIES}))
    sent = Encounter.model_validate_json(json.dumps(encounter(samples.finger("Andre", 2))))
    with pytest.raises(BiometricServiceError) as refused:
        create_person(errand, Creation(transaction_id="T-1"), sent)
    assert refused.value.code is ErrorCode.ENROLMENT_REFUSED
    (event,) = refusals(live)
    assert event.details["enrolment"] == "duplicate_suspected"
    assert event.details["duplicates_candidates"].startswith("P-Andre")


def test_galleries_are_read_page_by_page_and_as_csv(client: httpx.Client) -> None:
    assert GALLERY in ask(client, "GET", "/galleries").json()
    everyone = ask(client, "GET", f"/galleries/{GALLERY}").json()
    assert {"personId": "P-Atal", "encounterId": "E-1"} in everyone
    assert ask(client, "GET", f"/galleries/{GALLERY}", offset=1, limit=1).json() == everyone[1:2]
    assert ask(client, "GET", f"/galleries/{GALLERY}", offset=10**9).json() == []
    csv = client.get(f"/v1/galleries/{GALLERY}", params=ASKING, headers={"Accept": "text/csv"})
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert csv.text.splitlines()[0] == "PersonId, encounterId"
    assert "P-Atal, E-1" in csv.text.splitlines()
    faulty(ask(client, "GET", "/galleries/nowhere"), 404)


def test_an_image_behind_a_url_that_is_not_listed_is_refused(client: httpx.Client) -> None:
    sent = {"filter": {}, "biometricData": [{**TINY, "imageRef": "http://169.254.169.254/latest"}]}
    assert "url_refused" in faulty(ask(client, "POST", "/identify/ALL", sent), 400)


def test_a_slow_host_holds_up_nobody_who_sends_the_image_itself(
    live: LiveService, client: httpx.Client, samples: Samples, slow: SlowHost
) -> None:
    behind = {"filter": {}, "biometricData": [{"biometricType": "FACE", "imageRef": f"{slow.origin}/face"}]}
    places = live.service.settings.recognition_workers
    with ThreadPoolExecutor(places + 1) as callers:
        waiting = [callers.submit(ask, client, "POST", "/identify/ALL", behind) for _ in range(places + 1)]
        try:
            assert all(slow.asked.acquire(timeout=50) for _ in waiting)
            claim = {"biometricData": [samples.finger("Atal", 2)]}
            assert ask(client, "POST", f"/verify/{GALLERY}/P-Atal", claim).json()["decision"]
            assert not any(each.done() for each in waiting)
        finally:
            slow.released.set()
    assert {each.result().json()[0]["personId"] for each in waiting} == {"P-Atal"}


def test_a_body_in_which_too_much_is_to_be_checked_is_refused_at_once(client: httpx.Client) -> None:
    block = {"scope": "$.image", "alg": "SHA256", "hash": hashlib.sha256(b'{"image":"AAAA"}').hexdigest()}
    item = {**TINY, "image": "AAAA", "integrity": [block] * 300}
    told = faulty(ask(client, "POST", "/identify/ALL", {"filter": {}, "biometricData": [item]}), 413)
    assert "request_too_large" in told


@pytest.mark.parametrize(
    "body",
    [
        {"biometricData": []},
        {"filter": {}, "biometricData": []},
        {"filter": {}, "biometricData": [TINY]},
        {"filter": {}, "biometricData": [{**TINY, "image": "?"}]},
        {"filter": {}, "biometricData": [{**TINY, "template": "Rk1SACAyMAA="}]},
        {"filter": {}, "biometricData": [{**TINY, "unknown": 1}]},
        {"filter": {}, "biometricData": [{**TINY, "biometricType": "NOSE"}]},
        [],
        None,
    ],
)
def test_what_cannot_be_searched_with_is_refused_with_a_reason(client: httpx.Client, body: object) -> None:
    faulty(ask(client, "POST", "/identify/ALL", body), 400)


def test_a_transaction_id_is_needed_everywhere_and_kept_in_the_audit_log(
    client: httpx.Client, live: LiveService
) -> None:
    assert "transactionId" in faulty(client.get("/v1/galleries"), 400)
    headers = {"X-Purpose": "roll-call", "X-Device": "desk 3"}
    assert client.get("/v1/galleries", params={"transactionId": "T-77"}, headers=headers).status_code == 200
    caller = live.last_event().caller
    assert (caller.transaction, caller.purpose, caller.device) == ("T-77", "roll-call", "desk 3")


def test_nobody_is_let_in_without_a_key_or_beyond_its_scopes_galleries_and_purposes(
    live: LiveService,
) -> None:
    faulty(ask(live.client(), "GET", "/galleries"), 403)
    reader = live.client(live.key(frozenset({Scope.GALLERY_READ}), frozenset({"elsewhere"}), frozenset({"audit"})))
    assert ask(reader, "GET", "/galleries").json() == []
    assert live.last_event().caller.purpose == "audit"
    faulty(ask(reader, "GET", f"/galleries/{GALLERY}"), 403)
    faulty(ask(reader, "GET", "/persons/P-Atal/encounters"), 403)
    faulty(reader.get("/v1/galleries", params=ASKING, headers={"X-Purpose": "gossip"}), 403)
    foreign = live.client(live.key(galleries=frozenset({"elsewhere"})))
    faulty(ask(foreign, "GET", "/persons/P-Atal/encounters"), 404)
    faulty(ask(foreign, "DELETE", "/persons/P-Atal"), 404)
    faulty(ask(foreign, "POST", "/identify/ALL/P-Atal"), 403)
    faulty(ask(foreign, "POST", "/persons/P-Atal/encounters", encounter(galleries=["elsewhere"])), 403)
    assert ask(live.client(live.key()), "GET", "/persons/P-Atal/encounters").status_code == 200


def test_an_encounter_of_two_galleries_is_changed_only_by_who_reaches_both(live: LiveService) -> None:
    whole, half = live.client(live.key()), live.client(live.key(galleries=frozenset({"elsewhere"})))
    ask(whole, "POST", "/persons/H-1/encounters/E", encounter(galleries=["elsewhere", GALLERY]))
    assert ask(half, "GET", "/persons/H-1/encounters/E").json()["galleries"] == ["elsewhere"]
    faulty(ask(half, "DELETE", "/persons/H-1/encounters/E"), 403)
    faulty(ask(half, "PUT", "/persons/H-1/encounters/E/status", status="INACTIVE"), 403)
    assert ask(whole, "DELETE", "/persons/H-1").status_code == 204


SENT: dict[str, object] = {
    "Encounter": encounter(),
    "IdentifyRequest": {"filter": {}, "biometricData": [TINY]},
    "Filter": {},
    "VerifyFromIdRequest": {"biometricData": [TINY]},
    "VerifyFromBioRequest": {"biometricData1": [TINY], "biometricData2": [TINY]},
    "GalleryNames": ["elsewhere"],
}
NAMED = {"personId": "P-Atal", "encounterId": "E-1", "galleryId": GALLERY, "taskId": "none"}
OPEN = {"readGalleries", "verifyFromBio"}
"""Operations that touch no gallery but the caller's own."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_an_operation_needs_a_key_with_its_scope_and_reaches_no_foreign_gallery(
    live: LiveService, client: httpx.Client, operation: AnyOperation
) -> None:
    path = operation.path.format(**NAMED, personIdTarget="P-Atal", personIdSource="P-Andre")
    body = SENT.get(operation.body.__name__)
    before = [ask(client, "GET", f"/persons/P-{name}/encounters").json() for name in PEOPLE]

    def status(caller: httpx.Client) -> int:
        return ask(caller, operation.method, path, body, status="INACTIVE").status_code

    assert status(live.client()) == 403
    assert status(live.client(live.key(frozenset(Scope) - {operation.scope}))) == 403
    foreign = status(live.client(live.key(galleries=frozenset({"elsewhere"}))))
    unknown = 404 if 404 in operation.statuses else 400
    assert (foreign in {403, unknown}) or operation.name in OPEN
    assert [ask(client, "GET", f"/persons/P-{name}/encounters").json() for name in PEOPLE] == before
