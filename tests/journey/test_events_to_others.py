"""What happens here reaches other systems: by signed webhooks and as a stream, through failures, restarts and kills."""

import base64
import contextlib
import hashlib
import hmac
import json
import math
import os
import signal
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from benchmarks.service.running import running
from biometric_service.app.service import settings_store
from biometric_service.cli import app
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import Encounter, EncounterId, GalleryId, SubjectId
from tests.http_server import says, server
from tests.live_service import OPERATIONS, LiveService, live_service, without_models
from tests.waiting import eventually

OURS, THEIRS = "residents", "visitors"
PEOPLE = [f"P-{number}" for number in range(6)]
PATIENCE_S = 60.0


@dataclass
class Receiver:
    """Takes deliveries and checks each by the public specification; ``failing``: what it answers to, with which.

    ``held_after``: how many it takes before it holds its answers back until it is ``released``.
    """

    secrets: list[str] = field(default_factory=list)
    failing: Callable[[dict[str, Any]], int | None] = lambda _: None
    held_after: float = math.inf
    released: threading.Event = field(default_factory=threading.Event)
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        event = json.loads(body)
        with self.lock:
            status = self.failing(event["data"]) if checked(request.headers, body, self.secrets) else 401
            if status is None:
                self.received.append((request.headers["webhook-id"], event))
            else:
                self.refused.append(event)
            held = len(self.received) > self.held_after
        if held:
            self.released.wait(PATIENCE_S)
        with contextlib.suppress(OSError):
            says(b"", status or 204)(request)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> dict[str, list[str]]:
        """Of each subject in the order in which they were taken, the first of each only."""
        seen: set[str] = set()
        posts: dict[str, list[str]] = defaultdict(list)
        for message, event in list(self.received):
            if message not in seen:
                posts[event["data"]["subject"]].append(event["data"].get("post", event["type"]))
            seen.add(message)
        return posts


def checked(headers: Any, body: bytes, secrets: list[str]) -> bool:  # noqa: ANN401
    """What Standard Webhooks asks of a receiver: a signature by a secret of ours, and a moment that is near."""
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    given = [each.removeprefix("v1,") for each in headers["webhook-signature"].split(" ") if each.startswith("v1,")]
    ours = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        ours.append(base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode())
    return abs(time.time() - int(headers["webhook-timestamp"])) < 300 and bool(set(given) & set(ours))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with server(receiver.take) as port:
        receiver.port = port
        yield receiver


def reaching(receiver: Receiver) -> dict[str, Any]:
    return {
        "outbound_origins": (receiver.url,),
        "outbound_networks": ("127.0.0.0/8",),
        "webhook_retry_seconds": 0.2,
        "outbound_seconds": PATIENCE_S,
    }


@pytest.fixture
def live(receiver: Receiver, tmp_path: Path) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path, **reaching(receiver))) as live:
        live.gallery(OURS)
        live.gallery(THEIRS)
        yield live


def moved(store: ReferenceStore, subject: str, post: str, gallery: str = OURS) -> int:
    facts = {"passage": "pass", "checkpoint": post}
    about = (SubjectId(subject), GalleryId(gallery))
    event = AuditEvent(EventKind.MOVEMENT_CHECK, datetime.now(UTC), Caller("desk", "movement"), *about, facts)
    return store.record(event)


def enrolled(store: ReferenceStore, subject: str) -> None:
    now, name = datetime.now(UTC), SubjectId(subject)
    event = AuditEvent(EventKind.SUBJECT_ENROLLED, now, Caller("desk", "intake"), name)
    store.enrol(Encounter(name, EncounterId("first"), frozenset({GalleryId(OURS)}), now, ()), event)


def asked(client: httpx.Client, operation: str, **body: object) -> Any:  # noqa: ANN401
    answer = client.post(f"{OPERATIONS}/{operation}", json={"purpose": "sharing", **body})
    assert answer.is_success, answer.text
    return answer.json()


