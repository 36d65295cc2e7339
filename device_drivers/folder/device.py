"""``folder:///path?dpi=500``: images in a folder, oldest first, then whatever is put there while it is watched.

With ``new=true``, only what is put there after it was opened. A file may be a picture, an ANSI/NIST-ITL transaction or
an ISO/IEC 19794-4 or -5 record; one with several images gives them in turn. With ``position=14`` only images of that
finger position are given.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from device_drivers.addresses import flag, number
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of, together
from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.records.files import SUFFIXES, images
from device_drivers.records.image import RecordImage

POLL_SECONDS = 0.1
SETTLED_SECONDS = 1.0
SET_ASIDE = "set-aside"

Version = tuple[Path, int, int]


class FolderSession:
    """Yields each image of the folder once, and again where its file is written anew.

    Names that begin with a dot, or do not end like an image or a record, are passed over: that is how files still being
    copied are called. A file that cannot be read is waited for until nobody has written to it for a second; then it is
    moved to the folder ``set-aside`` within, where that may be written to, with the reason in a text file beside it.
    """

    def __init__(self, folder: Path, info: DeviceInfo, passed_over: Iterable[Version], position: int | None) -> None:
        self._folder = folder
        self._info = info
        self._position = position
        self._done: set[Version] = set(passed_over)
        self._unreadable_since: dict[Version, float] = {}

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Images oldest first; DeviceError(TIMEOUT) where no new one comes in time, UNPLUGGED where the folder goes."""
        while True:
            for each in await self._next(request.characteristic, time.monotonic() + request.timeout):
                yield each

    async def _next(self, asked: Characteristic, deadline: float) -> Sequence[Retry | Frame]:
        while True:
            for version in await asyncio.to_thread(_by_age, self._folder):
                if version not in self._done and (found := await self._read(version, asked)):
                    self._done.add(version)
                    return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeviceError(Reason.TIMEOUT, f"No new image came into {self._folder} in time.")
            await asyncio.sleep(min(POLL_SECONDS, left))

    async def _read(self, version: Version, asked: Characteristic) -> Sequence[Retry | Frame]:
        path = version[0]
        try:
            found = await asyncio.to_thread(_images, path, asked)
        except (DamagedPictureError, OSError) as fault:
            since = self._unreadable_since.setdefault(version, time.monotonic())
            if time.monotonic() - since < SETTLED_SECONDS:
                return ()
            if isinstance(fault, DamagedPictureError):
                await asyncio.to_thread(_set_aside, path, str(fault))
            unreadable = f"{path.name} is not an image that can be read: put it there again."
            return (Retry(unreadable, Advice.FILE_UNREADABLE),)
        wanted = [each for each in found if each.characteristic is asked and self._position in {None, each.position}]
        return together([self._frame(path, each) for each in wanted]) or (
            Retry(f"{path.name} has no {asked} that was asked for.", Advice.FILE_OF_OTHER),
        )

    def _frame(self, path: Path, image: RecordImage) -> Frame:
        dpi = self._info.dpi or image.picture.dpi
        return frame_of(image.picture.pixels, dpi, self._info, (Setting("file", path.name), *image.settings()))


class FolderDevice:
    """A folder as a device."""

    def __init__(self, url: str) -> None:
        self._folder = Path(unquote(urlsplit(url).path))
        self._only_new = flag(url, "new")
        position = number(url, "position")
        self._position = None if position is None else int(position)
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
        yield FolderSession(self._folder, self.info, there if self._only_new else (), self._position)


def device(url: str) -> FolderDevice:
    """The folder at the URL."""
    return FolderDevice(url)


def _images(path: Path, asked: Characteristic) -> list[RecordImage]:
    return images(path.read_bytes(), asked)


def _set_aside(path: Path, reason: str) -> None:
    """Move the file away with the reason; where that may not be, it stays and is passed over until written anew."""
    aside = path.parent / SET_ASIDE
    with suppress(OSError):
        aside.mkdir(exist_ok=True)
        name = f"{time.time_ns()}-{path.name}"
        path.rename(aside / name)
        (aside / f"{name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")


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
