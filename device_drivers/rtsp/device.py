"""``rtsp://user:password@host/stream``: an IP camera, over TCP, or over UDP where it offers no other."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from device_drivers.addresses import without_credentials
from device_drivers.arrivals import Arrivals
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import Moment, frame_of, now, require_captures
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.rtsp.handshake import require_stream

OPEN_MILLISECONDS = READ_MILLISECONDS = 5_000
LIMITS = (
    *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MILLISECONDS),
    *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MILLISECONDS),
    *(cv2.CAP_PROP_N_THREADS, 1),  # each more holds another picture back
)
CLOSE_SECONDS = 1.0
# OpenCV takes FFmpeg's options from the environment alone. By default FFmpeg watches the stream for a second, to learn
# how many pictures a second it has, before it gives the first.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_flags;prefer_tcp|fpsprobesize;0")

Seen = tuple[NDArray[np.uint8], Moment]


class Reading:
    """A thread that reads a stream, all the time, so that no picture waits on the way and grows old.

    OpenCV's reads cannot be interrupted, and releasing a stream that is being read crashes: the thread releases it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._arrivals = Arrivals[Seen]()
        self._ended = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._read, name="rtsp", daemon=True)
        self._thread.start()

    async def next(self) -> Seen:
        """The next picture that comes; DeviceError(UNPLUGGED) where none does any more."""
        return await self._arrivals.next()

    async def end(self) -> None:
        """Stop; a read that does not come back within a second ends by itself, when its time is up."""
        self._ended.set()
        await asyncio.to_thread(self._thread.join, CLOSE_SECONDS)

    def _read(self) -> None:
        stream = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, list(LIMITS))
        there = stream.isOpened()
        while there and not self._ended.is_set():
            there, pixels = stream.read()
            if there:
                seen = (np.asarray(pixels, np.uint8), now())
                self._tell(partial(self._arrivals.put, seen))
        stream.release()
        what = f"{without_credentials(self._url)} sends no more pictures: check cable and power."
        self._tell(partial(self._arrivals.end, DeviceError(Reason.UNPLUGGED, what)))

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended, and nobody waits
            self._loop.call_soon_threadsafe(what)


class RtspSession:
    """A camera that has described its stream; it is read from the first capture on."""

    def __init__(self, url: str, info: DeviceInfo, settings: tuple[Setting, ...]) -> None:
        self._url = url
        self._info = info
        self._settings = settings
        self._reading: Reading | None = None

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says. What was lost on the way is made up by the decoder, unseen: over TCP nothing is."""
        require_captures(self._info, request)
        self._reading = self._reading or Reading(self._url)
        while True:
            try:
                async with asyncio.timeout(request.timeout):
                    pixels, moment = await self._reading.next()
            except TimeoutError:
                raise DeviceError(Reason.TIMEOUT, f"{self._info.url} sent no picture in time.") from None
            size = Setting("size", f"{pixels.shape[1]}x{pixels.shape[0]}")
            yield frame_of(pixels, None, self._info, (*self._settings, size), moment)

    async def close(self) -> None:
        """Read no more."""
        if self._reading:
            await self._reading.end()


class RtspDevice:
    """A camera at a URL, which others may look through at the same time."""

    def __init__(self, url: str) -> None:
        shown = without_credentials(url)
        self._url = url
        self.info = DeviceInfo(shown, "rtsp", "IP camera", shown, frozenset({Characteristic.FACE}), None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RtspSession]:
        """Have the stream described; DeviceError as ``handshake.require_stream`` raises."""
        await require_stream(self._url)
        async with streaming(self._url, self.info) as session:
            yield session


@asynccontextmanager
async def streaming(url: str, info: DeviceInfo, settings: tuple[Setting, ...] = ()) -> AsyncIterator[RtspSession]:
    """A session on a stream that is known to be there."""
    session = RtspSession(url, info, settings)
    try:
        yield session
    finally:
        await session.close()


def device(url: str) -> RtspDevice:
    """The camera at the URL."""
    return RtspDevice(url)
