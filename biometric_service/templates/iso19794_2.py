"""Finger minutiae records of ISO/IEC 19794-2, editions 2005 (record format) and 2011; big-endian."""

import struct

from biometric_service.templates.cursor import Cursor
from biometric_service.templates.minutiae_fields import (
    LENGTH,
    MAGIC,
    QUALITY_BYTES,
    put_extended,
    put_minutiae,
    put_view,
    take_extended,
    take_minutiae,
    take_view,
)
from biometric_service.templates.minutiae_record import Capture, Edition, FingerView, MinutiaeRecord

VERSION_2005 = b" 20\0"
VERSION_2011 = b"030\0"

_HEADER_2005 = struct.Struct(">HHHHHBB")
_HEADER_NBIS = struct.Struct(">HHHHH")
_VIEW_NBIS = struct.Struct(">BBBB")
_HEADER_2011 = struct.Struct(">HB")
_CAPTURE = struct.Struct(">9sBHHB")
_QUALITY = struct.Struct(">BHH")
_CERTIFICATE = struct.Struct(">HB")
_VIEW_2011 = struct.Struct(">BBHHBHHBB")
_NIBBLE = 4
_LOW_NIBBLE = 0x0F
_DEVICE_BITS = 12
_DEVICE = 0x0FFF
_PREFIX_BYTES = 12
_WIDTHS = (QUALITY_BYTES - 1, QUALITY_BYTES)


def read_2005(cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
    """What follows the length; ValueError, struct.error."""
    equipment, width, height, across, down, count, _ = cursor.unpack(_HEADER_2005)
    views = tuple(take_view(cursor, (width, height), (across, down), strict=strict) for _ in range(count))
    return MinutiaeRecord(Edition.ISO_2005, views, certification=equipment >> _DEVICE_BITS, device=equipment & _DEVICE)


def read_nbis(cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
    """As nbis-py writes it: one view, no count of views and no extended data; ValueError, always if strict."""
    if strict:
        raise ValueError("it has no count of its views")
    equipment, width, height, across, down = cursor.unpack(_HEADER_NBIS)
    position, numbered, quality, count = cursor.unpack(_VIEW_NBIS)
    place = (position, numbered >> _NIBBLE, numbered & _LOW_NIBBLE)
    view = FingerView(*place, (width, height), (across, down), take_minutiae(cursor, count), quality)
    cursor.end()
    return MinutiaeRecord(Edition.ISO_2005, (view,), device=equipment & _DEVICE)


def write_2005(record: MinutiaeRecord) -> bytes:
    """The whole record; struct.error where a number does not fit."""
    first, equipment = record.views[0], record.certification << _DEVICE_BITS | record.device
    header = _HEADER_2005.pack(equipment, *first.size, *first.resolution, len(record.views), 0)
    return _framed(VERSION_2005, header + b"".join(map(put_view, record.views)))


def read_2011(cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
    """What follows the length; ValueError, struct.error."""
    count, certified = cursor.unpack(_HEADER_2011)
    views = tuple(_take_representation(cursor, certified=bool(certified), strict=strict) for _ in range(count))
    return MinutiaeRecord(Edition.ISO_2011, views, certification=certified)


def write_2011(record: MinutiaeRecord) -> bytes:
    """The whole record; struct.error where a number does not fit."""
    header = _HEADER_2011.pack(len(record.views), record.certification)
    views = (_representation(view, certified=bool(record.certification)) for view in record.views)
    return _framed(VERSION_2011, header + b"".join(LENGTH.pack(len(view) + LENGTH.size) + view for view in views))


def _framed(version: bytes, body: bytes) -> bytes:
    return MAGIC + version + LENGTH.pack(_PREFIX_BYTES + len(body)) + body


def _take_representation(cursor: Cursor, *, certified: bool, strict: bool) -> FingerView:
    (length,) = cursor.unpack(LENGTH)
    within = Cursor(cursor.take(max(length - LENGTH.size, 0)))
    view = _take_view(within, certified=certified, strict=strict)
    if strict:
        within.end()
    return view


def _take_view(cursor: Cursor, *, certified: bool, strict: bool) -> FingerView:
    at, technology, vendor, model, count = cursor.unpack(_CAPTURE)
    qualities = tuple(cursor.unpack(_QUALITY) for _ in range(count))
    certificates = tuple(cursor.unpack(_CERTIFICATE) for _ in range(cursor.take(1)[0])) if certified else ()
    position, number, across, down, impression, width, height, form, minutiae = cursor.unpack(_VIEW_2011)
    if form >> _NIBBLE not in _WIDTHS:
        raise ValueError("its minutiae are of an unknown length")
    with_quality = form >> _NIBBLE == QUALITY_BYTES
    return FingerView(
        position=position,
        number=number,
        impression=impression,
        size=(width, height),
        resolution=(across, down),
        minutiae=take_minutiae(cursor, minutiae, form >> _NIBBLE),
        extended=take_extended(cursor, strict=strict),
        capture=Capture(at, technology, vendor, model, qualities, certificates, form & _LOW_NIBBLE, with_quality),
    )


def _representation(view: FingerView, *, certified: bool) -> bytes:
    """All but its length."""
    return _capture(view.capture, certified=certified) + _view(view)


def _capture(capture: Capture, *, certified: bool) -> bytes:
    codes = (capture.technology, capture.vendor, capture.model)
    start = _CAPTURE.pack(capture.at, *codes, len(capture.qualities))
    qualities = b"".join(_QUALITY.pack(*one) for one in capture.qualities)
    certificates = b"".join(_CERTIFICATE.pack(*one) for one in capture.certificates)
    return start + qualities + (bytes([len(capture.certificates)]) + certificates if certified else b"")


def _view(view: FingerView) -> bytes:
    with_quality = view.capture.with_quality
    form = _WIDTHS[with_quality] << _NIBBLE | view.capture.ending
    place = (view.position, view.number, *view.resolution, view.impression, *view.size)
    start = _VIEW_2011.pack(*place, form, len(view.minutiae))
    return start + put_minutiae(view.minutiae, with_quality=with_quality) + put_extended(view.extended)
