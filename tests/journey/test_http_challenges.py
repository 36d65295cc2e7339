"""The active challenge over HTTP, answered with real photographs."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import numpy as np
import pytest

from benchmarks.accuracy.challenge import Person, people_of
from benchmarks.accuracy.presentations import taken
from biometric_service import client as biometrics
from biometric_service.api.operations.challenge_tickets import CLOCKS_APART_S
from biometric_service.client import Client, Connection, Patience
from biometric_service.evaluation.subjects import faces
from biometric_service.recognition.requests import ChallengeOutcome
from biometric_service.settings import Settings
from biometric_service.vocabulary.challenges import Turn
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import EventKind
from tests.live_service import OPERATIONS, LiveService, live_service

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

ASKED = {"purpose": "gate", "device": "gate-3"}
CHANCE = np.random.default_rng(1)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path_factory.mktemp("data"), fingerprint_model="")) as live:
        live.gallery("residents")
        yield live


@pytest.fixture(scope="module")
def people(live: LiveService, shared_data: Path) -> list[Person]:
    """Two people of whom there are many photographs, the first of them enrolled as ``P-1``, the other as ``P-2``."""
    subjects = sorted(faces([shared_data / "faces" / "lfw_half"]), key=lambda each: -len(each.samples))
    few = [replace(each, samples=each.samples[:40]) for each in subjects[:2]]
    client = live.client(live.key())
    for number, subject in enumerate(few, 1):
        request = {"purpose": "intake", "subject": f"P-{number}", "galleries": ["residents"]}
        images = [{"modality": "face", "file": f"face-{each}"} for each in range(3)]
        files = {f"face-{each}": subject.samples[each].path.read_bytes() for each in range(3)}
        asked = json.dumps({**request, "images": images})
        kept = client.post(f"{OPERATIONS}/enrolments", data={"request": asked}, files=files)
        assert kept.status_code == 201, kept.text
    return list(people_of(live.service.walk, few, most=2))


@pytest.fixture
def client(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def challenge(client: httpx.Client, **more: object) -> dict[str, Any]:
    asked = {**ASKED, "gallery": "residents", "subject": "P-1", **more}
    given = client.post(f"{OPERATIONS}/challenges", json=asked)
    assert given.status_code == 201, given.text
    return given.json()


def photographs(person: Person, given: dict[str, Any]) -> list[bytes]:
    """Ten photographs, none twice, in the poses that were asked."""
    turns = [Turn(each["turn"]) for each in given["turns"]]
    left = {turn: iter(shown) for turn, shown in person.poses.items()}
    return [taken(next(left[turns[place * len(turns) // 10]]).pixels, CHANCE) for place in range(10)]


def answer(
    client: httpx.Client, given: dict[str, Any], frames: Sequence[bytes], seconds: float = 0.3, **more: str
) -> httpx.Response:
    listed = [{"file": f"frame-{place}", "at": seconds * place} for place in range(len(frames))]
    asked = json.dumps({**ASKED, "challenge": given["challenge"], "frames": listed, **more})
    files = {f"frame-{place}": frame for place, frame in enumerate(frames)}
    return client.post(f"{OPERATIONS}/challenge-answers", data={"request": asked}, files=files)


def outcome(given: httpx.Response) -> tuple[str, set[str]]:
    assert given.status_code == 200, given.text
    said = given.json()
    return said["outcome"], {each["check"] for each in said["findings"] if not each["passed"]}


def refusal(given: httpx.Response) -> tuple[int, str, str]:
    said = given.json()
    return given.status_code, said["code"], said["detail"]


def wait_a_challenge_long(ticket: str) -> None:
    """Ten frames 0.3 s apart take 2.7 s, which must have passed by the service's clock, however that is set."""
    issued: float = jwt.decode(ticket, options={"verify_signature": False})["iat"]
    while time.time() < issued + 2.7:
        time.sleep(0.1)


def test_who_turns_the_head_as_asked_passes_once(client: httpx.Client, live: LiveService, people: list[Person]) -> None:
    given = challenge(client)
    assert given["turns"][0]["turn"] == "front"
    assert all(each["instruction"] for each in given["turns"])
    frames = photographs(people[0], given)
    wait_a_challenge_long(given["challenge"])
    said = answer(client, given, frames)
    assert outcome(said) == ("passed", set())
    assert said.json()["decision"]["subject"] == "P-1"
    event = live.last_event()
    assert (event.kind, event.subject, event.details["challenge"]) == (EventKind.CHALLENGE_ANSWERED, "P-1", "passed")
    assert (event.caller.device, len(event.evidence)) == ("gate-3", 10)
    again = answer(client, given, frames)
    assert refusal(again) == (400, "challenge_invalid", "The challenge has been answered already.")


