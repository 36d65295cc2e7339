"""``folder:///path?dpi=500``: images in a folder, oldest first, then whatever is put there while it is watched."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry

POLL_SECONDS = 0.1
GREY_MODES = frozenset({"1", "L", "LA", "I;16"})
LEAST_DPI = 250


class FolderSession:
    """Yields each image of the folder once."""

    def __init__(self, folder: Path, info: DeviceInfo) -> None:
        self._folder = folder
        self._info = info
        self._seen: set[Path] = set()

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Images oldest first; DeviceError(TIMEOUT) where no new one comes in time, UNPLUGGED where the folder goes."""
        while True:
            path = await self._next(time.monotonic() + request.timeout)
            self._seen.add(path)
            try:
                yield self._read(path)
            except (UnidentifiedImageError, OSError):
                yield Retry(f"{path.name} is not an image that can be read: put it there again.")

    async def _next(self, deadline: float) -> Path:
        while True:
            waiting = [path for path in _by_age(self._folder) if path not in self._seen]
            if waiting:
                return waiting[0]
            if time.monotonic() >= deadline:
                raise DeviceError(Reason.TIMEOUT, f"No new image came into {self._folder} in time.")
            await asyncio.sleep(POLL_SECONDS)

    def _read(self, path: Path) -> Frame:
        with Image.open(path) as image:
            said = float(image.info.get("dpi", (0, 0))[0])
            dpi = self._info.dpi or (said if said >= LEAST_DPI else None)
            return frame_of(_pixels(image), dpi, self._info)


class FolderDevice:
    """A folder as a device."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        dpi = parse_qs(parts.query).get("dpi")
        self._folder = Path(unquote(parts.path))
        self.info = DeviceInfo(
            url,
            "folder",
            "watched folder",
            str(self._folder),
            frozenset(Characteristic),
            float(dpi[0]) if dpi else None,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FolderSession]:
        """Open the folder; DeviceError(NOT_FOUND) where there is none."""
        if not self._folder.is_dir():
            raise DeviceError(Reason.NOT_FOUND, f"There is no folder {self._folder}: make it, or correct the URL.")
        yield FolderSession(self._folder, self.info)


def device(url: str) -> FolderDevice:
    """The folder at the URL."""
    return FolderDevice(url)


def _by_age(folder: Path) -> list[Path]:
    try:
        files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
        return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))
    except FileNotFoundError:
        raise DeviceError(Reason.UNPLUGGED, f"The folder {folder} has gone: mount it again.") from None


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in GREY_MODES:
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGB"))[:, :, ::-1]
