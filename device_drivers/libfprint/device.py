"""``libfprint://uru4000/0``: a USB fingerprint reader that libfprint has a driver for.

The host is libfprint's name of the driver (none: any), the path the number among its readers (none: the first).
``?dpi=`` where libfprint's driver serves sensors of several resolutions, or the measured one is better.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import numpy as np

from device_drivers.addresses import number
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of, require_captures
from device_drivers.libfprint.sensors import DPI
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.workers import Message, Worker, worker

PYTHON = "/usr/bin/python3"
WORKER = "device_drivers.libfprint.worker"
OPEN_SECONDS = 20.0
PLACE = Retry("Place the finger on the reader.", Advice.PLACE)
ADVICE = {
    "general": Retry("The picture was not clear: place the finger again.", Advice.UNCLEAR),
    "too-short": Retry("The swipe was too short: swipe the whole finger.", Advice.TOO_SHORT),
    "center-finger": Retry("The finger was off centre: place it in the middle.", Advice.OFF_CENTRE),
    "remove-finger": Retry("Lift the finger, and place it again.", Advice.LIFT),
    "too-fast": Retry("The finger moved too fast: more slowly.", Advice.TOO_FAST),
}


class LibfprintSession:
    """An opened reader, in a process of its own."""

    def __init__(self, serving: Worker, info: DeviceInfo, settings: tuple[Setting, ...]) -> None:
        self._worker = serving
        self._info = info
        self._settings = settings
        self._number = 0

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says; each advice once while it stays true."""
        require_captures(self._info, request)
        advice: Retry | None = None
        number = self._begin()
        try:
            deadline = time.monotonic() + request.timeout
            while True:
                message = await self._next(deadline)
                found = self._meaning(message)
                if isinstance(found, Frame) or (found and found != advice):
                    yield found
                if isinstance(found, Frame):
                    deadline = time.monotonic() + request.timeout
                if message.kind != "finger":
                    number = self._begin()
                advice = found if isinstance(found, Retry) else advice
        finally:
            self._worker.ask("cancel", number)  # and no later one, which may have begun

    def _begin(self) -> int:
        self._number += 1
        self._worker.ask("capture", self._number)
        return self._number

    async def _next(self, deadline: float) -> Message:
        """The next that is said of this capture."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                while True:
                    message = await self._worker.message()
                    if message.words[0] == str(self._number):
                        return message
        except TimeoutError:
            raise DeviceError(Reason.TIMEOUT, "No finger came in time: place it on the reader.") from None

    def _meaning(self, message: Message) -> Retry | Frame | None:
        if message.kind == "finger":
            return PLACE if message.words[1] == "needed" else None
        if message.kind == "retry":
            return ADVICE.get(message.words[1], ADVICE["general"])
        width, height = map(int, message.words[1:3])
        pixels = np.frombuffer(message.payload, np.uint8).reshape(height, width)
        return frame_of(pixels, self._info.dpi, self._info, self._settings)


class LibfprintDevice:
    """A reader by driver and number."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._driver, self._number = parts.netloc, parts.path.strip("/") or "0"
        if not self._number.isdecimal():
            raise DeviceError(Reason.BAD_ADDRESS, f"{self._number} is no number of a reader: correct the URL.")
        dpi = number(url, "dpi") or DPI.get(self._driver)
        captures = frozenset({Characteristic.FINGERPRINT})
        self.info = DeviceInfo(url, "libfprint", self._driver or "any", self._number, captures, dpi)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LibfprintSession]:
        """Start the reader's process.

        DeviceError: NOT_FOUND, BUSY or PERMISSION for the reader, UNSUPPORTED where it gives no images or libfprint is
        not installed, TIMEOUT where it does not start within 20 s.
        """
        async with worker(PYTHON, WORKER, self._driver, self._number) as serving:
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    opened = await serving.message()
            except TimeoutError:
                raise DeviceError(Reason.TIMEOUT, f"{self.info.url} does not start: plug it in again.") from None
            driver, _, images = opened.words
            if images != "images":
                raise DeviceError(Reason.UNSUPPORTED, f"{driver} gives no images: it compares on its own chip.")
            settings = (Setting("driver", driver), Setting("reader", opened.payload.decode()))
            yield LibfprintSession(serving, self.info, settings)


def device(url: str) -> LibfprintDevice:
    """The reader at the URL."""
    return LibfprintDevice(url)
