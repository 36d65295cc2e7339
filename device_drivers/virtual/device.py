"""``virtual:///path/finger.png?dpi=500``: a device that shows the picture in a file, read anew for each frame."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from device_drivers.addresses import number
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of
from device_drivers.pictures import DamagedPictureError, decoded
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry

FRAME_SECONDS = 0.05
DAMAGED = Retry("The picture is damaged: put it there again.", Advice.DAMAGED)


class VirtualSession:
    """Twenty frames a second of the picture; nothing while the file is empty."""

    def __init__(self, file: Path, info: DeviceInfo) -> None:
        self._file = file
        self._info = info

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says; a damaged file is advised about once."""
        deadline = time.monotonic() + request.timeout
        advised = False
        while True:
            found = await asyncio.to_thread(self._shown)
            if isinstance(found, Frame):
                deadline = time.monotonic() + request.timeout
            if isinstance(found, Frame) or (found and not advised):
                yield found
            advised = found is DAMAGED
            if time.monotonic() > deadline:
                raise DeviceError(Reason.TIMEOUT, f"{self._file} showed no picture in time.")
            await asyncio.sleep(FRAME_SECONDS)

    def _shown(self) -> Retry | Frame | None:
        try:
            data = self._file.read_bytes()
        except OSError:
            raise DeviceError(Reason.UNPLUGGED, f"{self._file} has gone: put it there again.") from None
        if not data:
            return None
        try:
            picture = decoded(data)
        except DamagedPictureError:
            return DAMAGED
        return frame_of(picture.pixels, self._info.dpi or picture.dpi, self._info)


class VirtualDevice:
    """A file as a device."""

    def __init__(self, url: str) -> None:
        self._file = Path(unquote(urlsplit(url).path))
        captures = frozenset(Characteristic)
        self.info = DeviceInfo(url, "virtual", "a file", str(self._file), captures, number(url, "dpi"))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[VirtualSession]:
        """Look at the file; DeviceError(NOT_FOUND or PERMISSION) where it cannot be read."""
        try:
            self._file.open("rb").close()
        except PermissionError:
            raise DeviceError(Reason.PERMISSION, f"{self._file} may not be read: let this user read it.") from None
        except OSError:
            raise DeviceError(Reason.NOT_FOUND, f"There is no file {self._file}: correct the URL.") from None
        yield VirtualSession(self._file, self.info)


def device(url: str) -> VirtualDevice:
    """The file at the URL."""
    return VirtualDevice(url)
