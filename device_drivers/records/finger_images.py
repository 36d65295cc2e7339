"""Finger image records of ISO/IEC 19794-4:2005 and :2011, read and (2011) written."""

import struct
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import Characteristic
from device_drivers.records.image import INCHES_IN_A_CENTIMETRE, Raster, RecordImage, RecordPart
from device_drivers.records.reading import Reader

MAGIC, EDITION_2005, EDITION_2011 = b"FIR\0", b"010\0", b"020\0"
UNCOMPRESSED, GREY = 0, 8
PER_INCH = {1: 1.0, 2: INCHES_IN_A_CENTIMETRE}
HEAD = struct.Struct(">4s4sIHBB")
REPRESENTATION = struct.Struct(">I9sBHHBBBBHHHHBBBHHI")


@dataclass(frozen=True, slots=True)
class FingerView:
    """One image of a record. ``head``: all bytes before its data; ``raster``: how the data is laid out."""

    head: bytes
    data: bytes
    raster: Raster
    position: int
    impression: int

    def part(self) -> RecordPart:
        """The image, not decoded."""
        return RecordPart(self.data, self.raster, Characteristic.FINGERPRINT, self.position, "ISO/IEC 19794-4")


@dataclass(frozen=True, slots=True)
class FingerImageRecord:
    """A record. ``edition``: 2005 or 2011. ``head``: all bytes before the first view."""

    edition: int
    head: bytes
    views: tuple[FingerView, ...]

    def encoded(self) -> bytes:
        """The record as it is written: the bytes that it was read from."""
        return self.head + b"".join(each.head + each.data for each in self.views)


def images(data: bytes) -> list[RecordImage]:
    """Every image in the record; DamagedPictureError where it is not whole or not of these editions."""
    return [each.part().image() for each in read(data).views]


def read(data: bytes) -> FingerImageRecord:
    """All of a record, its images not decoded; DamagedPictureError likewise."""
    reader = Reader(data)
    reader.expect(MAGIC)
    edition = reader.take(4)
    if edition == EDITION_2005:
        return _of_2005(reader)
    if edition == EDITION_2011:
        return _of_2011(reader)
    raise DamagedPictureError(f"it is a finger image record of an edition that is not read: {edition!r}")


def _of_2005(reader: Reader) -> FingerImageRecord:
    reader.expect_length(6)
    reader.skip(4)
    count, units = reader.number(1), reader.number(1)
    reader.skip(4)
    dpi = reader.number(2) * PER_INCH.get(units, 0)
    reader.skip(2)
    bits, compression = reader.number(1), reader.number(1)
    reader.skip(2)
    head = reader.since(0)
    views = tuple(_view_of_2005(reader, dpi, compression, bits) for _ in range(count))
    reader.expect_end()
    return FingerImageRecord(2005, head, views)


def _view_of_2005(reader: Reader, dpi: float, compression: int, bits: int) -> FingerView:
    start = reader.at
    size, position = reader.number(4), reader.number(1)
    reader.skip(3)
    impression = reader.number(1)
    width, height = reader.number(2), reader.number(2)
    reader.skip(1)
    raster, head = Raster(width, height, dpi or None, compression > 1, bits), reader.since(start)
    return FingerView(head, reader.take(size - len(head)), raster, position, impression)


def _of_2011(reader: Reader) -> FingerImageRecord:
    reader.expect_length(4)
    count, certified = reader.number(2), reader.number(1)
    reader.skip(1)
    head = reader.since(0)
    views = tuple(_view_of_2011(reader, certified) for _ in range(count))
    reader.expect_end()
    return FingerImageRecord(2011, head, views)


def _view_of_2011(reader: Reader, certified: int) -> FingerView:
    start = reader.at
    reader.skip(4 + 9 + 1 + 2 + 2)
    reader.skip(5 * reader.number(1))
    if certified:
        reader.skip(3 * reader.number(1))
    position, _, units = reader.number(1), reader.number(1), reader.number(1)
    reader.skip(4)
    dpi = reader.number(2) * PER_INCH.get(units, 0)
    reader.skip(2)
    bits, compression, impression = reader.number(1), reader.number(1), reader.number(1)
    width, height = reader.number(2), reader.number(2)
    size = reader.number(4)
    raster, head = Raster(width, height, dpi or None, compression > 1, bits), reader.since(start)
    return FingerView(head, reader.take(size), raster, position, impression)


def written(pixels: NDArray[np.uint8], dpi: float, position: int, captured: datetime) -> bytes:
    """A record of the 2011 edition with one grey image, uint8 (height, width), uncompressed, without loss."""
    height, width = pixels.shape
    rate = round(dpi)
    date = struct.pack(">HBBBBBH", *captured.timetuple()[:6], captured.microsecond // 1000)
    size = REPRESENTATION.size + pixels.size
    body = REPRESENTATION.pack(
        *(size, date, 0, 0, 0, 0, position, 0, 1),
        *(rate, rate, rate, rate, GREY, UNCOMPRESSED, 0, width, height, pixels.size),
    )
    return HEAD.pack(MAGIC, EDITION_2011, HEAD.size + size, 1, 0, 1) + body + pixels.tobytes()
