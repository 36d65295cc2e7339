"""The way out: listed origins only, no private address that is not listed, pinned, bounded, no redirect followed."""

import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.rules import OutboundRules
from tests.http_server import Answer, says, server

LOOPBACK = ("127.0.0.0/8", "::1/128")


def gate(*origins: str, networks: tuple[str, ...] = LOOPBACK, seconds: float = 60, most: int = 100) -> OutboundGate:
    return OutboundGate(OutboundRules(origins, networks), seconds, most)


def fault_of(work: Callable[[], object]) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as fault:
        work()
    return fault.value.code


def test_a_listed_url_is_fetched() -> None:
    with server(says(b"image")) as port:
        assert gate(f"http://127.0.0.1:{port}").get(f"http://127.0.0.1:{port}/a?b=c") == b"image"


def test_what_is_posted_arrives() -> None:
    received: list[tuple[str, bytes, str | None]] = []

    def keep(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        received.append((request.path, body, request.headers["Content-Type"]))
        says(b"", 204)(request)

    with server(keep) as port:
        origin = f"http://127.0.0.1:{port}"
        assert gate(origin).post(f"{origin}/c?d=1", b"{}", {"Content-Type": "application/json"}).status == 204
    assert received == [("/c?d=1", b"{}", "application/json")]


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/",
        "http://partner.example/",
        "https://partner.example:444/",
        "https://user@partner.example/",
        "https://partner.example@evil.example/",
        "https://partner.example/#there",
        "https://partner.example/\r\nHost: evil",
        "ftp://partner.example/",
        "file:///etc/passwd",
        "//partner.example/",
        "https://partner.example:port/",
        "https://[::1",
        "",
        "https://partner.example/" + "a" * 3000,
    ],
)
def test_anything_but_a_listed_origin_is_refused(url: str) -> None:
    assert fault_of(lambda: gate("https://partner.example").require(url)) is ErrorCode.URL_REFUSED


def test_an_origin_is_the_same_however_it_is_written() -> None:
    gate("https://Partner.example").require("https://partner.example:443/a")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_a_private_address_is_not_connected_to(address: str) -> None:
    assert not OutboundRules((), ()).allows(address)


def test_a_public_address_and_a_listed_private_one_are_allowed() -> None:
    rules = OutboundRules((), ("10.1.0.0/16",))
    assert rules.allows("93.184.215.14")
    assert rules.allows("10.1.2.3")
    assert not rules.allows("10.2.2.3")


def test_a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent() -> None:
    with server(says(b"secret")) as port:
        origin = f"http://localhost:{port}"
        assert fault_of(lambda: gate(origin, networks=()).get(origin)) is ErrorCode.URL_REFUSED


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *rest: object, **more: object) -> object:
        asked.append(host)
        name = "127.0.0.1" if host == "rebound.example" and asked.count(host) == 1 else host
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with server(says(b"ok")) as port:
        assert gate(f"http://rebound.example:{port}").get(f"http://rebound.example:{port}/") == b"ok"
    assert asked.count("rebound.example") == 1


def test_a_redirect_is_not_followed() -> None:
    with server(says(b"", 302, Location="http://127.0.0.1:1/")) as port:
        origin = f"http://127.0.0.1:{port}"
        assert fault_of(lambda: gate(origin).get(origin)) is ErrorCode.URL_UNREACHABLE


@pytest.mark.parametrize("answer", [says(b"x" * 101), says(b"half", length="8"), says(b"", 500)])
def test_too_much_too_little_and_a_fault_are_unreachable(answer: Answer) -> None:
    with server(answer) as port:
        origin = f"http://127.0.0.1:{port}"
        assert fault_of(lambda: gate(origin).get(origin)) is ErrorCode.URL_UNREACHABLE


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_a_dripping_answer_is_cut_off_in_time(connection: str) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.send_header("Connection", connection)
        request.end_headers()
        for _ in range(100):
            try:
                request.wfile.write(b".")
                request.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    with server(drip) as port:
        origin = f"http://127.0.0.1:{port}"
        began = time.monotonic()
        assert fault_of(lambda: gate(origin, seconds=0.4).get(origin)) is ErrorCode.URL_UNREACHABLE
        assert time.monotonic() - began < 6


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert fault_of(lambda: gate(origin).get(origin)) is ErrorCode.URL_UNREACHABLE


@pytest.mark.parametrize(("origins", "networks"), [(("partner.example",), ()), ((), ("10.1.0.0/99",))])
def test_a_wrong_list_is_a_wrong_setting(origins: tuple[str, ...], networks: tuple[str, ...]) -> None:
    assert fault_of(lambda: OutboundRules(origins, networks)) is ErrorCode.SETTINGS_INVALID


def test_a_file_drop_is_not_asked_by_http() -> None:
    drop = "sftp://127.0.0.1:1022/folder"
    listed = gate("sftp://127.0.0.1:1022")
    listed.require(drop)
    assert fault_of(lambda: listed.get(drop)) is ErrorCode.URL_REFUSED
