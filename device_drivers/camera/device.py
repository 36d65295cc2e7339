"""``v4l2:///dev/video0`` and ``rtsp://host/stream``: frames of a camera, through OpenCV."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from device_drivers.addresses import without_credentials
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry

OPEN_MILLISECONDS = 5_000
READ_MILLISECONDS = 10_000
LIMITS = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MILLISECONDS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MILLISECONDS]
WARM_UP_FRAMES = 3


class CameraSession:
    """Frames as the camera delivers them.

    OpenCV's reads cannot be interrupted: a read that its caller gave up goes on in its thread, the next capture takes
    what it brings, and closing waits for it, since releasing a camera that is being read crashes.
    """

    def __init__(self, stream: cv2.VideoCapture, info: DeviceInfo) -> None:
        self._stream = stream
        self._info = info
        self._reading: asyncio.Task[NDArray[np.uint8]] | None = None

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Frames until the caller stops; DeviceError(TIMEOUT) where none comes in time, UNPLUGGED where it goes."""
        while True:
            try:
                pixels = await asyncio.wait_for(self._next(), request.timeout)
            except TimeoutError:
                raise DeviceError(Reason.TIMEOUT, f"{self._info.url} sent no picture in time.") from None
            yield frame_of(pixels, None, self._info)

    async def close(self) -> None:
        """Release the camera, after the read that is under way."""
        if self._reading:
            await asyncio.wait({self._reading})
            self._reading.exception()
        await asyncio.to_thread(self._stream.release)

    async def _next(self) -> NDArray[np.uint8]:
        self._reading = self._reading or asyncio.create_task(asyncio.to_thread(self._read))
        pixels = await asyncio.shield(self._reading)
        self._reading = None
        return pixels

    def _read(self) -> NDArray[np.uint8]:
        there, pixels = self._stream.read()
        if not there:
            raise DeviceError(Reason.UNPLUGGED, f"{self._info.url} sends no more pictures: check cable and power.")
        return np.asarray(pixels, np.uint8)


class CameraDevice:
    """A camera at a URL."""

    def __init__(self, url: str) -> None:
        shown = without_credentials(url)
        self._url = url
        self.info = DeviceInfo(shown, "camera", urlsplit(url).scheme, shown, frozenset({Characteristic.FACE}), None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[CameraSession]:
        """Open the stream; DeviceError(NOT_FOUND or PERMISSION) where that fails."""
        opening = asyncio.create_task(asyncio.to_thread(_opened, self._url))
        try:
            session = CameraSession(await asyncio.shield(opening), self.info)
        except asyncio.CancelledError:
            opening.add_done_callback(_abandon)
            raise
        try:
            yield session
        finally:
            await session.close()


def device(url: str) -> CameraDevice:
    """The camera at the URL."""
    return CameraDevice(url)


def _opened(url: str) -> cv2.VideoCapture:
    address, backend = _address(url)
    stream = cv2.VideoCapture(address, backend, LIMITS if backend == cv2.CAP_FFMPEG else [])
    if not stream.isOpened():
        stream.release()
        raise DeviceError(
            Reason.NOT_FOUND, f"No camera answers at {without_credentials(url)}: check cable, address and password."
        )
    for _ in range(WARM_UP_FRAMES):
        stream.grab()
    return stream


def _abandon(opening: asyncio.Task[cv2.VideoCapture]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().release()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme != "v4l2":
        return url, cv2.CAP_FFMPEG
    if not os.path.exists(parts.path):  # noqa: PTH110 - a device node, not a file to be read
        raise DeviceError(Reason.NOT_FOUND, f"There is no {parts.path}: plug the camera in.")
    if not os.access(parts.path, os.R_OK | os.W_OK):
        raise DeviceError(Reason.PERMISSION, f"{parts.path} may not be opened: join the group video.")
    return parts.path, cv2.CAP_V4L2
