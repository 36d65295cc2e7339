"""OWASP API Security Top 10 (2023), each by its number: what an attacker would try, and that it does not work."""

import json
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import HTTPSHandler, build_opener
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from biometric_service.api.access import jwks
from biometric_service.api.access.jwks import IssuerKeys, source_of
from biometric_service.api.operations.bodies import MOST_PROBES
from biometric_service.errors import BiometricServiceError
from biometric_service.vocabulary.access import Scope
from tests.certificates import identity
from tests.live_service import OPERATIONS, LiveService, live_service, without_models

IMAGE = {"modality": "fingerprint", "data": "iVBORw0KGgo="}
FACE = "U0VDUkVULUZBQ0U="
ISSUER = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("data")
    keys = {"keys": [{**json.loads(ECAlgorithm.to_jwk(ISSUER.public_key())), "kid": "1"}]}
    (folder / "jwks.json").write_text(json.dumps(keys))
    issuer = {"jwt_issuer": "https://issuer", "jwt_audience": "us", "jwt_jwks": str(folder / "jwks.json")}
    with live_service(without_models(folder, **issuer)) as live:
        for gallery in ("ours", "foreign"):
            live.gallery(gallery)
            live.subject(f"{gallery}-1", gallery)
        yield live


def token(**claims: object) -> str:
    known = {"iss": "https://issuer", "aud": "us", "sub": "app", "exp": time.time() + 60, "purposes": "*"}
    return jwt.encode({**known, **claims}, ISSUER, "ES256", {"kid": "1"})


def test_api1_broken_object_level_authorisation(live: LiveService) -> None:
    ours = live.client(live.key(galleries=frozenset({"ours"})))
    device = live.device("foreign")
    for path in ("subjects/foreign-1", f"devices/{device.id}"):
        there = ours.delete(f"{OPERATIONS}/{path}", params={"purpose": "x"})
        nowhere = ours.delete(f"{OPERATIONS}/{path[:-1]}9", params={"purpose": "x"})
        assert there.status_code == nowhere.status_code == 404
        assert there.json()["code"] == nowhere.json()["code"]
    asked = {"purpose": "x", "gallery": "ours", "first": "ours-1", "second": "foreign-1"}
    assert ours.post(f"{OPERATIONS}/comparisons", json=asked).json()["code"] == "subject_unknown"
    assert live.service.store.subject("foreign-1").subject == "foreign-1"  # type: ignore[arg-type]


def test_api2_broken_authentication(live: LiveService) -> None:
    path = f"{OPERATIONS}/api-key"
    good = live.client(token(scope="abis.identify"))
    assert good.get(path).json() == {
        "id": "jwt:app",
        "name": "app",
        "owner": "app@https://issuer",
        "scopes": ["abis.identify"],
        "galleries": [],
        "purposes": ["*"],
        "expires_at": good.get(path).json()["expires_at"],
    }
    expired = token(exp=time.time() - 60)
    unsigned = jwt.encode({"iss": "https://issuer", "aud": "us", "sub": "app"}, "", "none", {"kid": "1"})
    bound = token(cnf={"x5t#S256": "A" * 43})
    for bad in (expired, unsigned, bound, token(aud="them"), token(iss="https://other"), token()[:-20] + "A" * 20):
        assert live.client(bad).get(path).status_code == 401


def test_api2_guessing_is_throttled_and_does_not_grow_the_audit_log(tmp_path: Path) -> None:
    with live_service(without_models(tmp_path, failures_per_minute=1)) as live:
        before = live.service.verify_audit()
        answers = [live.client().get(f"{OPERATIONS}/api-key", headers={"X-Api-Key": uuid4().hex}) for _ in range(60)]
        throttled = [answer for answer in answers if answer.status_code == 429]
        assert len(throttled) >= 45
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in throttled)
        assert live.service.verify_audit() - before <= 15


