"""One image out of a record."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from device_drivers.pictures import DamagedPictureError, Picture, decoded
from device_drivers.protocol import Characteristic, Setting

MOST_PIXELS = 178_000_000
INCHES_IN_A_CENTIMETRE = 2.54


class AbsentFinger(NamedTuple):
    """A finger that could not be captured; ``code``: XX (amputated) or UP (bandaged, or not to be printed)."""

    position: int
    code: str


@dataclass(frozen=True, slots=True)
class RecordImage:
    """``position``: of the finger, as ANSI/NIST-ITL and ISO/IEC 19794 number them alike, 0 where unknown.

    ``characteristic``: None for what can be compared as neither. ``record``: the kind of record it lay in.
    ``absent``: the fingers that what it came with says could not be captured.
    """

    picture: Picture
    characteristic: Characteristic | None
    position: int
    record: str
    absent: tuple[AbsentFinger, ...] = ()

    def settings(self) -> tuple[Setting, ...]:
        """What a frame says of the record: ``record``, ``position`` and ``absent``, such as ``9:XX 5:UP``."""
        if not self.record:
            return ()
        said = (Setting("record", self.record), Setting("position", str(self.position)))
        absent = " ".join(f"{each.position}:{each.code}" for each in self.absent)
        return (*said, Setting("absent", absent)) if absent else said


@dataclass(frozen=True, slots=True)
class Raster:
    """How a record says that its image is laid out; ``compressed``: whether it is a file of a known kind."""

    width: int
    height: int
    dpi: float | None
    compressed: bool
    bits: int = 8


@dataclass(frozen=True, slots=True)
class RecordPart:
    """An image as it lies in a record, not looked into yet; fields as those of ``RecordImage``."""

    data: bytes
    raster: Raster
    characteristic: Characteristic | None
    position: int
    record: str

    def image(self) -> RecordImage:
        """The image; DamagedPictureError where it is not all there, or not what the record says."""
        picture = picture_of(self.data, self.raster)
        return RecordImage(picture, self.characteristic, self.position, self.record)


def picture_of(data: bytes, raster: Raster) -> Picture:
    """The image, at the record's resolution; DamagedPictureError where it is not all there, or not what is said."""
    if raster.compressed:
        found = decoded(data)
        pixels = found.pixels
        if pixels.shape[:2] != (raster.height, raster.width):
            raise DamagedPictureError(f"it is {pixels.shape[1]} by {pixels.shape[0]} pixels, the record says other")
        return Picture(pixels, raster.dpi or found.dpi)
    return Picture(_plain(data, raster), raster.dpi)


def _plain(data: bytes, raster: Raster) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    channels = raster.bits // 8
    count = raster.width * raster.height * channels
    if raster.bits not in {8, 24} or not 0 < count <= MOST_PIXELS or len(data) != count:
        raise DamagedPictureError(f"{len(data)} bytes are not {raster.width} by {raster.height} pixels")
    pixels = np.frombuffer(data, np.uint8)
    if channels == 1:
        return pixels.reshape(raster.height, raster.width)
    return pixels.reshape(raster.height, raster.width, channels)[:, :, ::-1]
