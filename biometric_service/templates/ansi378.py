"""Finger minutiae records of ANSI INCITS 378, editions 2004, 2009 and the draft of 2007; big-endian."""

import struct

from biometric_service.templates.cursor import Cursor
from biometric_service.templates.minutiae_fields import (
    LENGTH,
    MAGIC,
    SHORT_LENGTH,
    put_extended,
    put_minutiae,
    put_view,
    take_extended,
    take_minutiae,
    take_view,
)
from biometric_service.templates.minutiae_record import Edition, FingerView, MinutiaeRecord

VERSION_2004 = b" 20\0"
VERSION_2009 = b"030\0"

_HEADER_2004 = struct.Struct(">HHHHHHHBB")
_HEADER_2007 = struct.Struct(">HHHBB")
_HEADER_2009 = struct.Struct(">HHBHBB")
_VIEW_2009 = struct.Struct(">BBBBHHHHHHB")
_DEVICE_BITS = 12
_DEVICE = 0x0FFF
_PREFIX_BYTES = 12
_SHORT_PREFIX_BYTES = 10
_LONG_PREFIX_BYTES = 14
_LONGEST_SHORT = 0xFFFF


def read_2004(cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
    """What follows the length; ValueError, struct.error."""
    owner, kind, equipment, width, height, across, down, count, _ = cursor.unpack(_HEADER_2004)
    views = tuple(take_view(cursor, (width, height), (across, down), strict=strict) for _ in range(count))
    return MinutiaeRecord(Edition.ANSI_2004, views, (owner, kind), equipment >> _DEVICE_BITS, equipment & _DEVICE)


def write_2004(record: MinutiaeRecord) -> bytes:
    """The whole record; a length beyond 65,535 takes six bytes. struct.error where a number does not fit."""
    first, equipment = record.views[0], record.certification << _DEVICE_BITS | record.device
    header = _HEADER_2004.pack(*record.product, equipment, *first.size, *first.resolution, len(record.views), 0)
    body = header + b"".join(map(put_view, record.views))
    short = _SHORT_PREFIX_BYTES + len(body) <= _LONGEST_SHORT
    length = (
        SHORT_LENGTH.pack(_SHORT_PREFIX_BYTES + len(body))
        if short
        else SHORT_LENGTH.pack(0) + LENGTH.pack(_LONG_PREFIX_BYTES + len(body))
    )
    return MAGIC + VERSION_2004 + length + body


def read_2007(cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
    """What follows the length; ValueError, struct.error."""
    owner, kind, equipment, count, _ = cursor.unpack(_HEADER_2007)
    views = tuple(_take_view_2009(cursor, strict=strict) for _ in range(count))
    return MinutiaeRecord(Edition.ANSI_2007, views, (owner, kind), equipment >> _DEVICE_BITS, equipment & _DEVICE)


def write_2007(record: MinutiaeRecord) -> bytes:
    """The whole record; struct.error where a number does not fit."""
    equipment = record.certification << _DEVICE_BITS | record.device
    return _framed(_HEADER_2007.pack(*record.product, equipment, len(record.views), 0), record)


def read_2009(cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
    """What follows the length; ValueError, struct.error."""
    owner, kind, certification, device, count, _ = cursor.unpack(_HEADER_2009)
    views = tuple(_take_view_2009(cursor, strict=strict) for _ in range(count))
    return MinutiaeRecord(Edition.ANSI_2009, views, (owner, kind), certification, device)


def write_2009(record: MinutiaeRecord) -> bytes:
    """The whole record; struct.error where a number does not fit."""
    header = _HEADER_2009.pack(*record.product, record.certification, record.device, len(record.views), 0)
    return _framed(header, record)


def _framed(header: bytes, record: MinutiaeRecord) -> bytes:
    body = header + b"".join(map(_view_2009, record.views))
    return MAGIC + VERSION_2009 + LENGTH.pack(_PREFIX_BYTES + len(body)) + body


def _take_view_2009(cursor: Cursor, *, strict: bool) -> FingerView:
    position, number, impression, quality, vendor, algorithm, width, height, across, down, count = cursor.unpack(
        _VIEW_2009
    )
    return FingerView(
        position=position,
        number=number,
        impression=impression,
        size=(width, height),
        resolution=(across, down),
        minutiae=take_minutiae(cursor, count),
        quality=quality,
        algorithm=(vendor, algorithm),
        extended=take_extended(cursor, strict=strict),
    )


def _view_2009(view: FingerView) -> bytes:
    place = (view.position, view.number, view.impression, view.quality)
    start = _VIEW_2009.pack(*place, *view.algorithm, *view.size, *view.resolution, len(view.minutiae))
    return start + put_minutiae(view.minutiae) + put_extended(view.extended)
