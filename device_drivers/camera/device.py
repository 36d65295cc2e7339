"""``v4l2:///dev/video0``, ``rtsp://host/stream``, ``http+mjpeg://host/stream``: frames of a camera."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry

OPEN_MILLISECONDS = 5_000
WARM_UP_FRAMES = 3


class CameraSession:
    """Frames as the camera delivers them."""

    def __init__(self, stream: cv2.VideoCapture, info: DeviceInfo) -> None:
        self._stream = stream
        self._info = info

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Frames until the caller stops; DeviceError(TIMEOUT) where none comes in time, UNPLUGGED where it goes."""
        while True:
            try:
                pixels = await asyncio.wait_for(asyncio.to_thread(self._read), request.timeout)
            except TimeoutError:
                raise DeviceError(Reason.TIMEOUT, f"{self._info.url} sent no picture in time.") from None
            yield frame_of(pixels, None, self._info)

    def _read(self) -> NDArray[np.uint8]:
        there, pixels = self._stream.read()
        if not there:
            raise DeviceError(Reason.UNPLUGGED, f"{self._info.url} sends no more pictures: check cable and power.")
        return np.asarray(pixels, np.uint8)


class CameraDevice:
    """A camera at a URL."""

    def __init__(self, url: str) -> None:
        self.info = DeviceInfo(url, "camera", urlsplit(url).scheme, url, frozenset({Characteristic.FACE}), None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[CameraSession]:
        """Open the stream; DeviceError(NOT_FOUND or PERMISSION) where that fails."""
        stream = await asyncio.to_thread(_opened, self.info.url)
        try:
            for _ in range(WARM_UP_FRAMES):
                await asyncio.to_thread(stream.grab)
            yield CameraSession(stream, self.info)
        finally:
            await asyncio.to_thread(stream.release)


def device(url: str) -> CameraDevice:
    """The camera at the URL."""
    return CameraDevice(url)


def _opened(url: str) -> cv2.VideoCapture:
    address, backend = _address(url)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MILLISECONDS] if backend == cv2.CAP_FFMPEG else []
    stream = cv2.VideoCapture(address, backend, limits)
    if not stream.isOpened():
        stream.release()
        raise DeviceError(Reason.NOT_FOUND, f"No camera answers at {url}: check cable, address and credentials.")
    return stream


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme != "v4l2":
        return url.replace("http+mjpeg://", "http://", 1), cv2.CAP_FFMPEG
    if not os.path.exists(parts.path):  # noqa: PTH110 - a device node, not a file to be read
        raise DeviceError(Reason.NOT_FOUND, f"There is no {parts.path}: plug the camera in.")
    if not os.access(parts.path, os.R_OK | os.W_OK):
        raise DeviceError(Reason.PERMISSION, f"{parts.path} may not be opened: join the group video.")
    return parts.path, cv2.CAP_V4L2
