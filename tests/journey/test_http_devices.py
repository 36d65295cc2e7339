"""Devices: known by the certificate of their connection or by what they sign, registered and revoked over HTTP."""

import base64
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import httpx
import pytest

from biometric_service.app import connections
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from tests.certificates import Identity, identity
from tests.live_service import OPERATIONS, LiveService, live_service, without_models

Open = Callable[..., httpx.Client]
"""Opens a client: with a certificate or none, from an address or any, with further headers."""
AUTHORITY = identity("authority")
OWN = f"{OPERATIONS}/api-key"
DEVICES = f"{OPERATIONS}/devices"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "ca.pem").write_text(AUTHORITY.pem)
    settings = without_models(folder, tls_client_ca_file=folder / "ca.pem", trusted_proxies=("127.0.0.2",))
    with live_service(settings, tls=True) as live:
        live.gallery("ours")
        yield live


def context(live: LiveService, of: Identity | None = None) -> ssl.SSLContext:
    folder = live.service.settings.data_dir
    found = ssl.create_default_context(cafile=str(folder / "tls.pem"))
    if of:
        found.load_cert_chain(*of.files(folder))
    return found


@pytest.fixture
def open_client(live: LiveService) -> Iterator[Open]:
    opened: list[httpx.Client] = []

    def make(of: Identity | None = None, address: str | None = None, **headers: str) -> httpx.Client:
        transport = httpx.HTTPTransport(verify=context(live, of), local_address=address)
        known: dict[str, Any] = {"transport": transport, "headers": headers, "timeout": 60, "trust_env": False}
        opened.append(httpx.Client(base_url=live.url, **known))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


def test_a_device_is_known_by_the_certificate_of_its_connection(live: LiveService, open_client: Open) -> None:
    gate = identity("gate", AUTHORITY)
    device = live.device("ours", gate, frozenset({Scope.GALLERY_READ}))
    client = open_client(gate)
    answer = client.get(OWN)
    assert (answer.status_code, answer.json()["id"]) == (200, f"device:{device.id}")
    listed = client.get(f"{OPERATIONS}/subjects", params={"purpose": "x", "gallery": "ours", "device": "liar"})
    assert listed.status_code == 200
    event = live.last_event()
    assert (event.caller.actor, event.caller.device) == (f"device:{device.id}", device.id)


def test_a_revoked_device_is_nobody_at_once(live: LiveService, open_client: Open) -> None:
    gate = identity("gate", AUTHORITY)
    device = live.device("ours", gate)
    client = open_client(gate)
    assert client.get(OWN).status_code == 200
    admin = open_client(**{"X-Api-Key": live.key()})
    assert admin.delete(f"{DEVICES}/{device.id}", params={"purpose": "x"}).status_code == 200
    assert live.last_event().kind is EventKind.DEVICE_REVOKED
    assert client.get(OWN).status_code == 401


def test_a_certificate_that_is_not_registered_is_nobody(open_client: Open) -> None:
    assert open_client(identity("stranger", AUTHORITY)).get(OWN).status_code == 401


def test_a_certificate_of_another_authority_does_not_even_connect(open_client: Open) -> None:
    with pytest.raises(httpx.TransportError):
        open_client(identity("stranger", identity("another"))).get(OWN)


def test_a_proxy_is_believed_only_where_it_is_listed(live: LiveService, open_client: Open) -> None:
    gate = identity("gate")
    live.device("ours", gate)
    der = ssl.PEM_cert_to_DER_cert(gate.pem)
    given = {"Client-Cert": f":{base64.b64encode(der).decode()}:"}
    assert open_client(address="127.0.0.2", **given).get(OWN).status_code == 200
    assert open_client(**given).get(OWN).status_code == 401
    assert open_client(address="127.0.0.2", **{"Client-Cert": ":nonsense:"}).get(OWN).status_code == 401


def test_a_device_signs_its_requests_where_tls_ends_elsewhere(live: LiveService, open_client: Open) -> None:
    gate, client = identity("gate"), open_client()
    device = live.device("ours", gate)
    proof = gate.proof(device.id, "GET", OWN)
    assert client.get(OWN, headers={"Device-Proof": proof}).json()["id"] == f"device:{device.id}"
    replayed = client.get(OWN, headers={"Device-Proof": proof})
    assert (replayed.status_code, replayed.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("ahead_s", [-50, -1, 0, 1, 30, 50])
def test_the_clock_of_a_device_may_differ_by_less_than_a_minute(
    live: LiveService, open_client: Open, ahead_s: float
) -> None:
    gate = identity("gate")
    device = live.device("ours", gate)
    proof = gate.proof(device.id, "GET", OWN, iat=time.time() + ahead_s)
    assert open_client().get(OWN, headers={"Device-Proof": proof}).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htu": DEVICES},
        {"iat": time.time() - 3600},
        {"iat": time.time() + 3600},
        {"iat": 10**400},
        {"iat": "now"},
        {"jti": ""},
        {"jti": None},
        {"bdy": "AAAA"},
    ],
)
def test_a_proof_of_another_request_is_none(live: LiveService, open_client: Open, changes: dict[str, Any]) -> None:
    gate = identity("gate")
    device = live.device("ours", gate)
    proof = gate.proof(device.id, "GET", OWN, **changes)
    assert open_client().get(OWN, headers={"Device-Proof": proof}).status_code == 401


