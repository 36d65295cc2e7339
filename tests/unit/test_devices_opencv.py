"""Cameras read through OpenCV, whose reads cannot be interrupted: what giving up and closing do meanwhile."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from device_drivers.camera.device import CameraSession
from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, Characteristic, Frame
from device_drivers.registry import device
from tests.emulators.http_camera import HttpCamera

HASTY, PATIENT = CaptureRequest(Characteristic.FACE, 0.2), CaptureRequest(Characteristic.FACE, 10)


@pytest.fixture
def camera() -> Iterator[HttpCamera]:
    with closing(HttpCamera()) as made:
        made.sending.set()
        yield made


async def session_on(camera: HttpCamera) -> CameraSession:
    """OpenCV's FFmpeg back-end, which RTSP is read with, on a camera that this machine can emulate."""
    url = f"http://{camera.address}/stream?size=1"
    stream = await asyncio.to_thread(cv2.VideoCapture, url, cv2.CAP_FFMPEG)
    info = device("rtsp://camera/stream").info
    return CameraSession(stream, info)


async def first(session: CameraSession, request: CaptureRequest = PATIENT) -> Frame:
    async for each in session.capture(request):
        assert isinstance(each, Frame)
        return each
    raise AssertionError


async def fault_of(session: CameraSession, request: CaptureRequest) -> Reason:
    """The fault that ends the frames which the camera had sent before."""
    try:
        async for _ in session.capture(request):
            pass
    except DeviceError as fault:
        return fault.reason
    raise AssertionError


def test_frames_come_as_they_are_shown(camera: HttpCamera) -> None:
    async def captured() -> Frame:
        session = await session_on(camera)
        frame = await first(session)
        await session.close()
        return frame

    frame = asyncio.run(captured())
    assert frame.pixels.shape == (120, 160, 3)
    assert frame.pixels.dtype == np.uint8


def test_a_read_that_was_given_up_is_taken_by_the_next_capture_and_closing_waits_for_it(camera: HttpCamera) -> None:
    async def captured() -> None:
        session = await session_on(camera)
        await first(session)
        camera.sending.clear()
        assert await fault_of(session, HASTY) is Reason.TIMEOUT
        camera.sending.set()
        await first(session)
        camera.sending.clear()
        assert await fault_of(session, HASTY) is Reason.TIMEOUT
        threading.Timer(0.5, camera.sending.set).start()
        before = time.monotonic()
        await session.close()
        assert time.monotonic() - before > 0.2

    asyncio.run(captured())


def test_a_camera_that_ends_was_unplugged(camera: HttpCamera) -> None:
    async def captured() -> None:
        session = await session_on(camera)
        await first(session)
        camera.plugged = False
        assert await fault_of(session, PATIENT) is Reason.UNPLUGGED
        await session.close()

    asyncio.run(captured())


@pytest.mark.parametrize(
    ("url", "reason"),
    [("v4l2:///dev/no-such-camera", Reason.NOT_FOUND), ("rtsp://guard:secret@127.0.0.1:9/stream", Reason.NOT_FOUND)],
)
def test_what_is_not_there_is_not_found_and_no_password_is_told(url: str, reason: Reason) -> None:
    async def opened() -> None:
        async with device(url).open():
            pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(opened())
    assert caught.value.reason is reason
    assert "secret" not in str(caught.value)


def test_a_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").write_text("no camera")

    async def opened() -> None:
        async with device(f"v4l2://{tmp_path}/video0").open():
            pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(opened())
    assert caught.value.reason is Reason.NOT_FOUND
