"""Intakes over HTTP with real fingers and faces: slaps, poses, exceptions, marks, the search, the record, the card."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import cv2
import httpx
import numpy as np
import pytest

from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.adjudication import Verdict
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from tests.intakes import FINGERS, ONE, OTHER, fingers, slaps
from tests.live_service import OPERATIONS, LiveService, asking, live_service

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

PURPOSE = {"purpose": "intake"}
SECONDS = 5.0
"""In which a search must have its answer."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path_factory.mktemp("data"))) as live:
        for gallery in ("inmates", "visitors"):
            live.gallery(gallery)
        yield live


@pytest.fixture(scope="module")
def officer(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def opened(officer: httpx.Client, subject: str, name: str = "Ana Núñez", gallery: str = "inmates") -> str:
    said = {"name": name, "born": "1990-02-03", "sex": "F", "legal_basis": "s. 12"}
    asked = {"subject": subject, "galleries": [gallery], **said}
    answer = officer.post(f"{OPERATIONS}/intakes", json={**PURPOSE, **asked})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["intake"])


def capture(officer: httpx.Client, intake: str, place: str, image: bytes, **more: object) -> dict[str, Any]:
    modality = "face" if place.startswith(("face", "mark")) else "fingerprint"
    asked = {**PURPOSE, "place": place, "image": {"modality": modality, "file": "image"}, **more}
    files = {"image": image}
    path = f"{OPERATIONS}/intakes/{intake}/captures"
    answer = officer.post(path, data={"request": json.dumps(asked)}, files=files)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def step(officer: httpx.Client, intake: str, what: str) -> httpx.Response:
    return officer.post(f"{OPERATIONS}/intakes/{intake}/{what}", json=PURPOSE)


def read(officer: httpx.Client, path: str) -> httpx.Response:
    return officer.get(f"{OPERATIONS}{path}", params=PURPOSE)


def without(officer: httpx.Client, intake: str, *wanted: str) -> None:
    """Except all fingers but these."""
    others = [finger for finger in FINGERS if finger not in wanted]
    said = [{"position": each, "kind": "bandaged", "since": "2026-01-02"} for each in others]
    answer = officer.put(f"{OPERATIONS}/intakes/{intake}/exceptions", json={**PURPOSE, "exceptions": said})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["exceptions"]) == len(others)


@pytest.fixture(scope="module")
def ana(officer: httpx.Client, shared_data: Path) -> str:
    """The intake of a person with ten fingers, three poses and a tattoo."""
    intake = opened(officer, "P-1")
    told = [capture(officer, intake, place, image) for place, image in slaps(shared_data).items()]
    assert [len(each["judged"]) for each in told] == [4, 4]
    ten = fingers(shared_data)
    for place in ("right_thumb", "left_thumb"):
        capture(officer, intake, place, ten[place])
    for place, image in ONE.pictures(shared_data).items():
        (judged,) = capture(officer, intake, place, image, only_good=True)["judged"]
        assert (judged["place"], judged["fate"]) == (place, "kept"), judged
    mark = {"kind": "tattoo", "place": "left forearm", "description": "an anchor"}
    capture(officer, intake, "mark", ONE.picture(shared_data, 3), mark=mark)
    return intake


@pytest.fixture(scope="module")
def record(officer: httpx.Client, ana: str) -> str:
    """The record that it became."""
    made = step(officer, ana, "completion")
    assert made.status_code == 201, made.text
    return str(made.json()["subject"])


