"""What is too much or malformed is refused in one typed form, and a refusal costs little."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from PIL import Image

from biometric_service.api.telemetry.logs import TextFormatter
from biometric_service.app import connections
from tests.live_service import OPERATIONS, LiveService, live_service, without_models

IDENTIFY = f"{OPERATIONS}/identifications"
IMAGE = {"modality": "fingerprint", "data": "iVBORw0KGgo="}
ASKED = {"purpose": "test", "gallery": "ours"}
LIMIT = 20_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    settings = without_models(tmp_path_factory.mktemp("data"), max_request_bytes=LIMIT, max_request_images=3)
    with live_service(settings) as live:
        live.gallery("ours")
        yield live


@pytest.fixture
def client(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "code", "action", "request_id"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["detail"]
    assert problem["action"]


def test_a_body_that_says_it_is_too_large(client: httpx.Client) -> None:
    assert_problem(client.post(IDENTIFY, content=b" " * (LIMIT + 1)), 413, "request_too_large")


def test_a_body_that_turns_out_to_be_too_large(client: httpx.Client) -> None:
    chunks = (b"{" + b" " * 5_000 for _ in range(6))
    answer = client.post(IDENTIFY, content=chunks, headers={"content-type": "application/json"})
    assert_problem(answer, 413, "request_too_large")


def test_a_form_that_turns_out_to_be_too_large(client: httpx.Client) -> None:
    answer = client.post(IDENTIFY, files={"finger": b"\0" * (LIMIT + 1)}, data={"request": "{}"})
    assert_problem(answer, 413, "request_too_large")


def test_more_images_than_a_request_may_hold(client: httpx.Client) -> None:
    assert_problem(client.post(IDENTIFY, json={**ASKED, "images": [IMAGE] * 4}), 413, "request_too_large")


def test_more_parts_than_a_form_may_hold(client: httpx.Client) -> None:
    files = {f"image-{number}": b"x" for number in range(9)}
    assert_problem(client.post(IDENTIFY, files=files, data={"request": "{}"}), 400, "request_invalid")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"purpose": "\\ud800"}',
        b"[" * 10_000,
        b'{"purpose":"test","gallery":"ours","images":[]}',
        b'{"purpose":"","gallery":"ours","images":[{"modality":"face","data":""}]}',
        b'{"purpose":"test","gallery":"../x","images":[{"modality":"face","data":""}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"iris","data":""}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"face"}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"face","data":"","file":"a"}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"face","file":"absent"}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"face","data":"?"}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"fingerprint","dpi":NaN,"data":""}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"fingerprint","dpi":-1,"data":""}]}',
        b'{"purpose":"test","gallery":"ours","images":[{"modality":"face","data":""}],"misspelt":1}',
    ],
)
def test_a_malformed_body(client: httpx.Client, body: bytes) -> None:
    answer = client.post(IDENTIFY, content=body, headers={"content-type": "application/json"})
    assert_problem(answer, 400, "request_invalid")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_of_another_type(client: httpx.Client, content_type: str) -> None:
    answer = client.post(IDENTIFY, content=b"{}", headers={"content-type": content_type})
    assert_problem(answer, 400, "request_invalid")


def test_a_refusal_never_repeats_what_was_sent(client: httpx.Client) -> None:
    answer = client.post(IDENTIFY, json={**ASKED, "images": [{"modality": "face", "data": "SECRET-FACE"}]})
    assert_problem(answer, 400, "request_invalid")
    assert "SECRET" not in answer.text


@pytest.mark.parametrize("query", ["", "purpose=", "purpose=x&limit=0", "purpose=x&limit=1e9", "purpose=x&after=%00"])
def test_a_malformed_query(client: httpx.Client, query: str) -> None:
    assert_problem(client.get(f"{OPERATIONS}/subjects?{query}"), 400, "request_invalid")


def test_no_such_path_and_no_such_method(client: httpx.Client) -> None:
    assert_problem(client.get("/v1/operations/nothing"), 404, "request_invalid")
    answer = client.put(IDENTIFY)
    assert_problem(answer, 405, "request_invalid")
    assert answer.headers["allow"] == "POST"
    assert client.put(f"{OPERATIONS}/galleries").headers["allow"] == "GET, POST"


def test_unknown_gallery_and_subject(client: httpx.Client) -> None:
    assert_problem(client.get(f"{OPERATIONS}/subjects?purpose=x&gallery=none"), 404, "gallery_unknown")
    assert_problem(client.get(f"{OPERATIONS}/subjects/nobody?purpose=x"), 404, "subject_unknown")
    assert_problem(
        client.post(f"{OPERATIONS}/galleries", json={"purpose": "x", "gallery": "ALL"}), 400, "request_invalid"
    )
    assert_problem(
        client.post(f"{OPERATIONS}/galleries", json={"purpose": "x", "gallery": "ours"}), 409, "gallery_exists"
    )


def test_a_form_with_files_for_a_modality_without_a_model(client: httpx.Client) -> None:
    written = BytesIO()
    Image.new("L", (300, 400), 255).save(written, "PNG")
    request = json.dumps({**ASKED, "images": [{"modality": "face", "file": "face"}]})
    answer = client.post(IDENTIFY, files={"face": written.getvalue()}, data={"request": request})
    assert_problem(answer, 400, "modality_unavailable")


def test_every_answer_carries_the_headers_that_keep_browsers_honest(client: httpx.Client) -> None:
    for path in ("/", "/healthz", "/v1/operations/nothing", "/sign-in", "/console/frame.css"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in {"no-referrer", "same-origin"}
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]
        assert "server" not in headers or headers["server"] == "uvicorn"


def test_a_request_id_is_kept_where_it_is_harmless(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-Id": "a b\tc"}).headers["X-Request-Id"] != "a b\tc"


class Lines(logging.Handler):
    """Keeps what a log would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(TextFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    ours, handler = logging.getLogger("biometric_service"), Lines()
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield handler.lines
    ours.removeHandler(handler)
    ours.setLevel(level)


def test_a_log_line_has_the_request_id_and_neither_names_nor_secrets(live: LiveService, lines: list[str]) -> None:
    key = live.key()
    live.client(key).get(f"{OPERATIONS}/subjects/P-77?purpose=x", headers={"X-Request-Id": "id-4711"})
    until = time.monotonic() + 60
    while not (told := [each for each in lines if " id-4711 " in each]):  # an answer is there before its line
        assert time.monotonic() < until, lines
        time.sleep(0.01)
    assert len(told) == 1
    assert f" INFO id-4711 biometric_service.api.envelope GET {OPERATIONS}/subjects/{{subject}} 404 " in told[0]
    assert not any(secret in each for secret in ("P-77", key) for each in lines)


def test_health_and_readiness_of_a_service_without_models(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["mode"]) == (503, False, "none")


def test_the_service_answers_others_while_many_are_refused(live: LiveService, client: httpx.Client) -> None:
    body = {**ASKED, "images": [IMAGE]}
    statuses: list[int] = []
    clients = [live.client(live.key()) for _ in range(8)]

    def ask(one: httpx.Client) -> None:
        statuses.extend(one.post(IDENTIFY, json=body).status_code for _ in range(5))

    threads = [threading.Thread(target=ask, args=(one,)) for one in clients]
    for thread in threads:
        thread.start()
    assert client.get("/healthz").status_code == 200
    for thread in threads:
        thread.join()
    assert set(statuses) <= {400, 429}


def test_a_connection_too_many_is_told_so_and_lets_the_others_go_on(
    live: LiveService, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with httpx.Client(base_url=live.url, timeout=60, trust_env=False) as kept:
        assert kept.get("/healthz").status_code == 200
        monkeypatch.setattr(connections, "MOST", 1)
        refused = client.get("/healthz")
        assert (refused.status_code, refused.json()["code"]) == (503, "rate_limited")
        assert refused.headers["Retry-After"]
        assert refused.headers["Connection"] == "close"
        monkeypatch.undo()
        assert kept.get("/healthz").status_code == 200
