"""Takes a WSQ file apart, marker by marker. No pixel is decoded here."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from device_drivers.wsq.faults import DamagedError
from device_drivers.wsq.tables import (
    Codes,
    Filters,
    Frame,
    Quantisers,
    read_codes,
    read_filters,
    read_frame,
    read_quantisers,
)


class Marker(IntEnum):
    """What a segment holds."""

    START = 0xFFA0
    END = 0xFFA1
    FRAME = 0xFFA2
    BLOCK = 0xFFA3
    FILTERS = 0xFFA4
    QUANTISERS = 0xFFA5
    CODES = 0xFFA6
    RESTART = 0xFFA7
    COMMENT = 0xFFA8


SIGNATURE = struct.pack(">H", Marker.START)
PPI = re.compile(rb"PPI\s+(\d{1,5})")
NEXT_MARKER = re.compile(rb"\xff[^\x00]", re.DOTALL)
STUFFED, PLAIN = b"\xff\x00", b"\xff"


@dataclass(frozen=True, slots=True)
class CodedBlock:
    """Entropy-coded bytes, without stuffing, and the table that they were coded with."""

    codes: Codes
    data: bytes


@dataclass(slots=True)
class Contents:
    """What was found in a file so far; ``ppi`` is None where no NIST comment states it."""

    frame: Frame | None = None
    filters: Filters | None = None
    quantisers: Quantisers | None = None
    ppi: float | None = None
    blocks: list[CodedBlock] = field(default_factory=list)
    tables: dict[int, Codes] = field(default_factory=dict)


def is_wsq(data: bytes) -> bool:
    """Whether the bytes begin as a WSQ file does."""
    return data.startswith(SIGNATURE)


def take_apart(data: bytes) -> Contents:
    """Everything in a file; raises DamagedError where it is no WSQ file or ends early."""
    found = Contents()
    try:
        for marker, segment, coded in segments(data):
            _take(found, marker, segment, coded)
    except (struct.error, IndexError, KeyError, ValueError) as fault:
        raise DamagedError(str(fault)) from None
    return found


def segments(data: bytes) -> Iterator[tuple[Marker, bytes, bytes]]:
    """(marker, its segment without the length, the coded bytes behind the header of a block)."""
    at = len(SIGNATURE)
    while True:
        marker = Marker(*struct.unpack_from(">H", data, at))
        if marker is Marker.END:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        coded_from = at + 2 + length
        coded_to = _next_marker(data, coded_from) if marker is Marker.BLOCK else coded_from
        yield marker, data[at + 4 : coded_from], data[coded_from:coded_to]
        at = coded_to


def _next_marker(data: bytes, start: int) -> int:
    found = NEXT_MARKER.search(data, start)
    if found is None:
        raise DamagedError("a coded block does not end")
    return found.start()


def _take(found: Contents, marker: Marker, segment: bytes, coded: bytes) -> None:
    match marker:
        case Marker.FRAME:
            found.frame = read_frame(segment)
        case Marker.FILTERS:
            found.filters = read_filters(segment)
        case Marker.QUANTISERS:
            found.quantisers = read_quantisers(segment)
        case Marker.CODES:
            found.tables.update(read_codes(segment))
        case Marker.BLOCK:
            found.blocks.append(CodedBlock(found.tables[segment[0]], coded.replace(STUFFED, PLAIN)))
        case Marker.COMMENT:
            stated = PPI.search(segment)
            found.ppi = float(stated[1]) if stated else found.ppi
        case _:
            pass