def test_api3_broken_object_property_level_authorisation(live: LiveService) -> None:
    admin = live.client(live.key(frozenset({Scope.DEVICE_WRITE, Scope.GALLERY_READ}), frozenset({"ours"})))
    rights = {"scopes": ["abis.audit.read"], "galleries": ["ours"], "purposes": ["x"]}
    more = {"purpose": "x", "id": "gate", "name": "Gate", "certificate": identity("gate").pem, **rights}
    assert admin.post(f"{OPERATIONS}/devices", json=more).status_code == 403
    assert admin.post(f"{OPERATIONS}/devices", json={**more, "revoked_at": None}).status_code == 400
    listed = admin.get(f"{OPERATIONS}/subjects", params={"purpose": "x", "gallery": "ours"}).json()
    told = {"subject", "galleries", "encounters", "enrolled_at", "status", "merged_into", "version"}
    assert set(listed["subjects"][0]) <= told


def test_api4_unrestricted_resource_consumption(tmp_path: Path) -> None:
    limits = {"caller_rate": 0.01, "caller_burst": 5, "max_request_bytes": 5000, "upload_seconds": 0.3}
    with live_service(without_models(tmp_path, **limits)) as live:
        one, other = live.client(live.key()), live.client(live.key())
        answers = [one.get(f"{OPERATIONS}/api-key") for _ in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert other.get(f"{OPERATIONS}/api-key").status_code == 200
        assert other.post(f"{OPERATIONS}/galleries", content=b" " * 6000).status_code == 413
        assert _slowly(live).status_code in {400, 503}


def _slowly(live: LiveService) -> httpx.Response:
    def parts() -> Iterator[bytes]:
        yield b"{"
        time.sleep(0.8)
        yield b"}"

    headers = {"Content-Type": "application/json"}
    began = time.perf_counter()
    try:
        return live.client(live.key()).post(f"{OPERATIONS}/identifications", content=parts(), headers=headers)
    finally:
        assert time.perf_counter() - began < 30, "it was waited for as long as by default"


def test_api4_requests_in_progress_are_limited_for_each_caller(tmp_path: Path) -> None:
    with live_service(without_models(tmp_path, caller_concurrency=2)) as live, ExitStack() as opened:
        live.gallery("ours")
        head = f"POST {OPERATIONS}/identifications HTTP/1.1\r\nHost: x\r\nX-Api-Key: {live.key()}\r\n"
        begun = f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{".encode()
        address = ("127.0.0.1", httpx.URL(live.url).port or 0)
        callers = [opened.enter_context(socket.create_connection(address, timeout=60)) for _ in range(6)]
        for each in callers:
            each.sendall(begun)
        until, refused = time.monotonic() + 60, list[socket.socket]()
        while len(refused) < 4:
            assert time.monotonic() < until, "too many are in progress"
            refused, _, _ = select.select(callers, [], [], 0.1)
        assert [_status(each) for each in refused] == [429] * 4
        for each in (admitted := [each for each in callers if each not in refused]):
            each.sendall(b"}")
        assert [_status(each) for each in admitted] == [400] * 2


def _status(caller: socket.socket) -> int:
    return int(caller.recv(100).split()[1])


def test_api5_broken_function_level_authorisation(live: LiveService) -> None:
    officer = live.client(live.key(frozenset({Scope.IDENTIFY, Scope.VERIFY, Scope.MOVEMENT})))
    administration = [
        ("GET", "devices"),
        ("POST", "devices"),
        ("DELETE", "devices/gate"),
        ("POST", "galleries"),
        ("DELETE", "galleries/ours"),
        ("GET", "audit-events"),
        ("DELETE", "subjects/ours-1"),
        ("POST", "enrolments"),
    ]
    for method, path in administration:
        answer = officer.request(method, f"{OPERATIONS}/{path}", params={"purpose": "x"})
        assert answer.status_code == 403, path
    assert officer.request("PUT", f"{OPERATIONS}/galleries").status_code == 405
    assert officer.get("/metrics").status_code == 403


def test_api6_unrestricted_access_to_sensitive_business_flows(live: LiveService) -> None:
    """Searching for many people at once is bounded, and each search is an event with its purpose."""
    searcher = live.client(live.key(frozenset({Scope.IDENTIFY})))
    probes = [{"images": [IMAGE]}] * (MOST_PROBES + 1)
    asked = {"purpose": "x", "gallery": "ours", "probes": probes}
    assert searcher.post(f"{OPERATIONS}/identification-batches", json=asked).status_code == 400
    asked = {"gallery": "ours", "probes": probes[:1]}
    assert searcher.post(f"{OPERATIONS}/identification-batches", json=asked).status_code == 400


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "file:///etc/passwd", "https://localhost/x"])
def test_api7_server_side_request_forgery(live: LiveService, url: str) -> None:
    item = {"biometricType": "FACE", "imageRef": url}
    asked = {"filter": {}, "biometricData": [item]}
    answer = live.client(live.key()).post("/v1/identify/ours", params={"transactionId": "T"}, json=asked)
    assert answer.status_code == 400
    assert "url_refused" in answer.text or "not valid" in answer.text


