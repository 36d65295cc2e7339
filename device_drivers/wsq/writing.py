"""The segments of a WSQ file, as bytes."""

import struct
from collections.abc import Sequence

from device_drivers.wsq.segments import PLAIN, STUFFED, Marker
from device_drivers.wsq.tables import Codes, Frame, Quantisers

WHITE = 255
LARGEST_SHORT, LARGEST_LONG = 0xFFFF, 0xFFFFFFFF
MOST_DECIMALS = 9


def segment(marker: Marker, body: bytes) -> bytes:
    """A marker, the length and what it holds."""
    return struct.pack(">HH", marker, len(body) + 2) + body


def comment(width: int, height: int, ppi: float | None, rate: float) -> bytes:
    """NIST's comment, which is where a WSQ file says its resolution; its own decoder wants -1 where that is unknown."""
    size = (("PIX_WIDTH", width), ("PIX_HEIGHT", height), ("PIX_DEPTH", 8), ("PPI", f"{ppi or -1:.0f}"))
    kind = (("LOSSY", 1), ("COLORSPACE", "GRAY"), ("COMPRESSION", "WSQ"), ("WSQ_BITRATE", f"{rate:.6f}"))
    lines = (*size, *kind)
    text = "".join(f"{name} {value}\n" for name, value in (("NIST_COM", len(lines) + 1), *lines))
    return segment(Marker.COMMENT, text.encode())


def filters(low: Sequence[float], high: Sequence[float]) -> bytes:
    """The analysis filters, each from its middle outwards."""
    sizes = bytes(2 * len(half) - 1 for half in (low, high))
    return segment(Marker.FILTERS, sizes + b"".join(map(_coefficient, (*low, *high))))


def quantisers(table: Quantisers) -> bytes:
    """The quantisation table."""
    numbers = [table.centre]
    for widths in zip(table.widths.tolist(), table.zero_widths.tolist(), strict=True):
        numbers += widths
    return segment(Marker.QUANTISERS, b"".join(map(decimal, numbers)))


def frame(header: Frame) -> bytes:
    """The frame header; ``shift`` and ``scale`` are rounded to five digits."""
    size = struct.pack(">BBHH", 0, WHITE, header.height, header.width)
    return segment(Marker.FRAME, size + decimal(header.shift) + decimal(header.scale) + bytes(3))


def code_table(number: int, codes: Codes) -> bytes:
    """A Huffman table."""
    return segment(Marker.CODES, bytes([number]) + codes.counts + codes.symbols)


def block(table: int, coded: bytes) -> bytes:
    """Coded bytes, stuffed so that none of them looks like a marker."""
    return segment(Marker.BLOCK, bytes([table])) + coded.replace(PLAIN, STUFFED)


def decimal(number: float) -> bytes:
    """An exponent of ten and 16 bits, as exact as they allow."""
    exponent, value = _scaled(number, LARGEST_SHORT)
    return struct.pack(">BH", exponent, value)


def _coefficient(number: float) -> bytes:
    exponent, value = _scaled(abs(number), LARGEST_LONG)
    return struct.pack(">BBI", number < 0, exponent, value)


def _scaled(number: float, largest: int) -> tuple[int, int]:
    exponent = 0
    while exponent < MOST_DECIMALS and round(number * 10 ** (exponent + 1)) <= largest:
        exponent += 1
    return exponent, min(round(number * 10**exponent), largest)
