"""``zfm:///dev/ttyUSB0?baud=115200``: a fingerprint module on a serial line.

The module is found at whatever baud it speaks, and set to ``baud=`` where that is given, and to its longest packets.
``password=`` and ``dpi=`` may follow, where they are not the usual 0 and the sensor's own.

The image has four bits a pixel, two pixels a byte, the left one in the high half.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from device_drivers.addresses import number, without_parameter
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of, require_captures
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.zfm.line import Line
from device_drivers.zfm.port import BAUDS, SerialPort
from device_drivers.zfm.wire import Code, Command, DamagedPacketError, Wire, refused

SENSORS = {
    256 * 288 // 2: (288, 256, 500.0),  # ZFM-20, R30x, AS608
    192 * 192 // 2: (192, 192, 508.0),  # R503
}
USUAL_BAUD = 57_600
MOST_PASSWORD = 0xFFFFFFFF
LEVEL = 17  # 15 levels fill 0 to 255
POLL_SECONDS = 0.05
ADVICE = {
    Code.NO_FINGER: Retry("Place the finger flat on the reader.", Advice.PLACE),
    Code.IMAGE_FAILED: Retry("It was not clear: clean finger and reader, and place the finger again.", Advice.UNCLEAR),
}
DAMAGED = Retry("The picture came damaged: leave the finger on the reader, it is being taken again.", Advice.DAMAGED)


class ZfmSession:
    """An opened module that has accepted the password."""

    def __init__(self, wire: Wire, info: DeviceInfo, settings: tuple[Setting, ...]) -> None:
        self._wire = wire
        self._info = info
        self._settings = settings

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Images of the finger, and each advice once while it stays true.

        DeviceError: TIMEOUT where no finger comes in time (sending the image, 7 s at 57,600 baud, is not counted) or
        the module is silent for two seconds, UNPLUGGED where the port goes, UNSUPPORTED for other than a fingerprint.
        """
        require_captures(self._info, request)
        advice: Retry | None = None
        deadline = time.monotonic() + request.timeout
        while True:
            found = await self._attempt()
            if found != advice:
                yield found
            if isinstance(found, Frame):
                deadline = time.monotonic() + request.timeout
            else:
                await self._wait(deadline)
            advice = found if isinstance(found, Retry) else None

    async def _wait(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeviceError(Reason.TIMEOUT, "No clear picture of a finger came in time: place the finger again.")
        await asyncio.sleep(min(POLL_SECONDS, left))

    async def _attempt(self) -> Retry | Frame:
        try:
            code = await self._wire.ask(Command.TAKE_IMAGE)
            if code in ADVICE:
                return ADVICE[Code(code)]
            if code != Code.DONE:
                raise refused(Command.TAKE_IMAGE, code)
            return self._frame(await self._wire.image())
        except DamagedPacketError:
            return DAMAGED

    def _frame(self, image: bytes) -> Frame:
        if len(image) not in SENSORS:
            raise DeviceError(Reason.UNSUPPORTED, f"An image of {len(image)} bytes is of no module that is known.")
        height, width, dpi = SENSORS[len(image)]
        return frame_of(grey(image).reshape(height, width), self._info.dpi or dpi, self._info, self._settings)


class ZfmDevice:
    """A module on a serial port, for one user at a time."""

    def __init__(self, url: str) -> None:
        self._path = unquote(urlsplit(url).path)
        self._wanted = int(baud) if (baud := number(url, "baud")) else None
        self._password = int(number(url, "password") or 0)
        if self._wanted not in {None, *BAUDS}:
            known = ", ".join(map(str, BAUDS))
            raise DeviceError(Reason.BAD_ADDRESS, f"The baud is one of {known}: correct the device's URL.")
        if self._password > MOST_PASSWORD:
            raise DeviceError(Reason.BAD_ADDRESS, "The password has four bytes: correct the device's URL.")
        shown, captures = without_parameter(url, "password"), frozenset({Characteristic.FINGERPRINT})
        self.info = DeviceInfo(shown, "zfm", "ZFM module", self._path, captures, number(url, "dpi"))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ZfmSession]:
        """Take the port, find the module, show the password, agree on baud and packets.

        DeviceError: NOT_FOUND, PERMISSION or BUSY for the port, TIMEOUT where no module answers at any baud,
        PERMISSION for a wrong password, PROTOCOL for something else on the line.
        """
        with closing(SerialPort(self._path, self._wanted or USUAL_BAUD)) as port:
            line = Line(port, self._password)
            baud = await line.found(self._wanted or USUAL_BAUD)
            if self._wanted not in {None, baud}:
                baud = await line.moved(self._wanted or USUAL_BAUD)
            settings = (Setting("baud", str(baud)), Setting("packet bytes", str(await line.with_longest_packets())))
            yield ZfmSession(line.wire, self.info, settings)


def device(url: str) -> ZfmDevice:
    """The module at the URL."""
    return ZfmDevice(url)


def grey(image: bytes) -> NDArray[np.uint8]:
    """Two pixels a byte as uint8 in multiples of 17 (0 dark, 255 light), so that the four bits stay exact."""
    packed = np.frombuffer(image, np.uint8)
    return np.stack([packed >> 4, packed & 15], 1).ravel() * np.uint8(LEVEL)
