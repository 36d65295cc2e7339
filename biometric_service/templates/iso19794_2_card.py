"""Finger minutiae for comparison on a card: the card formats of ISO/IEC 19794-2:2005, normal and compact size.

Nothing but minutiae: 5 bytes each (normal: hundredths of a millimetre, 256 steps to a turn) or 3 (compact: tenths of a
millimetre, 64 steps), most significant byte first, without header, finger, size or quality. Also read inside a
biometric data template (ISO/IEC 7816-11: 7F2E with 81), which cards exchange them in.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.cursor import Cursor
from biometric_service.templates.minutiae_record import QUALITY_NOT_REPORTED, Minutia

LAST_KIND = 2

_NORMAL, _COMPACT = struct.Struct(">HHB"), struct.Struct(">BBB")
_COORDINATE = 0x3FFF
_KIND_SHIFT, _COMPACT_KIND_SHIFT = 14, 6
_COMPACT_ANGLE = 0x3F
_TEMPLATE, _STANDARD = b"\x7f\x2e", 0x81
_LONG_FORM = 0x80


class CardFormat(StrEnum):
    """The two sizes of minutiae."""

    NORMAL = "ISO/IEC 19794-2:2005 card, normal size"
    COMPACT = "ISO/IEC 19794-2:2005 card, compact size"

    @property
    def unit(self) -> float:
        """Millimetres of a step of a coordinate."""
        return 0.01 if self is CardFormat.NORMAL else 0.1

    @property
    def largest(self) -> int:
        """The largest coordinate."""
        return _COORDINATE if self is CardFormat.NORMAL else 255

    @property
    def angle_steps(self) -> int:
        """Steps of an angle to a full turn."""
        return 256 if self is CardFormat.NORMAL else 64


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """``minutiae``: in steps of the format, their qualities not reported."""

    format: CardFormat
    minutiae: tuple[Minutia, ...]


def read_card(data: bytes, form: CardFormat, *, strict: bool = True) -> CardTemplate:
    """Minutiae of a card, bare or in a biometric data template; lenient reading leaves a broken one at the end out.

    TEMPLATE_INVALID for nothing at all and, strictly, for reserved bits that are set and kinds that there are none of.
    """
    bare, size = _unwrapped(data), _size(form)
    count, broken = divmod(len(bare), size)
    if not count or (strict and broken):
        raise invalid("it is no whole number of minutiae")
    cursor = Cursor(bare)
    try:
        return CardTemplate(form, tuple(_READERS[form](cursor, strict) for _ in range(count)))
    except ValueError as fault:
        raise invalid(str(fault)) from None


def write_card(card: CardTemplate, *, wrapped: bool = False) -> bytes:
    """The bytes, in a biometric data template if wanted; TEMPLATE_INVALID where a number does not fit."""
    if not card.minutiae:
        raise invalid("it has no minutia")
    try:
        bare = b"".join(map(_WRITERS[card.format], card.minutiae))
    except (struct.error, ValueError):
        raise invalid("a minutia in it is out of range") from None
    return _TEMPLATE + _sized(bytes([_STANDARD]) + _sized(bare)) if wrapped else bare


def _size(form: CardFormat) -> int:
    return (_NORMAL if form is CardFormat.NORMAL else _COMPACT).size


def _read_normal(cursor: Cursor, strict: bool) -> Minutia:  # noqa: FBT001
    across, down, angle = cursor.unpack(_NORMAL)
    if strict and down > _COORDINATE:
        raise ValueError("reserved bits are set")
    return _checked(
        Minutia(across >> _KIND_SHIFT, across & _COORDINATE, down & _COORDINATE, angle, QUALITY_NOT_REPORTED), strict
    )


def _read_compact(cursor: Cursor, strict: bool) -> Minutia:  # noqa: FBT001
    x, y, turned = cursor.unpack(_COMPACT)
    return _checked(Minutia(turned >> _COMPACT_KIND_SHIFT, x, y, turned & _COMPACT_ANGLE, QUALITY_NOT_REPORTED), strict)


def _checked(minutia: Minutia, strict: bool) -> Minutia:  # noqa: FBT001
    if strict and minutia.kind > LAST_KIND:
        raise ValueError("a minutia is of an unknown kind")
    return minutia


def _write_normal(minutia: Minutia) -> bytes:
    if not (0 <= minutia.x <= _COORDINATE and 0 <= minutia.y <= _COORDINATE and 0 <= minutia.kind <= LAST_KIND):
        raise ValueError("out of range")
    return _NORMAL.pack(minutia.kind << _KIND_SHIFT | minutia.x, minutia.y, minutia.angle)


def _write_compact(minutia: Minutia) -> bytes:
    if not (0 <= minutia.angle <= _COMPACT_ANGLE and 0 <= minutia.kind <= LAST_KIND):
        raise ValueError("out of range")
    return _COMPACT.pack(minutia.x, minutia.y, minutia.kind << _COMPACT_KIND_SHIFT | minutia.angle)


_READERS = {CardFormat.NORMAL: _read_normal, CardFormat.COMPACT: _read_compact}
_WRITERS = {CardFormat.NORMAL: _write_normal, CardFormat.COMPACT: _write_compact}


def _unwrapped(data: bytes) -> bytes:
    """What a whole biometric data template holds; else the data itself."""
    cursor = Cursor(data)
    try:
        if cursor.take(len(_TEMPLATE)) == _TEMPLATE and _length(cursor) == cursor.left:
            wrapped = cursor.take(1)[0] == _STANDARD and _length(cursor) == cursor.left
            return cursor.take(cursor.left) if wrapped else data
    except ValueError:
        pass
    return data


def _length(cursor: Cursor) -> int:
    (first,) = cursor.take(1)
    return first if first < _LONG_FORM else int.from_bytes(cursor.take(first - _LONG_FORM))


def _sized(body: bytes) -> bytes:
    """The length by ISO/IEC 7816-4 (one byte up to 127, else 81 or 82 before it), and the body."""
    if len(body) < _LONG_FORM:
        return bytes([len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([_LONG_FORM + size]) + len(body).to_bytes(size) + body


def invalid(fault: str) -> BiometricServiceError:
    """What is said of a card's template that cannot be."""
    message = f"The card's template is not valid: {fault}."
    return BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Read it from the card again.")
