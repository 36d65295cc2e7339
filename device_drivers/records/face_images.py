"""Face image records of ISO/IEC 19794-5:2005 and :2011, read and (2011) written."""

import struct
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class FaceView:
    """One image of a record. ``head``: all bytes before its data."""

    head: bytes
    data: bytes
    width: int
    height: int

    def part(self) -> RecordPart:
        """The image, not decoded."""
        raster = Raster(self.width, self.height, None, compressed=True)
        return RecordPart(self.data, raster, Characteristic.FACE, 0, "ISO/IEC 19794-5")


@dataclass(frozen=True, slots=True)
class FaceImageRecord:
    """A record. ``edition``: 2005 or 2011. ``head``: all bytes before the first view."""

    edition: int
    head: bytes
    views: tuple[FaceView, ...]

    def encoded(self) -> bytes:
        """The record as it is written: the bytes that it was read from."""
        return self.head + b"".join(each.head + each.data for each in self.views)


def images(data: bytes) -> list[RecordImage]:
    """Every image in the record; DamagedPictureError where it is not whole or not of these editions."""
    return [part.image() for part in parts(data)]


def parts(data: bytes) -> list[RecordPart]:
    """Every image in the record, not decoded yet; DamagedPictureError likewise."""
    return [each.part() for each in read(data).views]


def read(data: bytes) -> FaceImageRecord:
    """All of a record, its images not decoded; DamagedPictureError likewise."""
    reader = Reader(data)
    reader.expect(MAGIC)
    edition = reader.take(4)
    if edition == EDITION_2005:
        return _of_2005(reader)
    if edition == EDITION_2011:
        return _of_2011(reader)
    raise DamagedPictureError(f"it is a face image record of an edition that is not read: {edition!r}")


def _of_2005(reader: Reader) -> FaceImageRecord:
    reader.expect_length(4)
    count, head = reader.number(2), reader.since(0)
    views = tuple(_view_of_2005(reader) for _ in range(count))
    reader.expect_end()
    return FaceImageRecord(2005, head, views)


def _view_of_2005(reader: Reader) -> FaceView:
    start = reader.at
    size, points = reader.number(4), reader.number(2)
    reader.skip(14 + POINT_BYTES * points + 2)
    width, height = reader.number(2), reader.number(2)
    reader.skip(6)
    head = reader.since(start)
    return FaceView(head, reader.take(size - len(head)), width, height)


def _of_2011(reader: Reader) -> FaceImageRecord:
    reader.expect_length(4)
    count = reader.number(2)
    reader.skip(3)
    head = reader.since(0)
    views = tuple(_view_of_2011(reader) for _ in range(count))
    reader.expect_end()
    return FaceImageRecord(2011, head, views)


def _view_of_2011(reader: Reader) -> FaceView:
    start = reader.at
    reader.skip(4 + 9 + 1 + 2 + 2)
    reader.skip(5 * reader.number(1))
    points = reader.number(2)
    reader.skip(15 + POINT_BYTES * points + 2)
    width, height = reader.number(2), reader.number(2)
    reader.skip(5)
    size = reader.number(4)
    head = reader.since(start)
    return FaceView(head, reader.take(size), width, height)


def written(jpeg_2000: bytes, width: int, height: int, captured: datetime) -> bytes:
    """A record of the 2011 edition with one image, a JPEG 2000 file of this size."""
    date = struct.pack(">HBBBBBH", *captured.timetuple()[:6], captured.microsecond // 1000)
    size = REPRESENTATION.size + len(jpeg_2000)
    body = REPRESENTATION.pack(
        *(size, date, 0, 0, 0, 0, 0, 0, 0, 0, 0, bytes(3), 0, bytes(3), bytes(3)),
        *(0, JPEG_2000, width, height, 0, 0, 0, 1, len(jpeg_2000)),
    )
    return HEAD.pack(MAGIC, EDITION_2011, HEAD.size + size, 1, 0, 0) + body + jpeg_2000
