"""The parts that minutiae records share: minutiae, extended data behind them, and the view of the first editions."""

import struct
from collections.abc import Iterable

from biometric_service.templates.cursor import Cursor
from biometric_service.templates.minutiae_record import (
    QUALITY_NOT_REPORTED,
    Edition,
    FingerView,
    Minutia,
    MinutiaeRecord,
)

MAGIC = b"FMR\0"
LENGTH = struct.Struct(">I")
SHORT_LENGTH = struct.Struct(">H")
QUALITY_BYTES = 6

_VIEW = struct.Struct(">BBBB")
_NIBBLE = 4
_LOW_NIBBLE = 0x0F
_PLACE = struct.Struct(">HHB")
_COORDINATE = 0x3FFF
_KIND_SHIFT = 14
_KINDS = 3
_BEST_QUALITY = 100
_LAST_FINGER = 10


def take_minutiae(cursor: Cursor, count: int, width: int = QUALITY_BYTES) -> tuple[Minutia, ...]:
    """The next minutiae, each in ``width`` bytes (5: without quality)."""
    return tuple(_take_minutia(cursor, with_quality=width == QUALITY_BYTES) for _ in range(count))


def put_minutiae(minutiae: Iterable[Minutia], *, with_quality: bool = True) -> bytes:
    """Minutiae as bytes; struct.error where a number does not fit."""
    return b"".join(
        _PLACE.pack(one.kind << _KIND_SHIFT | one.x, one.y, one.angle) + bytes([one.quality] * with_quality)
        for one in minutiae
    )


def take_extended(cursor: Cursor, *, strict: bool) -> bytes:
    """Extended data; lenient reading takes what is there of it."""
    (length,) = cursor.unpack(SHORT_LENGTH)
    return cursor.take(length) if strict else cursor.take_up_to(length)


def put_extended(extended: bytes) -> bytes:
    """Extended data with its length."""
    return SHORT_LENGTH.pack(len(extended)) + extended


def take_view(cursor: Cursor, size: tuple[int, int], resolution: tuple[int, int], *, strict: bool) -> FingerView:
    """A view of ISO 19794-2:2005 or ANSI 378-2004, whose size and resolution the record's header tells."""
    position, numbered, quality, count = cursor.unpack(_VIEW)
    return FingerView(
        position=position,
        number=numbered >> _NIBBLE,
        impression=numbered & _LOW_NIBBLE,
        size=size,
        resolution=resolution,
        minutiae=take_minutiae(cursor, count),
        quality=quality,
        extended=take_extended(cursor, strict=strict),
    )


def put_view(view: FingerView) -> bytes:
    """A view of ISO 19794-2:2005 or ANSI 378-2004."""
    start = _VIEW.pack(view.position, view.number << _NIBBLE | view.impression, view.quality, len(view.minutiae))
    return start + put_minutiae(view.minutiae) + put_extended(view.extended)


def check_shape(record: MinutiaeRecord) -> None:
    """ValueError for what not even a careless writer leaves: no view, a view of no size, a finger beyond the tenth."""
    if not record.views or any(0 in view.size or view.position > _LAST_FINGER for view in record.views):
        raise ValueError("it has no view of a finger")


def check_ranges(record: MinutiaeRecord) -> None:
    """ValueError where a value is out of the range that the edition gives it."""
    check_shape(record)
    for view in record.views:
        if 0 in view.resolution:
            raise ValueError("its resolution is nothing")
        for minutia in view.minutiae:
            _check_minutia(minutia, view, record.edition)


def _take_minutia(cursor: Cursor, *, with_quality: bool) -> Minutia:
    across, down, angle = cursor.unpack(_PLACE)
    quality = cursor.take(1)[0] if with_quality else QUALITY_NOT_REPORTED
    return Minutia(across >> _KIND_SHIFT, across & _COORDINATE, down & _COORDINATE, angle, quality)


def _check_minutia(minutia: Minutia, view: FingerView, edition: Edition) -> None:
    inside = minutia.x < view.size[0] and minutia.y < view.size[1]
    graded = minutia.quality <= _BEST_QUALITY or minutia.quality >= QUALITY_NOT_REPORTED
    if not (inside and graded and minutia.angle < edition.angle_steps and minutia.kind < _KINDS):
        raise ValueError("a minutia in it is out of range")
