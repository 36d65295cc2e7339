"""``folder:///path?dpi=500``: images in a folder, oldest first, then whatever is put there while it is watched.

With ``new=true``, only what is put there after it was opened.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from device_drivers.addresses import flag, number
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of
from device_drivers.pictures import SUFFIXES, DamagedPictureError, decoded
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting

POLL_SECONDS = 0.1
SETTLED_SECONDS = 1.0

Version = tuple[Path, int, int]


class FolderSession:
    """Yields each image of the folder once, and again where it is written anew.

    Names that begin with a dot, or do not end like an image, are passed over: that is how files still being copied are
    called. An image that cannot be read is waited for until nobody has written to it for a second.
    """

    def __init__(self, folder: Path, info: DeviceInfo, passed_over: Iterable[Version]) -> None:
        self._folder = folder
        self._info = info
        self._done: set[Version] = set(passed_over)
        self._unreadable_since: dict[Version, float] = {}

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Images oldest first; DeviceError(TIMEOUT) where no new one comes in time, UNPLUGGED where the folder goes."""
        while True:
            yield await self._next(time.monotonic() + request.timeout)

    async def _next(self, deadline: float) -> Retry | Frame:
        while True:
            for version in await asyncio.to_thread(_by_age, self._folder):
                if version not in self._done and (found := await self._read(version)):
                    self._done.add(version)
                    return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeviceError(Reason.TIMEOUT, f"No new image came into {self._folder} in time.")
            await asyncio.sleep(min(POLL_SECONDS, left))

    async def _read(self, version: Version) -> Retry | Frame | None:
        path = version[0]
        try:
            picture = decoded(await asyncio.to_thread(path.read_bytes))
        except (DamagedPictureError, OSError):
            since = self._unreadable_since.setdefault(version, time.monotonic())
            settled = time.monotonic() - since >= SETTLED_SECONDS
            return Retry(f"{path.name} is not an image that can be read: put it there again.") if settled else None
        return frame_of(picture.pixels, self._info.dpi or picture.dpi, self._info, (Setting("file", path.name),))


class FolderDevice:
    """A folder as a device."""

    def __init__(self, url: str) -> None:
        self._folder = Path(unquote(urlsplit(url).path))
        self._only_new = flag(url, "new")
        captures = frozenset(Characteristic)
        self.info = DeviceInfo(url, "folder", "watched folder", str(self._folder), captures, number(url, "dpi"))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FolderSession]:
        """Open the folder; DeviceError(NOT_FOUND) where there is none, PERMISSION where it may not be read."""
        try:
            there = await asyncio.to_thread(_by_age, self._folder)
        except DeviceError as fault:
            if fault.reason is Reason.UNPLUGGED:
                what = f"There is no folder {self._folder}: make it, or correct the URL."
                raise DeviceError(Reason.NOT_FOUND, what) from None
            raise
        yield FolderSession(self._folder, self.info, there if self._only_new else ())


def device(url: str) -> FolderDevice:
    """The folder at the URL."""
    return FolderDevice(url)


def _by_age(folder: Path) -> list[Version]:
    try:
        versions = [version for path in folder.iterdir() if (version := _version(path))]
    except PermissionError:
        raise DeviceError(Reason.PERMISSION, f"The folder {folder} may not be read: let this user read it.") from None
    except OSError:
        raise DeviceError(Reason.UNPLUGGED, f"The folder {folder} has gone: mount it again.") from None
    return sorted(versions, key=lambda version: (version[1], version[0].name))


def _version(path: Path) -> Version | None:
    if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES or not path.is_file():
        return None
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return path, state.st_mtime_ns, state.st_size
