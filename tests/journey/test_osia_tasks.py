"""Calls with a callback: done later, whatever happens to the process, and delivered until they are taken."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from benchmarks.free_port import free_port
from biometric_service.api.osia import runner
from biometric_service.api.osia.deferring import BY_NAME, defer, recall
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.schemas.parameters import OfPerson
from biometric_service.app.serving import services_for
from biometric_service.vocabulary.access import Token
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId
from biometric_service.vocabulary.tasks import TaskWork
from tests.http_server import says, server
from tests.live_service import LiveService, event, live_service, without_models
from tests.osia_service import ASKING, GALLERY, encounter
from tests.waiting import eventually

PATIENCE_S = 180.0
SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@dataclass
class Receiver:
    """What was delivered; it answers with the statuses in turn and then with 204."""

    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, list[str]], dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.received.append((parse_qs(urlsplit(request.path).query), dict(request.headers), body))
        says(b"", self.statuses.pop(0) if self.statuses else 204)(request)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with server(receiver.take) as port:
        receiver.port = port
        yield receiver


def reaching(receiver: Receiver, folder: Path, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "data_dir": folder,
        "outbound_origins": (receiver.url,),
        "outbound_networks": ("127.0.0.0/8",),
        "task_retry_seconds": 0.1,
        "callback_secret": f"whsec_{SECRET}",
        "outbound_seconds": 60,
        **more,
    }


@contextmanager
def serving(receiver: Receiver, folder: Path, **more: Any) -> Iterator[LiveService]:  # noqa: ANN401
    with live_service(without_models(**reaching(receiver, folder, **more))) as live:
        if GalleryId(GALLERY) not in live.service.store.galleries():
            live.gallery(GALLERY)
        yield live


def later(
    client: httpx.Client,
    method: str,
    path: str,
    callback: str,
    body: object = None,
    **query: Any,  # noqa: ANN401
) -> str:
    asked = {**ASKING, "callback": callback, **query}
    answer = client.request(method, f"/v1{path}", params=asked, json=body)
    assert answer.status_code == 202, answer.text
    task: str = answer.json()["taskId"]
    return task


def status(client: httpx.Client, task: str) -> str:
    answer = client.get(f"/v1/tasks/{task}/status", params=ASKING)
    assert answer.status_code == 200, answer.text
    word: str = answer.json()
    return word


def test_a_result_comes_to_the_callback_signed(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path) as live:
        client = live.client(live.key())
        task = later(client, "POST", "/persons", f"{receiver.url}/taken?from=here", encounter(), priority=9)
        eventually(lambda: status(client, task) == "COMPLETED", PATIENCE_S)
        ((query, headers, body),) = receiver.received
        assert query == {"from": ["here"], "transactionId": ["T-1"], "taskId": [task]}
        assert headers["Content-Type"] == "application/json"
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.digest(base64.b64decode(SECRET), signed, hashlib.sha256)
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert headers["webhook-id"] == task
        ids = json.loads(body)
        path = f"/v1/persons/{ids['personId']}/encounters/{ids['encounterId']}"
        assert client.get(path, params=ASKING).status_code == 200
        assert client.delete(path, params=ASKING).status_code == 204


def test_every_kind_of_result_is_told(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path) as live:
        client = live.client(live.key())
        asked = (
            ("POST", "/persons/A/encounters/1", encounter()),
            ("PUT", "/persons/A/encounters/1/status?status=INACTIVE", None),
            ("GET", f"/galleries/{GALLERY}", None),
            ("DELETE", "/persons/A", None),
            ("DELETE", "/persons/A", None),
        )
        for method, path, body in asked:
            parts = urlsplit(path)
            more = {name: values[0] for name, values in parse_qs(parts.query).items()}
            task = later(client, method, parts.path, receiver.url, body, **more)
            eventually(lambda task=task: status(client, task) == "COMPLETED", PATIENCE_S)  # type: ignore[misc]
    created, changed, listed, deleted, unknown = receiver.bodies
    assert (created["personId"], created["encounterId"]) == ("A", "1")
    assert (changed, deleted) == ("OK", "OK")
    assert listed == [{"personId": "A", "encounterId": "1"}]
    assert unknown["code"] == 404
    assert receiver.received[-1][1]["Content-Type"] == "application/error+json"


def test_a_result_that_is_not_taken_is_sent_again_then_given_up_then_sent_when_asked(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.statuses = [500, 302, 400]
    with serving(receiver, tmp_path, task_attempts=3) as live:
        client = live.client(live.key())
        task = later(client, "GET", "/galleries", receiver.url)
        eventually(lambda: status(client, task) == "RESPONSE_ERROR", PATIENCE_S)
        assert len(receiver.received) == 3
        assert len({headers["webhook-id"] for _, headers, _ in receiver.received}) == 1
        assert client.post(f"/v1/tasks/{task}/redeliver", params=ASKING).status_code == 204
        eventually(lambda: status(client, task) == "COMPLETED", PATIENCE_S)
        assert receiver.bodies == [[GALLERY]] * 4


def test_a_callback_that_is_not_listed_is_refused_and_nothing_is_kept(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path) as live:
        client = live.client(live.key())
        asked = {**ASKING, "callback": "http://169.254.169.254/"}
        answer = client.post("/v1/persons", params=asked, json=encounter())
        assert (answer.status_code, "url_refused" in answer.text) == (400, True)
        assert client.get(f"/v1/galleries/{GALLERY}", params=ASKING).json() == []


def test_a_task_is_its_callers_own(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path, legal_bases={"osia": "Prison Act, section 9"}) as live:
        owner, other = (live.client(live.key(galleries=frozenset({GALLERY}), owner=name)) for name in ("4711", "4712"))
        task = later(owner, "GET", "/galleries", receiver.url)
        assert other.get(f"/v1/tasks/{task}/status", params=ASKING).status_code == 404
        assert other.post(f"/v1/tasks/{task}/redeliver", params=ASKING).status_code == 404
        assert owner.get("/v1/tasks/none/status", params=ASKING).status_code == 404
        eventually(lambda: status(owner, task) == "COMPLETED", PATIENCE_S)
        events = [each.event for each in live.service.store.events(0, 1000)]
        done = [each.caller for each in events if each.kind is EventKind.GALLERIES_LISTED]
    assert [(each.owner, each.legal_basis) for each in done] == [("4711", "Prison Act, section 9")]


def test_a_task_of_whoever_was_revoked_or_expired_is_not_done(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path, task_workers=0) as live:
        live.subject("A", GALLERY)
        later(live.client(live.key()), "DELETE", "/persons/A", receiver.url)
        (key,) = live.service.api_keys.keys()
        errand = Errand(services_for(live.service), key.caller(), key.galleries)
        asked = OfPerson(transaction_id="T-1", person_id=SubjectId("A"))
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        expired = Token("client", "", key.scopes, key.galleries, key.purposes, an_hour_ago)
        defer(errand, expired, BY_NAME["deleteAll"], asked, receiver.url, b"")
        live.service.api_keys.revoke(key.id, event(EventKind.API_KEY_REVOKED))
    with serving(receiver, tmp_path) as live:
        eventually(lambda: len(receiver.received) == 2, PATIENCE_S)
        assert [body["code"] for body in receiver.bodies] == [403, 403]
        assert live.service.store.subject(SubjectId("A")).encounters
        events = [each.event for each in live.service.store.events(0, 1000)]
    refused = [each.details["operation"] for each in events if each.kind is EventKind.ACCESS_REFUSED]
    assert refused == ["deleteAll", "deleteAll"]


def test_a_task_that_ends_every_process_is_given_up(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path, task_workers=0) as live:
        later(live.client(live.key()), "POST", "/persons/A/encounters/1", receiver.url, encounter())
        for _ in range(2):
            assert claimed(live)
    with serving(receiver, tmp_path, task_attempts=2) as live:
        eventually(lambda: bool(receiver.received), PATIENCE_S)
        assert receiver.bodies[0]["code"] == 500
        assert live.service.store.subjects(ALL_GALLERIES, None, 10) == []


def test_tasks_wait_for_the_next_process_and_keep_their_order(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path, task_workers=0) as live:
        key = live.key()
        client = live.client(key)
        for number in range(3):
            later(client, "POST", f"/persons/A/encounters/{number}", receiver.url, encounter(), priority=number)
        last = later(client, "GET", "/persons/A/encounters", receiver.url, priority=9)
        assert status(client, last) == "PENDING"
    with serving(receiver, tmp_path) as live:
        client = live.client(key)
        eventually(lambda: status(client, last) == "COMPLETED", PATIENCE_S)
        kept = client.get("/v1/persons/A/encounters", params=ASKING).json()
    assert [each["encounterId"] for each in kept] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/persons", encounter(), "personId"),
        ("POST", "/persons/B/encounters/1", encounter(), "personId"),
        ("DELETE", "/persons/A", None, "OK"),
        ("POST", "/persons/C/merge/A", None, "OK"),
        ("POST", "/persons/C/move/A/encounters/1", None, "OK"),
    ],
)
def test_what_was_done_just_before_a_process_died_is_not_done_twice(  # noqa: PLR0913, PLR0917
    receiver: Receiver, tmp_path: Path, method: str, path: str, body: object, told: str
) -> None:
    with serving(receiver, tmp_path, task_workers=0) as live:
        client = live.client(live.key())
        for person in ("A/encounters/1", "C/encounters/2"):
            assert client.post(f"/v1/persons/{person}", params=ASKING, json=encounter()).status_code == 200
        later(client, method, path, receiver.url, body)
        do_and_die(live)
        before = live.service.store.subjects(ALL_GALLERIES, None, 10)
    with serving(receiver, tmp_path) as live:
        eventually(lambda: bool(receiver.received), PATIENCE_S)
        after = live.service.store.subjects(ALL_GALLERIES, None, 10)
    assert [each.subject for each in after] == [each.subject for each in before]
    assert [each.encounters for each in after] == [each.encounters for each in before]
    assert told in receiver.bodies[0]


def claimed(live: LiveService) -> TaskWork | None:
    """The next task, however the clock is set meanwhile, for anybody to claim again at once."""
    now, minute = datetime.now(UTC), timedelta(minutes=1)
    return live.service.tasks.claim_work(now + minute, now - minute)


def do_and_die(live: LiveService) -> None:
    """Do the work of a task and never say so."""
    work = claimed(live)
    assert work
    recalled = recall(services_for(live.service), work)
    asked = recalled.operation.read_parameters(recalled.parameters)
    recalled.operation.work(recalled.errand, asked, recalled.operation.read_body(recalled.body))


def test_a_write_that_comes_late_undoes_none_that_came_after_it(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path, task_workers=0) as live:
        client, path = live.client(live.key()), "/persons/A/encounters/1"
        live.subject("A", GALLERY, encounter="1")
        later(client, "PUT", path, receiver.url, encounter(encounterType="early"))
        do_and_die(live)
        answer = client.put(f"/v1{path}", params=ASKING, json=encounter(encounterType="last"))
        assert answer.status_code == 200
        do_and_die(live)
        assert client.get(f"/v1{path}", params=ASKING).json()["encounterType"] == "last"


def test_what_is_being_done_is_held_until_it_is_done(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "HEARTBEAT_S", 0.02)
    with serving(receiver, tmp_path, task_workers=0) as live:
        client = live.client(live.key())
        settings = live.service.settings.model_copy(update={"task_workers": 1})
        working = runner.TaskRunner(replace(services_for(live.service), settings=settings))
        with live.service.store.enrolling(), sqlite3.connect(tmp_path / "biometric.db") as rows:
            later(client, "POST", "/persons/A/encounters/1", receiver.url, encounter())
            working.start()
            eventually(lambda: held_until(rows) is not None, PATIENCE_S)
            closing = threading.Thread(target=working.close)
            closing.start()
            for _ in range(3):
                seen = held_until(rows)
                eventually(lambda seen=seen: held_until(rows) != seen, PATIENCE_S)  # type: ignore[misc]
            assert client.get("/v1/persons/A/encounters/1", params=ASKING).status_code == 404, "it waits for its turn"
        closing.join()
        assert client.get("/v1/persons/A/encounters/1", params=ASKING).status_code == 200
        assert claimed(live) is None


def held_until(rows: sqlite3.Connection) -> object:
    return rows.execute("SELECT claimed_until FROM tasks").fetchone()[0]


@contextmanager
def killable(receiver: Receiver, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    settings = reaching(receiver, folder, fingerprint_model="", face_model="", port=port, tls=False)
    given = {f"BIOMETRIC_{name.upper()}": _as_text(value) for name, value in settings.items()}
    command = (sys.executable, "-m", "biometric_service", "serve")
    with subprocess.Popen(command, env={**os.environ, **given}, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: _answers(url), PATIENCE_S)
            yield process, url
        finally:
            process.kill()


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, tuple) else str(value)


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    return False


def test_nothing_that_was_accepted_is_lost_when_the_process_is_killed(receiver: Receiver, tmp_path: Path) -> None:
    with serving(receiver, tmp_path, task_workers=0) as live:
        key = live.key()
    accepted: set[str] = set()
    known = {"Authorization": f"Bearer {key}"}
    with (
        killable(receiver, tmp_path) as (process, url),
        httpx.Client(base_url=url, headers=known, timeout=60, trust_env=False) as client,
    ):
        for number in range(12):
            later(client, "POST", f"/persons/P-{number}/encounters/1", receiver.url, encounter())
            accepted.add(f"P-{number}")
        process.send_signal(signal.SIGKILL)
    with serving(receiver, tmp_path) as live:
        eventually(lambda: accepted <= {body["personId"] for body in receiver.bodies}, PATIENCE_S)
        assert {summary.subject for summary in live.service.store.subjects(ALL_GALLERIES, None, 100)} == accepted
        live.service.verify_audit()
    assert [body for body in receiver.bodies if "code" in body] == []
