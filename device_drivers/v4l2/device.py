"""``v4l2:///dev/video0?width=1280&height=720``: a camera on USB or built in, of a size that it offers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from device_drivers.addresses import number
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import at, frame_of, require_captures
from device_drivers.pictures import DamagedPictureError, decoded
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.v4l2 import pixels
from device_drivers.workers import Message, Worker, worker

WORKER = "device_drivers.v4l2.worker"
OPEN_SECONDS = 5.0
DAMAGED = Retry("A picture came damaged: stay where you are, the next is being taken.", Advice.DAMAGED)


class V4l2Session:
    """A camera that streams, in a process of its own."""

    def __init__(self, serving: Worker, info: DeviceInfo, opened: Message) -> None:
        self._worker = serving
        self._info = info
        self._number = 0
        self._width, self._height, self._format = int(opened.words[0]), int(opened.words[1]), opened.words[2]
        size = f"{self._width}x{self._height}"
        self._settings = (
            Setting("camera", opened.payload.decode()),
            Setting("pixel format", self._format),
            Setting("size", size),
        )

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says."""
        require_captures(self._info, request)
        while True:
            self._number += 1
            self._worker.ask("frame", self._number)
            try:
                async with asyncio.timeout(request.timeout):
                    message = await self._answer()
            except TimeoutError:
                raise DeviceError(Reason.TIMEOUT, f"{self._info.url} sent no picture in time.") from None
            yield await self._meaning(message)

    async def _answer(self) -> Message:
        while (message := await self._worker.message()).words[0] != str(self._number):
            pass
        return message

    async def _meaning(self, message: Message) -> Retry | Frame:
        try:
            seen = await asyncio.to_thread(self._pixels, message.payload, int(message.words[2]))
        except (DamagedPictureError, ValueError):
            return DAMAGED
        if message.kind == "damaged":
            return DAMAGED
        return frame_of(seen, None, self._info, self._settings, at(float(message.words[1])))

    def _pixels(self, data: bytes, stride: int) -> NDArray[np.uint8]:
        if self._format == "MJPG":
            return decoded(data).pixels
        converted = pixels.yuyv if self._format == "YUYV" else pixels.grey
        return converted(data, self._width, self._height, stride)


class V4l2Device:
    """A camera at a device node."""

    def __init__(self, url: str) -> None:
        self._path = unquote(urlsplit(url).path)
        self._size = [str(int(number(url, name) or 0)) for name in ("width", "height")]
        self.info = DeviceInfo(url, "v4l2", "camera", self._path, frozenset({Characteristic.FACE}), None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[V4l2Session]:
        """Let the camera stream; DeviceError: NOT_FOUND, PERMISSION, BUSY, BAD_ADDRESS where it is no camera."""
        async with worker(sys.executable, WORKER, self._path, *self._size) as serving:
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    opened = await serving.message()
            except TimeoutError:
                raise DeviceError(Reason.TIMEOUT, f"{self._path} does not start: plug it in again.") from None
            yield V4l2Session(serving, self.info, opened)


def device(url: str) -> V4l2Device:
    """The camera at the URL."""
    return V4l2Device(url)