def test_an_intake_is_captured_step_by_step_searched_and_becomes_a_record(
    live: LiveService, officer: httpx.Client, ana: str
) -> None:
    there = read(officer, f"/intakes/{ana}").json()
    assert (there["missing"], there["state"], there["name"]) == ([], "open", "Ana Núñez")
    assert len(there["captures"]) == 14
    assert all(each["quality"] > 0 for each in there["captures"] if not each["place"].startswith("mark"))
    assert read(officer, f"/intakes/{ana}/captures/right_thumb").content.startswith(b"\x89PNG")
    began = time.monotonic()
    found = step(officer, ana, "search").json()
    assert time.monotonic() - began < SECONDS
    assert (found["outcome"], found["state"], found["found"], found["namesakes"]) == ("enrolled", "open", [], [])
    made = step(officer, ana, "completion")
    assert (made.status_code, made.json()["state"], made.json()["encounter"]) == (201, "complete", ana)
    assert step(officer, ana, "completion").json()["encounter"] == ana
    (encounter,) = read(officer, "/subjects/P-1/encounters").json()["encounters"]
    said = {"name": "Ana Núñez", "born": "1990-02-03", "sex": "F"}
    assert (encounter["kind"], encounter["biographic"]) == ("intake", said)
    assert len(encounter["samples"]) == 13
    kept = live.service.walk.encounters.encounters(SubjectId("P-1"))[0].encounter
    marks = cast("list[dict[str, str]]", kept.circumstances.remarks["marks"])
    assert [(each["place"], each["description"]) for each in marks] == [("left forearm", "an anchor")]
    after = read(officer, f"/intakes/{ana}").json()
    assert (after["state"], after["captures"], after["name"]) == ("complete", [], "")
    kinds = [each.event.kind for each in live.service.store.events(0, 500) if each.event.details.get("intake") == ana]
    assert {EventKind.INTAKE_OPENED, EventKind.INTAKE_SEARCHED, EventKind.INTAKE_COMPLETED} <= set(kinds)
    assert kinds.count(EventKind.INTAKE_CAPTURED) == 8


def test_the_same_person_under_another_name_is_refused_shown_and_goes_to_reviewers(
    live: LiveService, officer: httpx.Client, record: str, shared_data: Path
) -> None:
    intake, ten = opened(officer, "P-2", "Somebody Else", "visitors"), fingers(shared_data, impression=2)
    without(officer, intake, "right_index", "left_index")
    for place in ("right_index", "left_index"):
        capture(officer, intake, place, ten[place])
    capture(officer, intake, "face_frontal", ONE.picture(shared_data, ONE.frontal[1]))
    found = step(officer, intake, "search").json()
    assert (found["outcome"], found["state"], found["found"]) == ("duplicate_suspected", "refused", [record])
    assert found["duplicates"]["candidates"][0]["score"] > found["duplicates"]["threshold"]
    there = read(officer, f"/intakes/{intake}").json()
    assert (there["state"], len(there["captures"])) == ("refused", 3)
    assert step(officer, intake, "completion").json()["code"] == "intake_closed"
    assert officer.delete(f"{OPERATIONS}/intakes/{intake}", params=PURPOSE).json()["code"] == "intake_closed"
    assert read(officer, "/subjects/P-2").status_code == 404
    assert judged_different(live, "P-2") == [record]
    again = opened(officer, "P-2", "Somebody Else", "visitors")  # what was found of one person clears no other
    without(officer, again, "right_index", "left_index")
    for place in ("right_index", "left_index"):
        capture(officer, again, place, ten[place])
    capture(officer, again, "face_frontal", ONE.picture(shared_data, ONE.frontal[1]))
    assert step(officer, again, "search").json()["state"] == "refused"
    assert step(officer, again, "completion").json()["code"] == "intake_closed"
    assert step(officer, intake, "completion").status_code == 201
    officer.delete(f"{OPERATIONS}/subjects/P-2", params=PURPOSE).raise_for_status()


