"""What items keep behind URLs is fetched once each, within one time and one size for all."""

import math
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from biometric_service.api.osia.fetching import fetch
from biometric_service.api.osia.schemas.biometrics import BiometricData
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.rules import OutboundRules
from biometric_service.settings import Settings
from tests.http_server import says, server

IMAGE = b"A" * 400


class Host:
    """Gives ``IMAGE`` to whoever asks; ``asked``: for what."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.origin = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        says(IMAGE)(request)

    def item(self, path: str, **more: str) -> BiometricData:
        said = {"biometricType": "FACE", "imageRef": f"{self.origin}{path}", **more}
        return BiometricData.model_validate(said, strict=False)

    def fetched(self, *sides: list[BiometricData], until: float = math.inf) -> dict[str, bytes]:
        gate = OutboundGate(OutboundRules((self.origin,), ("127.0.0.0/8",)), 60, 1000)
        settings = Settings(data_dir=Path("none"), max_request_images=2, max_request_bytes=1000)
        return dict(fetch(gate, settings, sides, until))


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    with server(host.answer) as port:
        host.origin = f"http://127.0.0.1:{port}"
        yield host


def refused(host: Host, *sides: list[BiometricData], until: float = math.inf) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as fault:
        host.fetched(*sides, until=until)
    return fault.value.code


def test_each_url_is_asked_once_and_none_of_what_is_sent_itself(host: Host) -> None:
    both = host.item("/a", templateRef=f"{host.origin}/b")
    assert set(host.fetched([both, host.item("/c", image="AAAA")], [both]).values()) == {IMAGE}
    assert host.asked == ["/a", "/b"]


def test_nobody_is_asked_once_the_time_of_the_call_is_over(host: Host) -> None:
    assert refused(host, [host.item("/a")], until=time.monotonic()) is ErrorCode.URL_UNREACHABLE
    assert host.asked == []


def test_items_and_bytes_are_bounded_as_in_a_request_that_holds_them(host: Host) -> None:
    assert refused(host, [host.item(f"/{name}") for name in "abc"]) is ErrorCode.REQUEST_TOO_LARGE
    assert host.asked == []
    assert refused(host, *([host.item(f"/{name}")] for name in "abcd")) is ErrorCode.REQUEST_TOO_LARGE
    assert host.asked == ["/a", "/b", "/c"]
