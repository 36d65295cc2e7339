"""Finger image records of ISO/IEC 19794-4:2005 and :2011, read and (2011) written."""

import struct
from collections.abc import Iterator
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import Characteristic
from device_drivers.records.image import INCHES_IN_A_CENTIMETRE, Raster, RecordImage, picture_of
from device_drivers.records.reading import Reader

MAGIC, EDITION_2005, EDITION_2011 = b"FIR\0", b"010\0", b"020\0"
UNCOMPRESSED, GREY = 0, 8
PER_INCH = {1: 1.0, 2: INCHES_IN_A_CENTIMETRE}
HEAD = struct.Struct(">4s4sIHBB")
REPRESENTATION = struct.Struct(">I9sBHHBBBBHHHHBBBHHI")


def images(data: bytes) -> list[RecordImage]:
    """Every image in the record; DamagedPictureError where it is not whole or not of these editions."""
    reader = Reader(data)
    reader.expect(MAGIC)
    edition = reader.take(4)
    if edition == EDITION_2005:
        return list(_of_2005(reader))
    if edition == EDITION_2011:
        return list(_of_2011(reader))
    raise DamagedPictureError(f"it is a finger image record of an edition that is not read: {edition!r}")


def _of_2005(reader: Reader) -> Iterator[RecordImage]:
    reader.expect_length(6)
    reader.skip(4)
    count, units = reader.number(1), reader.number(1)
    reader.skip(4)
    dpi = reader.number(2) * PER_INCH.get(units, 0)
    reader.skip(2)
    bits, compression = reader.number(1), reader.number(1)
    reader.skip(2)
    for _ in range(count):
        size, position = reader.number(4), reader.number(1)
        reader.skip(4)
        width, height = reader.number(2), reader.number(2)
        reader.skip(1)
        yield _image(reader.take(size - 14), Raster(width, height, dpi or None, compression > 1, bits), position)


def _of_2011(reader: Reader) -> Iterator[RecordImage]:
    reader.expect_length(4)
    count, certified = reader.number(2), reader.number(1)
    reader.skip(1)
    for _ in range(count):
        reader.skip(4 + 9 + 1 + 2 + 2)
        reader.skip(5 * reader.number(1))
        if certified:
            reader.skip(3 * reader.number(1))
        position, _, units = reader.number(1), reader.number(1), reader.number(1)
        reader.skip(4)
        dpi = reader.number(2) * PER_INCH.get(units, 0)
        reader.skip(2)
        bits, compression = reader.number(1), reader.number(1)
        reader.skip(1)
        width, height = reader.number(2), reader.number(2)
        data = reader.take(reader.number(4))
        yield _image(data, Raster(width, height, dpi or None, compression > 1, bits), position)


def _image(data: bytes, raster: Raster, position: int) -> RecordImage:
    return RecordImage(picture_of(data, raster), Characteristic.FINGERPRINT, position, "ISO/IEC 19794-4")


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