def test_whoever_came_in_after_the_judgement_refuses_the_intake_anew(
    live: LiveService, officer: httpx.Client, record: str, shared_data: Path
) -> None:
    intake, ten = opened(officer, "P-6", "Somebody Else"), fingers(shared_data, impression=2)
    without(officer, intake, "right_index", "left_index")
    for place in ("right_index", "left_index"):
        capture(officer, intake, place, ten[place])
    capture(officer, intake, "face_frontal", ONE.picture(shared_data, ONE.frontal[1]))
    assert step(officer, intake, "search").json()["found"] == [record]
    assert judged_different(live, "P-6") == [record]
    enrolled = {"subject": "P-7", "galleries": ["inmates"], "despite_duplicates": True}
    late = asking([fingers(shared_data, impression=3)["right_index"]], **PURPOSE, **enrolled)
    assert officer.post(f"{OPERATIONS}/enrolments", **late).status_code == 201
    judged_different(live, "P-7")
    refused = step(officer, intake, "completion").json()
    assert (refused["outcome"], refused["state"], refused["found"]) == ("duplicate_suspected", "refused", ["P-7"])
    assert live.service.intakes.intake(intake).found == (record, "P-7")
    assert read(officer, "/subjects/P-6").status_code == 404
    assert step(officer, intake, "completion").json()["code"] == "intake_closed"
    assert judged_different(live, "P-6") == ["P-7"]  # what was judged before is not asked for again
    assert step(officer, intake, "completion").status_code == 201
    assert judged_different(live, "P-6") == []
    for subject in ("P-6", "P-7"):
        officer.delete(f"{OPERATIONS}/subjects/{subject}", params=PURPOSE).raise_for_status()


def judged_different(live: LiveService, subject: str) -> list[str]:
    """Have two reviewers close every open case of the subject as different people; whom it was like."""
    cases = [each for each in live.service.walk.cases.cases(0, 50, closed=False) if each.subject == subject]
    for case in cases:
        for _ in range(2):
            reviewer = live.client(live.key())
            said = {**PURPOSE, "verdict": Verdict.DIFFERENT_PEOPLE}
            assert reviewer.post(f"{OPERATIONS}/adjudications/{case.id}/reviews", json=said).status_code == 201
    return [each.candidate for each in cases]


def test_another_person_of_the_same_name_is_told(officer: httpx.Client, record: str, shared_data: Path) -> None:
    intake = opened(officer, "P-3", "NUNEZ, Ana")
    capture(officer, intake, "face_frontal", OTHER.picture(shared_data, OTHER.frontal[0]))
    found = step(officer, intake, "search").json()
    assert (found["outcome"], found["state"], found["found"]) == ("enrolled", "open", [])
    assert found["namesakes"] == [{"subject": record, "same_birth": True}]
    missing = step(officer, intake, "completion")
    assert (missing.status_code, missing.json()["code"]) == (400, "request_invalid")
    assert "right thumb" in missing.json()["detail"]
    assert officer.delete(f"{OPERATIONS}/intakes/{intake}", params=PURPOSE).status_code == 204
    assert read(officer, f"/intakes/{intake}").json()["code"] == "intake_unknown"


def test_the_better_of_two_captures_stays_and_a_bad_one_says_what_to_do(
    officer: httpx.Client, shared_data: Path
) -> None:
    intake, pictures = opened(officer, "P-4"), OTHER.pictures(shared_data)
    first = capture(officer, intake, "right_thumb", fingers(shared_data)["right_thumb"])["judged"][0]
    half = fingers(shared_data, impression=3)["right_thumb"]
    again = capture(officer, intake, "right_thumb", half)["judged"][0]
    best = max((first, again), key=lambda each: (not each["advice"], each["quality"]))
    assert first["fate"] == "kept"
    assert again["fate"] == ("kept" if best is again else "worse_than_before")
    (kept,) = read(officer, f"/intakes/{intake}").json()["captures"]
    assert kept["quality"] == pytest.approx(best["quality"])
    turned = capture(officer, intake, "face_left", pictures["face_right"], only_good=True)["judged"][0]
    assert (turned["fate"], turned["advice"][0]["reason"]) == ("not_good_yet", "turn_left")
    aside = capture(officer, intake, "face_frontal", pictures["face_left"], only_good=True)["judged"][0]
    assert (aside["fate"], aside["advice"][0]["reason"]) == ("not_good_yet", "turned_left")
    wrong = capture(officer, intake, "left_four", slaps(shared_data)["right_four"])
    assert (wrong["judged"], wrong["advice"]) == ([], "This looks like the right hand: put the left hand down.")
    nothing = capture(officer, intake, "right_index", pictures["face_left"])["judged"][0]
    assert (nothing["fate"], bool(nothing["advice"])) == ("unusable", True)