def test_somebody_else_than_was_claimed_does_not_pass(live: LiveService, people: list[Person]) -> None:
    with Client(live.url, live.key(), Connection(patience=Patience(tries=1))) as client:
        given = client.ask(biometrics.challenge(subject="P-2", gallery="residents", purpose="gate"))
        shown = photographs(people[0], given.model_dump())
        frames = [(0.3 * number, biometrics.Image.face(frame)) for number, frame in enumerate(shown)]
        wait_a_challenge_long(given.challenge)
        said = client.ask(biometrics.challenge_answer(frames, challenge=given.challenge, purpose="gate"))
    assert said.outcome is ChallengeOutcome.NOT_VERIFIED
    assert all(finding.passed for finding in said.findings)
    assert said.decision.outcome is not Outcome.MATCH


def test_frames_of_another_challenge_answered_at_once_do_not_pass(client: httpx.Client, people: list[Person]) -> None:
    given = challenge(client)
    kind, failed = outcome(answer(client, given, photographs(people[0], given), seconds=1.9))
    assert (kind, failed) == ("not_followed", {"timing"})


def test_a_frame_without_a_face_asks_to_be_taken_again(client: httpx.Client, people: list[Person]) -> None:
    given = challenge(client)
    nobody = taken(np.full((200, 200, 3), 90, np.uint8), CHANCE)
    said = answer(client, given, [*photographs(people[0], given)[:4], nobody])
    assert outcome(said) == ("recapture", set())
    assert said.json()["samples"][-1]["failure"]["defect"] == "no_face"
    assert said.json()["findings"] == []


@pytest.mark.parametrize("other", [("gate-4", "gate"), ("gate-3", "visit")])
def test_a_challenge_is_for_one_device_and_purpose(client: httpx.Client, other: tuple[str, str]) -> None:
    given = challenge(client)
    assert refusal(answer(client, given, [b"x", b"y"], device=other[0], purpose=other[1]))[1:] == (
        "challenge_invalid",
        "The challenge was given to another caller, device or purpose.",
    )


def test_a_challenge_is_for_one_caller(client: httpx.Client, live: LiveService) -> None:
    given = challenge(client)
    assert refusal(answer(live.client(live.key()), given, [b"x", b"y"]))[1] == "challenge_invalid"


def test_a_caller_who_lost_the_gallery_gets_no_answer(live: LiveService) -> None:
    narrow = live.client(live.key(galleries=frozenset({"elsewhere"})))
    asked = {**ASKED, "gallery": "residents", "subject": "P-1"}
    assert narrow.post(f"{OPERATIONS}/challenges", json=asked).status_code == 403


def test_what_the_service_did_not_sign_is_no_challenge(client: httpx.Client) -> None:
    claims = jwt.decode(challenge(client)["challenge"], options={"verify_signature": False})
    forged = {"challenge": jwt.encode(claims, "k" * 32, "HS256", {"typ": "challenge+jwt"})}
    unsigned = {"challenge": jwt.encode(claims, "", "none", {"typ": "challenge+jwt"})}
    for challenged in (forged, unsigned, {"challenge": "nonsense"}):
        assert refusal(answer(client, challenged, [b"x", b"y"]))[2] == "The challenge is none that this service gave."


def test_a_challenge_is_over_after_a_while(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, fingerprint_model="", face_model="", challenge_seconds=0.05)
    with live_service(settings) as live:
        live.gallery("residents")
        live.subject("P-1", "residents")
        client = live.client(live.key())
        given = challenge(client)
        until = jwt.decode(given["challenge"], options={"verify_signature": False})["exp"]
        while time.time() < until + CLOCKS_APART_S + 1:
            time.sleep(0.1)
        assert refusal(answer(client, given, [b"x", b"y"]))[2] == "The time to answer the challenge is over."


def test_nobody_is_challenged_who_is_not_enrolled(client: httpx.Client) -> None:
    asked = {**ASKED, "gallery": "residents", "subject": "P-404"}
    assert refusal(client.post(f"{OPERATIONS}/challenges", json=asked))[:2] == (404, "subject_unknown")


def test_frames_must_be_in_the_order_of_their_times(client: httpx.Client) -> None:
    given = challenge(client)
    assert refusal(answer(client, given, [b"x", b"y"], seconds=-1))[1] == "request_invalid"


def test_a_frame_that_is_no_image_uses_the_challenge_up(client: httpx.Client) -> None:
    given = challenge(client)
    assert refusal(answer(client, given, [b"x", b"y"]))[1] == "image_unreadable"
    assert refusal(answer(client, given, [b"x", b"y"]))[2] == "The challenge has been answered already."
