"""Reading and writing finger minutiae records of any edition, strictly or as others have really written them."""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates import ansi378, iso19794_2
from biometric_service.templates.cursor import Cursor
from biometric_service.templates.minutiae_fields import LENGTH, MAGIC, SHORT_LENGTH, check_ranges, check_shape
from biometric_service.templates.minutiae_record import Edition, MinutiaeRecord

_VERSION_BYTES = 4
_LATER = b"030\0"
_FIRST = b" 20\0"


class _Reader(Protocol):
    def __call__(self, cursor: Cursor, *, strict: bool) -> MinutiaeRecord:
        """Read what follows the length."""


_WRITERS: Mapping[Edition, Callable[[MinutiaeRecord], bytes]] = {
    Edition.ISO_2005: iso19794_2.write_2005,
    Edition.ISO_2011: iso19794_2.write_2011,
    Edition.ANSI_2004: ansi378.write_2004,
    Edition.ANSI_2007: ansi378.write_2007,
    Edition.ANSI_2009: ansi378.write_2009,
}


def read_record(data: bytes, *, strict: bool = True) -> MinutiaeRecord:
    """The record, its edition found by its version, its length and, where those say too little, its structure.

    Strict reading takes what the editions allow and nothing else. Lenient reading also takes records whose length
    field is wrong, whose extended data is cut short, that are followed by more bytes, whose minutiae are out of range,
    or that do not count their views, as real ones are. TEMPLATE_INVALID.
    """
    try:
        return _first_that_reads(data, strict=True)
    except (ValueError, struct.error) as fault:
        if strict:
            raise _invalid(str(fault)) from None
    try:
        return _first_that_reads(data, strict=False)
    except (ValueError, struct.error) as fault:
        raise _invalid(str(fault)) from None


def write_record(record: MinutiaeRecord) -> bytes:
    """The record in its edition; TEMPLATE_INVALID where a value is out of the edition's range."""
    try:
        check_ranges(record)
        return _WRITERS[record.edition](record)
    except (ValueError, struct.error) as fault:
        raise _invalid(str(fault)) from None


def _first_that_reads(data: bytes, *, strict: bool) -> MinutiaeRecord:
    faults: list[Exception] = []
    for reader, cursor, length in _ways(data):
        try:
            record = reader(cursor, strict=strict)
            _check(record, cursor, length, data) if strict else check_shape(record)
        except (ValueError, struct.error) as fault:
            faults.append(fault)
        else:
            return record
    raise faults[0]


def _ways(data: bytes) -> Iterator[tuple[_Reader, Cursor, int]]:
    """The readers that the start of the data allows, the likeliest first, each behind the length that it goes by."""
    version = data[len(MAGIC) :][:_VERSION_BYTES]
    if data[: len(MAGIC)] != MAGIC or version not in {_FIRST, _LATER}:
        raise ValueError("it is not a finger minutiae record of a known edition")
    if version == _LATER:
        for later in (iso19794_2.read_2011, ansi378.read_2009, ansi378.read_2007):
            yield later, *_start(data, LENGTH)
        return
    short = _start(data, SHORT_LENGTH)
    if short[1]:
        yield ansi378.read_2004, *short
    yield iso19794_2.read_2005, *_start(data, LENGTH)
    yield ansi378.read_2004, *_start(data, LENGTH, skipped=SHORT_LENGTH.size)
    yield iso19794_2.read_nbis, *_start(data, LENGTH)


def _start(data: bytes, form: struct.Struct, skipped: int = 0) -> tuple[Cursor, int]:
    cursor = Cursor(data)
    cursor.take(len(MAGIC) + _VERSION_BYTES + skipped)
    return cursor, cursor.unpack(form)[0]


def _check(record: MinutiaeRecord, cursor: Cursor, length: int, data: bytes) -> None:
    cursor.end()
    check_ranges(record)
    if length != len(data):
        raise ValueError("its length is not what it says")


def _invalid(fault: str) -> BiometricServiceError:
    message = f"The minutiae record is not valid: {fault}."
    return BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Read it leniently, or have it written again.")