def test_a_finger_captured_twice_is_named_before_there_is_a_record(officer: httpx.Client, shared_data: Path) -> None:
    intake, ten, again = opened(officer, "P-5"), fingers(shared_data, 4), fingers(shared_data, 5)
    without(officer, intake, "right_index", "left_index")
    capture(officer, intake, "right_index", ten["right_ring"])
    capture(officer, intake, "left_index", again["right_ring"])
    found = step(officer, intake, "search").json()
    assert (found["outcome"], found["state"]) == ("fingers_confused", "open")
    assert set(found["alike"][0]["positions"]) == {"right_index", "left_index"}


def test_whoever_does_not_reach_the_gallery_sees_no_intake(live: LiveService, officer: httpx.Client) -> None:
    intake = opened(officer, f"P-{uuid4().hex[:6]}")
    other = live.client(live.key(galleries=frozenset({"visitors"})))
    assert read(other, f"/intakes/{intake}").json()["code"] == "intake_unknown"
    assert intake not in {each["intake"] for each in read(other, "/intakes").json()["intakes"]}
    assert intake in {each["intake"] for each in read(officer, "/intakes").json()["intakes"]}


def test_a_card_is_read_by_a_camera_and_resolved_by_whoever_may(
    live: LiveService, officer: httpx.Client, record: str, tmp_path: Path
) -> None:
    printed = officer.post(f"{OPERATIONS}/subjects/{record}/cards", json={**PURPOSE, "language": "es"})
    assert (printed.status_code, printed.headers["content-type"]) == (201, "application/pdf")
    code = scanned(printed.content, tmp_path)
    assert code.startswith("BSC1.")
    resolved = officer.post(f"{OPERATIONS}/cards/resolve", json={**PURPOSE, "code": code})
    assert (resolved.status_code, resolved.json()["subject"]) == (200, record)
    assert live.last_event().kind is EventKind.CARD_RESOLVED
    foreign = live.client(live.key(frozenset({Scope.VERIFY}), frozenset({"visitors"})))
    assert foreign.post(f"{OPERATIONS}/cards/resolve", json={**PURPOSE, "code": code}).json()["code"] == "card_invalid"
    listed = read(officer, f"/subjects/{record}/cards").json()["cards"]
    assert [each["card"] for each in listed] == [printed.headers["card-id"]]
    assert datetime.fromisoformat(listed[0]["expires_at"]) > datetime.now(UTC) + timedelta(days=300)
    gone = officer.delete(f"{OPERATIONS}/subjects/{record}/cards/{listed[0]['card']}", params=PURPOSE)
    assert gone.status_code == 204
    assert officer.post(f"{OPERATIONS}/cards/resolve", json={**PURPOSE, "code": code}).json()["code"] == "card_invalid"


def test_a_portrait_is_the_face_cut_out(officer: httpx.Client, record: str) -> None:
    picture = read(officer, f"/subjects/{record}/portrait")
    pixels = cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    height, width = pixels.shape[:2]
    assert 80 < width < 250
    assert 1.1 < height / width < 1.5


def scanned(pdf: bytes, folder: Path) -> str:
    """What OpenCV reads on the printed page."""
    (folder / "card.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "300", "-png", "-singlefile", "card.pdf", "card"], cwd=folder, check=True)
    page = cv2.imread(str(folder / "card.png"))
    assert page is not None
    text, corners, _ = cv2.QRCodeDetectorAruco().detectAndDecode(page)  # the other one reads no two of a hundred codes
    assert corners is not None
    return text
