"""ONVIF cameras, beyond the contract: found on the network, asked for a profile, and told no other host's password."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from device_drivers.errors import DeviceError, Reason
from device_drivers.onvif import finding
from device_drivers.onvif.device import located
from device_drivers.protocol import CaptureRequest, Characteristic, Frame
from device_drivers.registry import device
from tests.emulators.benches.onvif import OnvifBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[OnvifBench]:
    made = OnvifBench(tmp_path)
    made.show()
    yield made
    made.close()


def test_a_camera_is_found_on_the_network_and_is_gone_when_it_is_unplugged(
    bench: OnvifBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SECONDS", 4)
    [found] = [each for each in asyncio.run(finding.discover()) if bench.camera.address in each.url]
    assert (found.url, found.model) == (f"onvif://{bench.camera.address}/", "Gate camera")
    bench.camera.plugged = False
    assert not [each for each in asyncio.run(finding.discover()) if bench.camera.address in each.url]


def test_a_frame_says_who_made_the_camera_and_which_profile_it_is_of(bench: OnvifBench) -> None:
    async def captured() -> Frame:
        async with device(f"{bench.url}?profile=main").open() as session:
            async for each in session.capture(CaptureRequest(Characteristic.FACE)):
                assert isinstance(each, Frame)
                return each
        raise AssertionError

    settings = dict(asyncio.run(captured()).settings)
    assert settings["profile"] == "main"
    assert (settings["manufacturer"], settings["model"], settings["serial number"]) == ("Acme", "Gate", "0815")
    assert bench.camera.asked[-3:] == ["GetProfiles", "GetDeviceInformation", "GetStreamUri"]


def test_the_password_goes_to_the_camera_alone_whatever_host_it_names() -> None:
    camera = urlsplit("onvif://guard:secret@192.0.2.7:8000/")
    assert located("rtsp://198.51.100.9:8554/a?b=c", camera) == "rtsp://guard:secret@192.0.2.7:8554/a?b=c"
    assert located("rtsp://other/a", urlsplit("onvif://[2001:db8::1]/")) == "rtsp://[2001:db8::1]/a"
    with pytest.raises(DeviceError, match="instead of RTSP"):
        located("http://other/a", camera)


@pytest.mark.parametrize(("url", "reason"), [("onvif://127.0.0.1:9/", Reason.NOT_FOUND), ("{http}", Reason.PROTOCOL)])
def test_what_is_no_onvif_camera_is_told_apart(url: str, reason: Reason) -> None:
    async def opened() -> None:
        async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")
            writer.close()

        server = await asyncio.start_server(page, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            async with device(url.format(http=f"onvif://127.0.0.1:{port}/")).open():
                pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(opened())
    assert caught.value.reason is reason