def subscribed(client: httpx.Client, receiver: Receiver, **more: object) -> str:
    wanted = {"types": ["subject.enrolled", "subject.moved"], "galleries": [OURS], **more}
    made = asked(client, "subscriptions", name="Cases", url=f"{receiver.url}/hook", **wanted)
    receiver.secrets.append(made["secret"])
    return str(made["subscription"]["id"])


def states(client: httpx.Client) -> dict[str, dict[str, Any]]:
    answer = client.get(f"{OPERATIONS}/subscriptions", params={"purpose": "sharing"}).json()
    return {each["subscription"]["id"]: each for each in answer["subscriptions"]}


def test_events_come_signed_and_in_order_past_a_subject_that_is_not_taken(
    live: LiveService, receiver: Receiver
) -> None:
    client = live.client(live.key())
    name = subscribed(client, receiver)
    receiver.failing = lambda data: 503 if data["subject"] == PEOPLE[0] else None
    enrolled(live.service.store, "P-9")
    for post in "12":
        for subject in PEOPLE:
            moved(live.service.store, subject, post)
        moved(live.service.store, PEOPLE[0], "elsewhere", THEIRS)
    eventually(lambda: bool(receiver.refused) and len(receiver.received) == 1 + 2 * (len(PEOPLE) - 1))
    assert PEOPLE[0] not in receiver.posts
    assert {each["data"]["post"] for each in receiver.refused} == {"1"}
    rotated = asked(client, f"subscriptions/{name}/rotation")
    assert rotated["secret"] not in receiver.secrets
    receiver.secrets[:] = [rotated["secret"]]
    receiver.failing = lambda _: None
    eventually(lambda: states(client)[name]["waiting"] == 0)
    assert receiver.posts == {"P-9": ["subject.enrolled"], **{subject: ["1", "2"] for subject in PEOPLE}}
    assert len({message for message, _ in receiver.received}) == len(receiver.received)


