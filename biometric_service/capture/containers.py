"""Image files put together anew from the parts that their pixels are made of; no pixel is decoded here.

What is not known to be needed is left out: comments, texts, thumbnails, further pictures, what follows the end. Each
raises ValueError, IndexError or struct.error where the file is not put together as its standard says.
"""

import re
import struct
import zlib
from collections.abc import Iterator

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
MARK, APP_0, APP_1, APP_14, SCAN, END = 0xFF, 0xE0, 0xE1, 0xEE, 0xDA, 0xD9
TABLES = frozenset(range(0xC0, 0xD0)) - {0xC8} | {0xDB, 0xDC, 0xDD}
"""Frames, Huffman and arithmetic tables, quantisation tables, numbers of lines, restart intervals."""
JFIF, ADOBE, EXIF = b"JFIF\0", b"Adobe", b"Exif\0\0"
HEAD_BYTES = 12
"""Of JFIF's segment without its thumbnail, and of all that Adobe's says."""
AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_LONGEST = {
    b"IHDR": 13,
    b"PLTE": 768,
    b"IDAT": 2**31,
    b"IEND": 0,
    b"tRNS": 256,
    b"pHYs": 9,
    b"gAMA": 4,
    b"cHRM": 32,
    b"sRGB": 1,
    b"sBIT": 4,
    b"cICP": 4,
}
"""Chunks that are kept, and the most bytes that they may hold."""

CODESTREAM, TILE, DATA, COMMENT = b"\xff\x4f", 0xFF90, 0xFF93, 0xFF64
STREAM, HEADER = b"jp2c", b"jp2h"
BOXES = frozenset({b"jP  ", b"ftyp", STREAM, HEADER})
HEADER_BOXES = frozenset({b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef", b"res "})
ENUMERATED = 1
"""The way of naming a colour space that is no profile."""


def bare_jpeg(data: bytes, exif: bytes) -> bytes:
    """A JPEG file with its first picture; ``exif``: what it is to say of it, empty for nothing."""
    said = _segment(APP_1, EXIF + exif) if exif else b""
    head, *others = _segments(data)
    first = (head, said) if head[1] == APP_0 else (said, head)
    return b"".join((JPEG_START, *first, *others, JPEG_END))


def _segments(data: bytes) -> Iterator[bytes]:
    at = len(JPEG_START)
    while data[at : at + 1] == b"\xff" and data[at + 1] != END:
        if data[at + 1] == MARK:
            at += 1
            continue
        marker, length = struct.unpack_from(">xBH", data, at)
        body, after = data[at + 4 : at + 2 + length], at + 2 + length
        at = _end_of_scan(data, after) if marker == SCAN else after
        if marker == SCAN:
            yield _segment(marker, body) + data[after:at]
        elif marker in TABLES or (marker == APP_0 and body.startswith(JFIF)):
            yield _segment(marker, body if marker in TABLES else body[:HEAD_BYTES] + bytes(2))
        elif marker == APP_14 and body.startswith(ADOBE):
            yield _segment(marker, body[:HEAD_BYTES])


def _end_of_scan(data: bytes, start: int) -> int:
    found = AFTER_SCAN.search(data, start)
    return found.start() if found else len(data)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", MARK, marker, len(body) + 2) + body


def bare_png(data: bytes, exif: bytes) -> bytes:
    """A PNG file; ``exif``: likewise."""
    parts, at, kind = [PNG_START], len(PNG_START), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if length <= PNG_LONGEST.get(kind, -1):
            parts.append(data[at:end])
        if kind == b"IHDR" and exif:
            parts.append(_chunk(b"eXIf", exif))
        at = end
    return b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bare_jpeg_2000(data: bytes) -> bytes:
    """A JPEG 2000 file, or a codestream alone; ValueError also where a profile or a tile's comment cannot go."""
    if data.startswith(CODESTREAM):
        return _codestream(data)
    return b"".join(_box(kind, _needed(kind, body)) for kind, body in _boxes(data) if kind in BOXES)


def _needed(kind: bytes, body: bytes) -> bytes:
    if kind == HEADER:
        children = [(name, each) for name, each in _boxes(body) if name in HEADER_BOXES]
        if any(name == b"colr" and each[0] != ENUMERATED for name, each in children):
            raise ValueError("its colours are those of a profile")
        return b"".join(_box(name, each) for name, each in children)
    return _codestream(body) if kind == STREAM else body


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 16 if length == 1 else 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
        end = at + length if length else len(data)
        if end < at + head:
            raise ValueError("a box is shorter than its own head")
        yield kind, data[at + head : end]
        at = end


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _codestream(data: bytes) -> bytes:
    """Without the comments of its main header, and nothing behind its end."""
    head = [CODESTREAM]
    at = len(CODESTREAM)
    for marker, end in _markers(data, at, TILE):
        if marker != COMMENT:
            head.append(data[at:end])
        at = end
    return b"".join(head) + data[at : _end_of_tiles(data, at)] + JPEG_END


def _end_of_tiles(data: bytes, at: int) -> int:
    while data[at : at + 2] != JPEG_END:
        _, _, _, length, _, _ = struct.unpack_from(">HHHIBB", data, at)
        if any(marker == COMMENT for marker, _ in _markers(data, at + HEAD_BYTES, DATA)):
            raise ValueError("a tile has a comment")
        at = at + length if length else data.rindex(JPEG_END)
    return at


def _markers(data: bytes, at: int, last: int) -> Iterator[tuple[int, int]]:
    """Each marker before the ``last``, and where its segment ends."""
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == last:
            return
        at += 2 + length
        yield marker, at