def test_a_proof_signed_by_another_key_is_none(live: LiveService, open_client: Open) -> None:
    device = live.device("ours")
    proof = identity("thief").proof(device.id, "GET", OWN)
    assert open_client().get(OWN, headers={"Device-Proof": proof}).status_code == 401


def test_a_body_that_was_exchanged_on_the_way_is_found(live: LiveService, open_client: Open) -> None:
    gate, client = identity("gate"), open_client()
    device = live.device("ours", gate)
    body, path = b'{"purpose": "x", "gallery": "here"}', f"{OPERATIONS}/galleries"
    headers = {"Content-Type": "application/json", "Device-Proof": gate.proof(device.id, "POST", path, body)}
    assert client.post(path, content=body.replace(b"here", b"gone"), headers=headers).status_code == 401
    assert client.post(path, content=body, headers=headers).status_code == 403  # known now, but not its gallery


def registration(of: Identity, **changes: object) -> dict[str, object]:
    rights = {"scopes": ["abis.movement"], "galleries": ["ours"], "purposes": ["movement"]}
    return {"purpose": "admin", "id": f"gate-{time.time_ns()}", "name": "A", "certificate": of.pem, **rights, **changes}


def test_a_device_is_registered_and_listed(live: LiveService, open_client: Open) -> None:
    gate, admin = identity("gate", AUTHORITY), open_client(**{"X-Api-Key": live.key()})
    body = registration(gate)
    made = admin.post(DEVICES, json=body)
    assert (made.status_code, made.json()["fingerprint"]) == (201, gate.fingerprint.hex())
    assert live.last_event().details["device"] == body["id"]
    assert body["id"] in [each["id"] for each in admin.get(DEVICES, params={"purpose": "x"}).json()["devices"]]
    assert open_client(gate).get(OWN).json()["scopes"] == ["abis.movement"]
    again = admin.post(DEVICES, json=registration(gate))
    assert (again.status_code, again.json()["code"]) == (409, "device_exists")


@pytest.mark.parametrize(
    "changes", [{"scopes": ["abis.audit.read"]}, {"galleries": ["ALL"]}, {"purposes": ["*"]}, {"purposes": ["other"]}]
)
def test_nobody_gives_a_device_more_than_they_have(
    live: LiveService, open_client: Open, changes: dict[str, object]
) -> None:
    scopes = frozenset({Scope.DEVICE_WRITE, Scope.MOVEMENT})
    key = live.key(scopes, frozenset({"ours"}), frozenset({"admin", "movement"}))
    admin, gate = open_client(**{"X-Api-Key": key}), identity("gate")
    assert admin.post(DEVICES, json=registration(gate, **changes)).status_code == 403
    assert admin.post(DEVICES, json=registration(gate)).status_code == 201


@pytest.mark.parametrize("certificate", ["", "nonsense", AUTHORITY.pem.replace("A", "B")])
def test_a_certificate_that_is_none_is_refused(live: LiveService, open_client: Open, certificate: str) -> None:
    admin = open_client(**{"X-Api-Key": live.key()})
    answer = admin.post(DEVICES, json=registration(AUTHORITY, certificate=certificate))
    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


def test_old_tls_is_refused_and_new_tls_is_spoken(live: LiveService) -> None:
    address = (httpx.URL(live.url).host, httpx.URL(live.url).port or 0)
    modern = context(live)
    with socket.create_connection(address) as raw, modern.wrap_socket(raw, server_hostname="localhost") as spoken:
        assert spoken.version() == "TLSv1.3"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.options &= ~ssl.OP_NO_TLSv1_1
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with socket.create_connection(address) as raw, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(raw, server_hostname="localhost")


def test_who_says_nothing_is_not_waited_for(live: LiveService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    address, trusting = (httpx.URL(live.url).host, httpx.URL(live.url).port or 0), context(live)
    for said in (b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "):
        with (
            socket.create_connection(address) as raw,
            closing(trusting.wrap_socket(raw, server_hostname="localhost")) as slow,
        ):
            slow.settimeout(60)
            with suppress(ConnectionError):  # the line was closed before all was said
                slow.sendall(said)
                assert slow.recv(100) == b""


def test_the_certificate_made_at_the_first_start_is_kept_private(live: LiveService) -> None:
    assert (live.service.settings.data_dir / "tls.key").stat().st_mode & 0o077 == 0
