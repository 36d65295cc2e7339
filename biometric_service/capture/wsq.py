"""WSQ, the FBI's wavelet compression of fingerprints (IAFIS-IC-0110): header and pixels."""

import re
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from wsq import WsqImagePlugin

SIGNATURE = b"\xff\xa0"
FRAME, COMMENT = 0xFFA2, 0xFFA8
BEFORE_FRAME = {0xFFA4, 0xFFA5, 0xFFA6, 0xFFA7, COMMENT}
PPI = re.compile(rb"PPI\s+(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Header:
    """Size in pixels, and pixels an inch where a NIST comment states them."""

    width: int
    height: int
    ppi: float | None


def is_wsq(data: bytes) -> bool:
    """Whether the bytes begin as WSQ does."""
    return data.startswith(SIGNATURE)


def read_header(data: bytes) -> Header:
    """Walk the marker segments up to the frame header; ValueError or struct.error where there is none."""
    at, ppi = len(SIGNATURE), None
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == FRAME:
            height, width = struct.unpack_from(">HH", data, at + 6)
            return Header(width, height, ppi)
        if marker not in BEFORE_FRAME:
            raise ValueError("no frame header")
        stated = PPI.search(data, at, at + 2 + length) if marker == COMMENT else None
        ppi = float(stated[1]) if stated else ppi
        at += 2 + length


def decode(data: bytes) -> NDArray[np.uint8]:
    """The pixels, uint8 (height, width)."""
    raw, width, height, _ = WsqImagePlugin._wsq.decompress(data)  # noqa: SLF001
    return np.frombuffer(raw, np.uint8).reshape(height, width)
