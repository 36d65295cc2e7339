"""A stranger's day over HTTP: enrol, identify, verify, pass a checkpoint, be erased; synthetic fingers throughout."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from biometric_service.recognition import enrolment
from biometric_service.recognition.requests import EnrolmentOutcome, EnrolmentRequest, GivenImage
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import Encounter, EncounterId, GalleryId, Guard, Once, SubjectId
from biometric_service.vocabulary.samples import Modality
from tests.live_service import OPERATIONS, TEST, LiveService, asking, event, live_service, synthetic_fingers

pytestmark = pytest.mark.models

ENROLLED = 4
STRANGER = ENROLLED + 1
SECRETS = {"positions", "directions", "embedding", "template", "pixels", "image"}


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prints")
    synthetic_fingers(folder, STRANGER)
    return folder


@pytest.fixture(scope="module")
def live(prints: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path_factory.mktemp("data"), face_model="")) as live:
        for gallery in ("inmates", "visitors"):
            live.gallery(gallery)
        client = live.client(live.key())
        for finger in range(1, ENROLLED + 1):
            answer = enrol(client, f"P-{finger}", picture(prints, finger, 1))
            assert answer.status_code == 201, answer.text
            assert answer.json()["outcome"] == "enrolled"
        yield live


@pytest.fixture
def client(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def picture(prints: Path, finger: int, impression: int = 2) -> bytes:
    return (prints / f"{finger:05d}_{impression}.png").read_bytes()


def enrol(client: httpx.Client, subject: str, image: bytes, **more: object) -> httpx.Response:
    asked = asking([image], subject=subject, **{"galleries": ["inmates"], **more})
    return client.post(f"{OPERATIONS}/enrolments", **asked)


def ask(client: httpx.Client, operation: str, image: bytes, **more: object) -> httpx.Response:
    return client.post(f"{OPERATIONS}/{operation}", **asking([image], **{"gallery": "inmates", **more}))


def test_the_service_is_ready_and_says_what_it_works_on(client: httpx.Client) -> None:
    ready = client.get("/readyz").json()
    assert (ready["ready"], ready["behind"], ready["mode"]) == (True, 0, "fingerprint-only")
    assert ready["models"][0]["references"] >= ENROLLED


@pytest.mark.parametrize("finger", range(1, ENROLLED + 1))
def test_who_is_enrolled_is_found(client: httpx.Client, prints: Path, finger: int) -> None:
    decision = ask(client, "identifications", picture(prints, finger)).json()["decision"]
    assert decision["candidates"][0]["subject"] == f"P-{finger}"
    assert decision["outcome"] in {"match", "review"}
    assert decision["subject"] in {None, f"P-{finger}"}
    assert decision["searched"] >= ENROLLED


def test_the_same_impression_is_a_match_with_everything_it_rests_on(client: httpx.Client, prints: Path) -> None:
    answer = ask(client, "identifications", picture(prints, 1, 1)).json()
    decision = answer["decision"]
    assert (decision["outcome"], decision["subject"]) == ("match", "P-1")
    best = decision["candidates"][0]
    assert best["score"] >= decision["threshold"] > decision["review_threshold"] > 0
    assert best["parts"][0]["score"]["comparator"]
    assert decision["error_rates"] == {"kind": "fpir", "match": 0.001, "review": 0.05}
    assert decision["reasons"]
    assert answer["samples"][0]["usable"]
    assert 0 <= answer["samples"][0]["quality"]["score"] <= 100
    assert answer["explanation"] is None


def test_a_stranger_is_unknown(client: httpx.Client, prints: Path) -> None:
    decision = ask(client, "identifications", picture(prints, STRANGER)).json()["decision"]
    assert (decision["outcome"], decision["subject"]) == ("unknown", None)


def test_json_with_base64_says_the_same_as_a_form(client: httpx.Client, prints: Path) -> None:
    image = {"modality": "fingerprint", "data": base64.b64encode(picture(prints, 2)).decode()}
    body = {"purpose": "test", "gallery": "inmates", "images": [image]}
    by_json = client.post(f"{OPERATIONS}/identifications", json=body).json()
    by_form = ask(client, "identifications", picture(prints, 2)).json()
    assert by_json["decision"] == by_form["decision"]
    assert by_json["event"] + 1 == by_form["event"]


def test_the_answer_is_in_the_audit_log_before_it_is_given(live: LiveService, prints: Path) -> None:
    answer = ask(live.client(live.key()), "identifications", picture(prints, 3), device="gate-3").json()
    recorded = live.service.store.events(answer["event"] - 1, 1)[0].event
    assert (recorded.kind, recorded.caller.purpose, recorded.caller.device) == (
        EventKind.IDENTIFICATION,
        "test",
        "gate-3",
    )
    assert recorded.details["outcome"] == answer["decision"]["outcome"]


def test_a_claim_is_verified_or_not(client: httpx.Client, prints: Path) -> None:
    right = ask(client, "verifications", picture(prints, 1, 1), subject="P-1").json()["decision"]
    wrong = ask(client, "verifications", picture(prints, 1, 1), subject="P-2").json()["decision"]
    assert (right["outcome"], right["error_rates"]["kind"]) == ("match", "fmr")
    assert (wrong["outcome"], wrong["subject"]) == ("no_match", None)


def test_a_checkpoint_lets_pass_or_stops(client: httpx.Client, prints: Path) -> None:
    at_gate = {"checkpoint": "gate-1", "direction": "out"}
    known = ask(client, "movement-checks", picture(prints, 1, 1), **at_gate).json()
    stranger = ask(client, "movement-checks", picture(prints, STRANGER), **at_gate).json()
    impostor = ask(client, "movement-checks", picture(prints, 1, 1), claimed="P-2", **at_gate).json()
    assert (known["passage"], known["subject"]) == ("pass", "P-1")
    assert (stranger["passage"], stranger["subject"]) == ("stop", None)
    assert (impostor["passage"], impostor["subject"]) == ("stop", "P-1")


def test_an_explanation_shows_what_was_compared_and_is_in_the_audit_log(live: LiveService, prints: Path) -> None:
    answer = ask(live.client(live.key()), "identifications", picture(prints, 1), explain=True).json()
    (compared,) = answer["explanation"]
    kind, _, data = compared["picture"].partition(",")
    drawn = Image.open(BytesIO(base64.b64decode(data)))
    assert kind == "data:image/png;base64"
    assert drawn.width > drawn.height > 200
    assert len(drawn.convert("RGB").getcolors(1 << 20) or ()) > 100
    assert compared["subject"] == "P-1"
    assert int(compared["description"].split()[0]) >= 6
    looked = live.last_event()
    assert (looked.kind, looked.subject, looked.details["explains"]) == (
        EventKind.REFERENCE_IMAGE_READ,
        "P-1",
        str(answer["event"]),
    )


@pytest.mark.parametrize("operation", ["verifications", "movement-checks"])
def test_claims_are_explained_too(client: httpx.Client, prints: Path, operation: str) -> None:
    claim = (
        {"subject": "P-1"} if operation == "verifications" else {"claimed": "P-1", "checkpoint": "g", "direction": "in"}
    )
    (compared,) = ask(client, operation, picture(prints, 1), explain=True, **claim).json()["explanation"]
    assert compared["subject"] == "P-1"


def test_the_same_person_under_another_id_is_suspected(live: LiveService, client: httpx.Client, prints: Path) -> None:
    again = enrol(client, "P-99", picture(prints, 1, 1))
    assert (again.status_code, again.json()["outcome"]) == (200, "duplicate_suspected")
    assert again.json()["duplicates"]["candidates"][0]["subject"] == "P-1"
    elsewhere = live.client(live.key(frozenset({Scope.ENCOUNTER_WRITE}), frozenset({"visitors"})))
    hidden = enrol(elsewhere, "V-1", picture(prints, 1, 1), galleries=["visitors"]).json()
    assert hidden["outcome"] == "duplicate_suspected"
    assert hidden["duplicates"]["subject"] is None
    assert {candidate["subject"] for candidate in hidden["duplicates"]["candidates"]} == {None}
    assert "P-1" not in json.dumps(hidden)


def test_two_reviewers_judge_whoever_was_not_enrolled(live: LiveService, client: httpx.Client, prints: Path) -> None:
    assert enrol(client, "P-98", picture(prints, 2, 1)).json()["outcome"] == "duplicate_suspected"
    first, second = (live.client(live.key(frozenset({Scope.ADJUDICATE}))) for _ in range(2))
    asked = {"purpose": "test", "limit": "200"}
    listed = first.get(f"{OPERATIONS}/adjudications", params=asked).json()["cases"]
    (case,) = (each for each in listed if each["subject"] == "P-98")
    assert (case["candidate"], case["origin"], case["outcome"]) == ("P-2", "refused", None)
    assert case["score"] > case["threshold"]
    path = f"{OPERATIONS}/adjudications/{case['case']}"
    images = first.get(f"{path}/images", params=asked).json()
    assert base64.b64decode(images["probe"][0]["data"]) == picture(prints, 2, 1)
    assert base64.b64decode(images["candidate"][0]["data"]) == picture(prints, 2, 1)
    body = {"purpose": "test", "verdict": "same_person", "note": "the same whorl"}
    assert client.post(f"{path}/reviews", json=body).status_code == 409  # whoever enrolled is no reviewer
    assert first.post(f"{path}/reviews", json=body).json()["outcome"] is None
    assert second.get(path, params=asked).json()["reviews"] == []
    closed = second.post(f"{path}/reviews", json=body).json()
    assert (closed["outcome"], closed["follows"], len(closed["reviews"])) == ("same_person", "refuse", 2)
    assert first.get(f"{path}/images", params=asked).json()["probe"] == []
    assert client.post(f"{path}/merge", json={"purpose": "test"}).json()["code"] == "case_conflict"
    evidence = first.get(f"{OPERATIONS}/adjudications", params={**asked, "closed": "true"}).json()["cases"]
    assert case["case"] in {each["case"] for each in evidence}


def test_an_id_in_use_and_an_unknown_gallery_are_refused(client: httpx.Client, prints: Path) -> None:
    taken = enrol(client, "P-1", picture(prints, STRANGER))
    nowhere = enrol(client, "P-98", picture(prints, STRANGER), galleries=["nowhere"])
    assert (taken.status_code, taken.json()["code"]) == (409, "subject_exists")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "gallery_unknown")


def test_whoever_is_erased_is_gone_at_once(client: httpx.Client, prints: Path) -> None:
    stranger = picture(prints, STRANGER, 1)
    assert enrol(client, "P-97", stranger).status_code == 201
    assert ask(client, "identifications", stranger).json()["decision"]["subject"] == "P-97"
    assert client.delete(f"{OPERATIONS}/subjects/P-97?purpose=test").status_code == 200
    assert ask(client, "identifications", stranger).json()["decision"]["outcome"] == "unknown"


def blank() -> bytes:
    written = BytesIO()
    Image.new("L", (300, 400), 255).save(written, "PNG")
    return written.getvalue()


def test_a_blank_image_asks_for_another_and_says_what_to_do(client: httpx.Client) -> None:
    answer = ask(client, "identifications", blank(), explain=True).json()
    assert (answer["decision"]["outcome"], answer["decision"]["subject"]) == ("recapture", None)
    assert answer["samples"][0]["failure"]["defect"] == "no_finger"
    assert "finger" in answer["samples"][0]["failure"]["instruction"]
    assert answer["explanation"] == []


def test_bad_images_are_typed_problems(client: httpx.Client, prints: Path) -> None:
    whole = picture(prints, 1)
    bad = {"image_empty": b"", "image_unreadable": b"GIF? no", "image_truncated": whole[: len(whole) // 2]}
    for code, image in bad.items():
        answer = ask(client, "identifications", image)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.headers["content-type"] == "application/problem+json"


def test_no_answer_holds_a_template(client: httpx.Client, prints: Path) -> None:
    answers = [
        ask(client, "identifications", picture(prints, 1)).json(),
        client.get(f"{OPERATIONS}/subjects?purpose=test").json(),
        client.get(f"{OPERATIONS}/subjects/P-1?purpose=test").json(),
        client.get(f"{OPERATIONS}/audit-events?purpose=test").json(),
    ]
    assert not SECRETS & set(keys(answers))


def keys(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from part
        for value in part.values():
            yield from keys(value)
    elif isinstance(part, list):
        for value in part:
            yield from keys(value)


def test_subjects_are_listed_page_by_page(client: httpx.Client) -> None:
    seen, after = [], None
    while True:
        query = {"purpose": "test", "gallery": "inmates", "limit": "3", **({"after": after} if after else {})}
        page = client.get(f"{OPERATIONS}/subjects", params=query).json()
        seen += [each["subject"] for each in page["subjects"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"P-{finger}" for finger in range(1, ENROLLED + 1)]


def test_more_than_the_workers_can_do_is_refused_and_the_rest_is_served(prints: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, face_model="", recognition_workers=1, recognition_waiting=0)
    with live_service(settings) as live, ThreadPoolExecutor(6) as callers:
        live.gallery("inmates")
        clients = [live.client(live.key()) for _ in range(6)]
        image = picture(prints, 1)
        answers = list(callers.map(lambda client: ask(client, "identifications", image), clients))
        assert {answer.status_code for answer in answers} == {200, 429}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["code"] == "rate_limited"
        assert int(refused.headers["Retry-After"]) >= 1
        assert ask(clients[0], "identifications", image).status_code == 200


def recapture(client: httpx.Client, subject: str, image: bytes, **more: object) -> httpx.Response:
    asked = asking([image], **{"galleries": ["inmates"], **more})
    return client.post(f"{OPERATIONS}/subjects/{subject}/encounters", **asked)


def test_a_further_encounter_must_be_of_the_subject_and_of_nobody_else(client: httpx.Client, prints: Path) -> None:
    swapped = recapture(client, "P-3", picture(prints, 4, 1)).json()
    assert (swapped["outcome"], swapped["encounter"]) == ("duplicate_suspected", None)
    stranger = recapture(client, "P-3", picture(prints, STRANGER)).json()
    assert (stranger["outcome"], stranger["claim"]["outcome"]) == ("identity_doubted", "no_match")
    kept = recapture(client, "P-3", picture(prints, 3, 1), encounter="E-2", kind="transfer", biographic={"age": 41})
    assert (kept.status_code, kept.json()["outcome"]) == (201, "encounter_added")
    read = client.get(f"{OPERATIONS}/subjects/P-3/encounters/E-2", params={"purpose": "test"}).json()
    assert (read["kind"], read["biographic"], read["samples"][0]["models"]) == ("transfer", {"age": 41}, ["leader/1"])
    taken = recapture(client, "P-3", picture(prints, 3, 1), encounter="E-2")
    assert (taken.status_code, taken.json()["code"]) == (409, "encounter_exists")


def test_a_released_person_is_recognised_and_does_not_pass(client: httpx.Client, prints: Path) -> None:
    encounters = f"{OPERATIONS}/subjects/P-4/encounters"
    (encounter,) = client.get(encounters, params={"purpose": "test"}).json()["encounters"]

    def become(status: str) -> None:
        path = f"{encounters}/{encounter['encounter']}/status"
        assert client.put(path, json={"purpose": "test", "status": status}).status_code == 200

    gate = {"checkpoint": "gate", "direction": "out"}
    become("released")
    try:
        everywhere = ask(client, "movement-checks", picture(prints, 4, 1), gallery="ALL", **gate).json()
        assert (everywhere["passage"], everywhere["subject"]) == ("stop", "P-4")
        assert "released" in everywhere["reasons"][0]
        here = ask(client, "movement-checks", picture(prints, 4, 1), **gate).json()
        assert (here["passage"], here["identification"]["outcome"]) == ("stop", "unknown")
        again = enrol(client, "P-5", picture(prints, 4, 1)).json()
        assert (again["outcome"], again["duplicates"]["subject"]) == ("duplicate_suspected", "P-4")
    finally:
        become("active")
    back = ask(client, "movement-checks", picture(prints, 4, 1), **gate).json()
    assert (back["passage"], back["subject"]) == ("pass", "P-4")


def test_the_id_of_a_merged_subject_still_verifies(client: httpx.Client, prints: Path) -> None:
    assert enrol(client, "P-1-again", picture(prints, 1, 1), despite_duplicates=True).status_code == 201
    body = {"purpose": "test", "into": "P-1"}
    assert client.post(f"{OPERATIONS}/subjects/P-1-again/merge", json=body).status_code == 200
    claimed = ask(client, "verifications", picture(prints, 1, 1), subject="P-1-again").json()["decision"]
    assert (claimed["outcome"], claimed["subject"]) == ("match", "P-1")
    gate = {"checkpoint": "gate", "direction": "in", "claimed": "P-1-again"}
    assert ask(client, "movement-checks", picture(prints, 1, 1), **gate).json()["passage"] == "pass"
    found = ask(client, "identifications", picture(prints, 1, 1)).json()["decision"]
    assert (found["outcome"], found["subject"]) == ("match", "P-1")


def test_an_enrolment_that_was_cut_off_before_its_answer_is_told_of_and_not_made_again(
    live: LiveService, prints: Path
) -> None:
    walk, once = live.service.walk, Guard(once=Once("gate", "cut off", b"\x01" * 32))
    given = GivenImage(picture(prints, STRANGER, 1), Modality.FINGERPRINT)
    request = EnrolmentRequest((given,), SubjectId("cut-off"), frozenset({GalleryId("visitors")}))
    first = enrolment.enrol(walk, request, TEST, once)
    again = enrolment.enrol(walk, request, TEST, once)
    assert (first.outcome, again.outcome) == (EnrolmentOutcome.ENROLLED, EnrolmentOutcome.ENROLLED)
    assert first.change == again.change
    assert len(walk.store.subject(request.subject).encounters) == 1
    walk.store.erase(request.subject, event(EventKind.SUBJECT_ERASED))


def test_nothing_is_shown_of_what_is_kept_in_a_gallery_beyond_reach(
    live: LiveService, client: httpx.Client, prints: Path
) -> None:
    assert enrol(client, "P-5", picture(prints, STRANGER, 1), galleries=["visitors"]).status_code == 201
    here = Encounter(SubjectId("P-5"), EncounterId("here"), frozenset({GalleryId("inmates")}), datetime.now(UTC), ())
    live.service.store.add_encounter(here, event(EventKind.ENCOUNTER_ADDED))
    shown = []
    for reach in ("visitors", "inmates"):
        officer = live.client(live.key(galleries=frozenset({reach, "inmates"})))
        answer = ask(officer, "verifications", picture(prints, STRANGER), subject="P-5", explain=True).json()
        assert answer["decision"]["outcome"] == "match"
        shown.append(len(answer["explanation"]))
    assert shown == [1, 0]
