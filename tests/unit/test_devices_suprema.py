"""Suprema's terminals: which is meant, what its refusals mean, and that the library leaves nothing behind."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import numpy as np
import pytest

from device_drivers.errors import DeviceError
from device_drivers.protocol import CaptureRequest, Characteristic, Frame, Retry
from device_drivers.registry import device
from tests.emulators.benches.suprema import SupremaBench
from tests.emulators.suprema_gateway import MODEL, TERMINAL

USE = """
import sys
import device_drivers.suprema.device, biometric_service.cli.devices
print("biostarPython" in sys.modules, "biostarPython.service.finger_pb2" in sys.modules)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SupremaBench]:
    with closing(SupremaBench(tmp_path)) as made:
        made.show()
        yield made


def captured(url: str, seconds: float = 5.0) -> Retry | Frame:
    async def run() -> Retry | Frame:
        async with device(url).open() as session:
            async for each in session.capture(CaptureRequest(Characteristic.FINGERPRINT, seconds)):
                return each
        raise AssertionError

    return asyncio.run(run())


def test_a_frame_says_which_terminal_took_it_and_how_good_it_is(bench: SupremaBench) -> None:
    frame = captured(f"{bench.url}&score=40")
    assert isinstance(frame, Frame)
    said = dict(frame.settings)
    assert (said["terminal"], said["model"], said["quality"]) == (str(TERMINAL), MODEL, "77")
    assert frame.dpi == 500
    assert bench.gateway.scans[0].qualityThreshold == 40


@pytest.mark.parametrize("wanted", [str(TERMINAL), "10.0.0.20", "10.0.0.20:51211"])
def test_a_terminal_is_meant_by_its_id_or_address(bench: SupremaBench, wanted: str) -> None:
    assert isinstance(captured(f"{bench.url}&device={wanted}"), Frame)


def test_the_gateway_is_told_to_connect_to_an_address(bench: SupremaBench) -> None:
    bench.gateway.connected = False
    assert isinstance(captured(f"{bench.url}&device=10.0.0.20"), Frame)
    assert bench.gateway.connected


@pytest.mark.parametrize("wanted", ["123", "10.0.0.99"])
def test_a_terminal_that_the_gateway_has_not_is_not_found(bench: SupremaBench, wanted: str) -> None:
    with pytest.raises(DeviceError, match="not_found"):
        captured(f"{bench.url}&device={wanted}")


def test_which_of_several_terminals_must_be_said(bench: SupremaBench) -> None:
    bench.gateway.others = [1, 2]
    with pytest.raises(DeviceError, match=f"device= with one of {TERMINAL}, 1, 2"):
        captured(bench.url)
    assert isinstance(captured(f"{bench.url}&device={TERMINAL}"), Frame)


def test_a_terminal_without_a_sensor_for_fingers_is_refused(bench: SupremaBench) -> None:
    bench.gateway.fingers = False
    with pytest.raises(DeviceError, match="unsupported"):
        captured(bench.url)


def test_without_an_authority_nothing_is_opened(bench: SupremaBench) -> None:
    with pytest.raises(DeviceError, match="trust="):
        captured(bench.url.partition("?")[0])


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (grpc.StatusCode.UNKNOWN, "socket is not connected (-107)", "unplugged"),
        (grpc.StatusCode.PERMISSION_DENIED, "no licence", "permission"),
        (grpc.StatusCode.UNAUTHENTICATED, "log in", "permission"),
        (grpc.StatusCode.UNIMPLEMENTED, "", "unsupported"),
        (grpc.StatusCode.ABORTED, "another scan runs", "busy"),
        (grpc.StatusCode.INTERNAL, "packet checksum (-204)", "protocol"),
    ],
)
def test_a_refusal_is_told_as_what_it_is(bench: SupremaBench, status: grpc.StatusCode, said: str, reason: str) -> None:
    bench.gateway.refusal = status, said
    with pytest.raises(DeviceError, match=reason):
        captured(bench.url)


@pytest.mark.parametrize(
    ("said", "advice"), [("low quality (-308)", "flat"), ("fake finger (-311)", "no living finger")]
)
def test_the_person_is_advised_of_what_can_be_mended(bench: SupremaBench, said: str, advice: str) -> None:
    bench.gateway.refusal = grpc.StatusCode.UNKNOWN, said
    found = captured(bench.url)
    assert isinstance(found, Retry)
    assert advice in found.advice


def test_a_gateway_that_goes_in_mid_scan_is_unplugged_and_comes_back(bench: SupremaBench) -> None:
    bench.hide()

    async def run() -> None:
        async with device(bench.url).open() as session:
            task = asyncio.ensure_future(anext(aiter(session.capture(CaptureRequest(Characteristic.FINGERPRINT)))))
            await asyncio.sleep(0.2)
            await asyncio.to_thread(bench.gateway.close)
            with pytest.raises(DeviceError, match="unplugged"):
                await task

    asyncio.run(run())
    bench.gateway.plugged = True
    bench.gateway.start()
    bench.show()
    assert isinstance(captured(bench.url), Frame)


def test_a_picture_of_three_channels_is_one_of_grey(bench: SupremaBench, tmp_path: Path) -> None:
    grey = bench.expected()
    bench.load(np.repeat(grey[:, :, None], 3, 2))
    frame = captured(bench.url)
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.pixels, grey)
    assert not list(tmp_path.glob("*.log"))


def test_the_library_leaves_no_file_where_the_program_was_started(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    assert list(tmp_path.iterdir()) == []