def test_api8_security_misconfiguration(live: LiveService) -> None:
    client = live.client()
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        client.get("/healthz", headers={"Origin": "https://evil.example"}),
        client.options(f"{OPERATIONS}/identifications", headers=preflight),
        client.get("/docs"),
        client.get("/no/such/path"),
        client.request("TRACE", "/healthz"),
    ):
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        assert "Traceback" not in answer.text
    assert client.get("/docs").status_code == 404
    assert client.request("TRACE", "/healthz").status_code == 405


def test_api9_improper_inventory_management(live: LiveService) -> None:
    paths = live.client().get("/openapi.json").json()["paths"]
    assert all(path.startswith(f"{OPERATIONS}/") or path in {"/healthz", "/readyz", "/metrics"} for path in paths)
    for old in ("/v0/operations/subjects", "/operations/subjects", "/v2/operations/subjects", "/debug", "/admin"):
        assert live.client(live.key()).get(old).status_code == 404


class Liar(BaseHTTPRequestHandler):
    """An issuer that answers what it should not."""

    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
            return
        body = {"/large": b" " * 2_000_000, "/html": b"<html>", "/list": b"[]", "/number": b'{"keys": 7}'}[self.path]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    liar = identity("localhost")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*liar.files(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusting = ssl.create_default_context(cadata=liar.pem)
    trusting.check_hostname = False
    monkeypatch.setattr(jwks, "build_opener", partial(build_opener, HTTPSHandler(context=trusting)))
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("lie", ["redirect", "large", "html", "list", "number"])
def test_api10_unsafe_consumption_of_apis(issuer: str, lie: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert IssuerKeys(source_of(f"{issuer}/{lie}"), 300).find("1") is None
    assert "cannot be read" in caplog.text


def test_an_issuer_whose_certificate_nobody_vouches_for_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity("localhost").files(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert IssuerKeys(source_of(f"https://127.0.0.1:{server.server_address[1]}/list"), 300).find("1") is None
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
    server.shutdown()
    server.server_close()


def test_neither_secrets_nor_biometrics_are_logged(live: LiveService, caplog: pytest.LogCaptureFixture) -> None:
    key = live.key()
    bearer, gate = token(scope="abis.identify", galleries="ours"), identity("gate")
    device = live.device("ours", gate)
    proof = gate.proof(device.id, "GET", f"{OPERATIONS}/api-key")
    with caplog.at_level(logging.DEBUG):
        for secret in (key, bearer, "wrong.wrong"):
            asked = {"purpose": "x", "gallery": "ours", "images": [{"modality": "face", "data": FACE}]}
            live.client(secret).post(f"{OPERATIONS}/identifications", json=asked)
            live.client(secret).get(f"{OPERATIONS}/subjects/P-SECRET", params={"purpose": "x"})
        live.client().get(f"{OPERATIONS}/api-key", headers={"Device-Proof": proof})
        with pytest.raises(BiometricServiceError):
            live.service.store.subject("P-SECRET")  # type: ignore[arg-type]
    ours = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith(("biometric", "uvicorn")))
    assert "POST" in ours
    for secret in (key, key.split(".")[1], bearer, proof, FACE, "SECRET-FACE", "P-SECRET"):
        assert secret not in ours
