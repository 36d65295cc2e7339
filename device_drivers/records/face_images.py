"""Face image records of ISO/IEC 19794-5:2005 and :2011, read and (2011) written."""

import struct
from collections.abc import Iterator
from datetime import datetime

from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import Characteristic
from device_drivers.records.image import Raster, RecordImage, RecordPart
from device_drivers.records.reading import Reader

MAGIC, EDITION_2005, EDITION_2011 = b"FAC\0", b"010\0", b"030\0"
POINT_BYTES = 8
HEAD = struct.Struct(">4s4sIHBH")
REPRESENTATION = struct.Struct(">I9sBHHB H4B3sH3s3s BBHHBHBB I")
JPEG_2000 = 1


def images(data: bytes) -> list[RecordImage]:
    """Every image in the record; DamagedPictureError where it is not whole or not of these editions."""
    return [part.image() for part in parts(data)]


def parts(data: bytes) -> list[RecordPart]:
    """Every image in the record, not decoded yet; DamagedPictureError likewise."""
    reader = Reader(data)
    reader.expect(MAGIC)
    edition = reader.take(4)
    if edition == EDITION_2005:
        return list(_of_2005(reader))
    if edition == EDITION_2011:
        return list(_of_2011(reader))
    raise DamagedPictureError(f"it is a face image record of an edition that is not read: {edition!r}")


def _of_2005(reader: Reader) -> Iterator[RecordPart]:
    reader.expect_length(4)
    for _ in range(reader.number(2)):
        size, points = reader.number(4), reader.number(2)
        reader.skip(14 + POINT_BYTES * points + 2)
        width, height = reader.number(2), reader.number(2)
        reader.skip(6)
        yield _part(reader.take(size - 32 - POINT_BYTES * points), width, height)


def _of_2011(reader: Reader) -> Iterator[RecordPart]:
    reader.expect_length(4)
    count = reader.number(2)
    reader.skip(3)
    for _ in range(count):
        reader.skip(4 + 9 + 1 + 2 + 2)
        reader.skip(5 * reader.number(1))
        points = reader.number(2)
        reader.skip(15 + POINT_BYTES * points + 2)
        width, height = reader.number(2), reader.number(2)
        reader.skip(5)
        yield _part(reader.take(reader.number(4)), width, height)


def _part(data: bytes, width: int, height: int) -> RecordPart:
    raster = Raster(width, height, None, compressed=True)
    return RecordPart(data, raster, Characteristic.FACE, 0, "ISO/IEC 19794-5")


def written(jpeg_2000: bytes, width: int, height: int, captured: datetime) -> bytes:
    """A record of the 2011 edition with one image, a JPEG 2000 file of this size."""
    date = struct.pack(">HBBBBBH", *captured.timetuple()[:6], captured.microsecond // 1000)
    size = REPRESENTATION.size + len(jpeg_2000)
    body = REPRESENTATION.pack(
        *(size, date, 0, 0, 0, 0, 0, 0, 0, 0, 0, bytes(3), 0, bytes(3), bytes(3)),
        *(0, JPEG_2000, width, height, 0, 0, 0, 1, len(jpeg_2000)),
    )
    return HEAD.pack(MAGIC, EDITION_2011, HEAD.size + size, 1, 0, 0) + body + jpeg_2000
