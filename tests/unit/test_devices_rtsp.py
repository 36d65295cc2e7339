"""IP cameras that stream, beyond the contract: passwords, UDP alone, and a stream that stands still."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, Characteristic, Frame
from device_drivers.registry import device
from device_drivers.rtsp.device import READ_MILLISECONDS
from device_drivers.rtsp.handshake import authorization
from tests.emulators.benches.rtsp import RtspBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[RtspBench]:
    made = RtspBench(tmp_path)
    made.show()
    yield made
    made.close()


def captured(url: str, seconds: float = 10.0) -> Frame:
    async def first() -> Frame:
        async with device(url).open() as session:
            async for each in session.capture(CaptureRequest(Characteristic.FACE, seconds)):
                assert isinstance(each, Frame)
                return each
        raise AssertionError

    return asyncio.run(first())


def test_the_digest_of_the_standard() -> None:
    # RFC 2069 with its errata: Mufasa, realm testrealm@host.com; here with RTSP's method
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    header = authorization(challenge, ("Mufasa", "CircleOfLife"), "rtsp://camera/stream")
    assert 'username="Mufasa"' in header
    assert 'uri="rtsp://camera/stream"' in header
    assert "CircleOfLife" not in header
    assert authorization("Basic realm=x", ("a", "b"), "") == "Basic YTpi"


def test_a_password_opens_by_digest_and_is_not_kept(bench: RtspBench) -> None:
    frame = captured(f"rtsp://guard:pass%20word@{bench.locked_host}/stream")
    assert frame.device.url == f"rtsp://{bench.locked_host}/stream"
    assert frame.pixels.shape == bench.expected().shape


@pytest.mark.parametrize("credentials", ["", "guard:wrong@"])
def test_without_the_password_it_is_a_fault_of_permission_and_none_is_told(bench: RtspBench, credentials: str) -> None:
    with pytest.raises(DeviceError) as caught:
        captured(f"rtsp://{credentials}{bench.locked_host}/stream")
    assert caught.value.reason is Reason.PERMISSION
    assert "wrong" not in caught.value.message.replace("wrong user", "")


def test_a_camera_that_offers_no_tcp_is_read_over_udp(bench: RtspBench) -> None:
    assert captured(f"rtsp://{bench.host}/udp").pixels.shape == bench.expected().shape


def test_a_stream_that_stands_still_is_seen_when_the_time_is_up(bench: RtspBench) -> None:
    async def stalled() -> tuple[float, Reason]:
        async with device(bench.url).open() as session:
            await anext(aiter(session.capture(CaptureRequest(Characteristic.FACE))))
            bench.hide()
            while True:  # until the last picture that was on its way has come
                asked = time.monotonic()
                try:
                    await anext(aiter(session.capture(CaptureRequest(Characteristic.FACE, 0.5))))
                except DeviceError as fault:
                    return time.monotonic() - asked, fault.reason

    seconds, reason = asyncio.run(stalled())
    assert reason is Reason.TIMEOUT
    assert 0.5 <= seconds < READ_MILLISECONDS / 1000


def test_something_else_on_the_port_is_a_fault_of_protocol() -> None:
    async def opened() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example ESMTP\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            async with device(f"rtsp://127.0.0.1:{port}/stream").open():
                pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(opened())
    assert caught.value.reason is Reason.PROTOCOL