def test_a_receiver_that_never_answers_holds_no_other_up(receiver: Receiver, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        given = {**reaching(receiver), "outbound_origins": (receiver.url, address)}
        with live_service(without_models(tmp_path, **given)) as live:
            live.gallery(OURS)
            client = live.client(live.key())
            subscribed(client, receiver)
            away = {"name": "Away", "url": address, "types": ["subject.moved"], "galleries": [OURS]}
            name = asked(client, "subscriptions", **away)["subscription"]["id"]
            for post in "123":
                for subject in PEOPLE:
                    moved(live.service.store, subject, post)
            eventually(lambda: len(receiver.received) == 3 * len(PEOPLE))  # the other is waited for all that time
            assert states(client)[name]["waiting"] == 3 * len(PEOPLE)
            silent.close()


def test_what_nobody_takes_is_given_up_listed_and_replayed(receiver: Receiver, tmp_path: Path) -> None:
    receiver.failing = lambda _: 500
    settings = without_models(tmp_path, **reaching(receiver), webhook_days=1e-6)
    with live_service(settings) as live:
        live.gallery(OURS)
        client = live.client(live.key())
        name = subscribed(client, receiver)
        number = moved(live.service.store, "P-1", "1")
        eventually(lambda: states(client)[name]["dead"] == 1)
        listed = client.get(f"{OPERATIONS}/subscriptions/{name}/dead-letters", params={"purpose": "x"}).json()
        assert [(each["event"], each["subject"], each["answer"]) for each in listed["dead_letters"]] == [
            (number, "P-1", "500")
        ]
        receiver.failing = lambda _: None
        since = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
        asked(client, f"subscriptions/{name}/replay", since=since)
        eventually(lambda: receiver.posts == {"P-1": ["1"]})
        receiver.failing = lambda _: 410
        moved(live.service.store, "P-1", "2")
        eventually(lambda: bool(states(client)[name]["subscription"]["paused"]))


def test_who_may_subscribe_to_what_and_where(live: LiveService, receiver: Receiver) -> None:
    everyone = live.client(live.key())
    name = subscribed(everyone, receiver, galleries=[OURS, THEIRS])
    ours = live.client(live.key(galleries=frozenset({OURS})))
    assert name not in states(ours)
    body = {"purpose": "x", "name": "n", "types": ["subject.moved"], "galleries": [OURS], "url": f"{receiver.url}/x"}
    refusals = (
        ({**body, "galleries": [THEIRS]}, 403, "not_authorised"),
        ({**body, "url": "http://169.254.169.254/"}, 400, "url_refused"),
        ({**body, "types": ["subject.named"]}, 400, "request_invalid"),
        ({**body, "galleries": []}, 400, "request_invalid"),
    )
    for sent, status, code in refusals:
        answer = ours.post(f"{OPERATIONS}/subscriptions", json=sent)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    for operation in ("rotation", "pause", "resume"):
        answer = ours.post(f"{OPERATIONS}/subscriptions/{name}/{operation}", json={"purpose": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "subscription_unknown")
    assert ours.delete(f"{OPERATIONS}/subscriptions/{name}", params={"purpose": "x"}).status_code == 404
    assert asked(everyone, f"subscriptions/{name}/pause")["paused"]
    assert not asked(everyone, f"subscriptions/{name}/resume")["paused"]
    assert everyone.delete(f"{OPERATIONS}/subscriptions/{name}", params={"purpose": "x"}).status_code == 204
    assert states(everyone) == {}


@dataclass
class Follower:
    """Reads a stream until it ends."""

    client: httpx.Client
    asked: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    events: list[tuple[int, str, dict[str, Any], float]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    answer: httpx.Response = field(default_factory=lambda: httpx.Response(200))

    def read(self) -> None:
        with contextlib.suppress(httpx.TransportError), self._stream() as answer:
            self.answer = answer
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines: dict[str, str] = {}
            for line in answer.iter_lines():
                self.begun.set()
                if line:
                    name, _, value = line.partition(": ")
                    lines[name] = value
                    continue
                if "data" in lines:
                    said = json.loads(lines["data"])
                    self.events.append((int(lines["id"]), lines["event"], said["data"], time.monotonic()))
                lines = {}
        self.ended.set()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _stream(self) -> Any:  # noqa: ANN401
        asked = {"purpose": "sharing", **self.asked}
        return self.client.stream("GET", f"{OPERATIONS}/events", params=asked, headers=self.headers)


@contextmanager
def following(client: httpx.Client, headers: dict[str, str] | None = None, **asked: object) -> Iterator[Follower]:
    follower = Follower(client, asked, headers or {})
    thread = threading.Thread(target=follower.read)
    thread.start()
    assert follower.begun.wait(30)
    try:
        yield follower
    finally:
        follower.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_a_stream_tells_at_once_what_its_caller_reaches_and_goes_on_where_it_broke_off(
    live: LiveService,
) -> None:
    store = live.service.store
    before = moved(store, "P-0", "1")
    key = live.key(galleries=frozenset({OURS}))
    with following(live.client(key), type=["subject.moved"]) as follower:
        moved(store, "P-8", "1", THEIRS)
        enrolled(live.service.store, "P-9")
        for post in "23":
            began = time.monotonic()
            moved(store, "P-1", post)
            eventually(lambda post=post: bool(follower.events) and follower.events[-1][2]["post"] == post)  # type: ignore[misc]
            assert follower.events[-1][3] - began < 8, "not with the next heartbeat"
        seen = [(each[1], each[2]["subject"], each[2]["post"]) for each in follower.events]
        assert seen == [("subject.moved", "P-1", "2"), ("subject.moved", "P-1", "3")]
    last = follower.events[0][0]
    with following(live.client(key), {"Last-Event-ID": str(last)}) as again:
        eventually(lambda: len(again.events) == 1)
        assert again.events[0][:3] == follower.events[1][:3]
    with following(live.client(key), after=before - 1) as whole:
        eventually(lambda: len(whole.events) == 4)
        assert [each[1] for each in whole.events] == ["subject.moved", "subject.enrolled", *["subject.moved"] * 2]


def test_a_stream_ends_with_its_callers_key(live: LiveService) -> None:
    secret = live.key()
    with following(live.client(secret)) as follower:
        revoked = AuditEvent(EventKind.API_KEY_REVOKED, datetime.now(UTC), Caller("test", "test"))
        live.service.api_keys.revoke(secret.partition(".")[0], revoked)
        assert follower.ended.wait(PATIENCE_S)
    answer = live.client(live.key(frozenset(Scope) - {Scope.EVENTS_READ})).get(
        f"{OPERATIONS}/events", params={"purpose": "x"}
    )
    assert answer.status_code == 403


def test_too_many_streams_are_refused(tmp_path: Path) -> None:
    with live_service(without_models(tmp_path, event_streams=1)) as live, following(live.client(live.key())):
        answer = live.client(live.key()).get(f"{OPERATIONS}/events", params={"purpose": "x"})
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")


@contextmanager
def writing(folder: Path) -> Iterator[OpenedStore]:
    with settings_store(Settings(data_dir=folder, tls=False)) as opened:
        yield opened


def test_a_service_that_is_killed_and_started_anew_loses_nothing_and_a_drain_ends_streams(
    receiver: Receiver, tmp_path: Path
) -> None:
    """One kill -9 in the middle of deliveries, one drain with a stream open."""
    folder, rounds = tmp_path / "data", 8
    given = {"outbound_origins": json.dumps([receiver.url]), "outbound_networks": '["127.0.0.0/8"]'}
    models = {"fingerprint_model": "", "face_model": "", "processes": 1, "webhook_retry_seconds": 0.2}
    receiver.held_after = len(PEOPLE)
    with writing(folder) as opened:
        opened.store.create_gallery(
            GalleryId(OURS), AuditEvent(EventKind.GALLERY_CREATED, datetime.now(UTC), Caller("test", "test"))
        )
    with running(folder, tmp_path / "log", {**models, **given}, ready=False) as first:
        with httpx.Client(base_url=first.url, headers={"X-Api-Key": first.key}, trust_env=False, timeout=60) as client:
            subscribed(client, receiver)
        with writing(folder) as opened:
            for post in range(rounds):
                for subject in PEOPLE:
                    moved(opened.store, subject, str(post))
        eventually(lambda: len(receiver.received) > len(PEOPLE))
        os.kill(first.pid, signal.SIGKILL)
    assert len(receiver.received) < rounds * len(PEOPLE)
    receiver.held_after = math.inf
    receiver.released.set()
    with running(folder, tmp_path / "log", {**models, **given}, ready=False) as second:
        client = httpx.Client(base_url=second.url, headers={"X-Api-Key": second.key}, trust_env=False, timeout=60)
        with client, following(client, after=0) as follower:
            everything = {subject: [str(post) for post in range(rounds)] for subject in PEOPLE}
            eventually(lambda: receiver.posts == everything)
            eventually(lambda: len(follower.events) == rounds * len(PEOPLE))
            os.kill(second.pid, signal.SIGTERM)
            assert follower.ended.wait(PATIENCE_S)
    assert second.ended() == 0


def test_the_command_line_looks_after_subscriptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BIOMETRIC_OUTBOUND_ORIGINS", '["https://cases.example"]')

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["subscriptions", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    made = json.loads(run("create", "Cases", "https://cases.example/hook", "--type", "subject.moved", "--json"))
    name = made["id"]
    assert made["secret"].startswith("whsec_")
    assert run("rotate", name).strip() != made["secret"]
    assert run("pause", name) == f"Paused: {name}.\n"
    (listed,) = json.loads(run("list", "--json"))["subscriptions"]
    assert (listed["subscription"]["wanted"]["types"], bool(listed["subscription"]["paused_at"])) == (
        ["subject.moved"],
        True,
    )
    assert run("resume", name) == f"Resumed: {name}.\n"
    assert run("replay", name, "--since", "2026-01-01") == f"Replayed: {name}, after event 0.\n"
    assert json.loads(run("dead-letters", name, "--json")) == {"dead_letters": []}
    assert run("delete", name) == f"Deleted: {name}.\n"
