"""The extended data behind the minutiae of a view: ridge counts, cores and deltas, quality by zone.

ISO/IEC 19794-2:2005, 7.5, and ANSI INCITS 378, 6.6. A record keeps these bytes as they are; here they are understood,
so that a record can be shown and written in another edition. Editions differ in where angles are announced: ISO at each
core and delta, ANSI once for all of them.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from biometric_service.templates.cursor import Cursor
from biometric_service.templates.minutiae_record import Edition

RIDGE_COUNTS, CORES_AND_DELTAS, ZONAL_QUALITY = 1, 2, 3

_HEADER = struct.Struct(">HH")
_TRIPLE = struct.Struct(">BBB")
_PLACE = struct.Struct(">HH")
_COORDINATE = 0x3FFF
_KIND_SHIFT = 14
_GROUP_SHIFT = 6
_GROUP = 0x0F
_CORE_ANGLES, _DELTA_ANGLES = 1, 3


@dataclass(frozen=True, slots=True)
class Block:
    """Extended data of a kind that is not interpreted: ``kind`` is its type code, ``data`` what follows the length."""

    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class RidgeCounts:
    """``method``: 0 unspecified, 1 by quadrants, 2 by octants. ``counts``: (minutia, minutia, ridges between them)."""

    method: int
    counts: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class SingularPoint:
    """A core (no angle or one) or a delta (none or three); pixels and steps of the edition, as for a minutia."""

    x: int
    y: int
    angles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CoresAndDeltas:
    """The singular points of a view, fifteen of a kind at the most."""

    cores: tuple[SingularPoint, ...]
    deltas: tuple[SingularPoint, ...]


@dataclass(frozen=True, slots=True)
class ZonalQuality:
    """Quality by cells of ``width`` and ``height`` pixels, ``depth`` bits each, packed row by row into ``cells``."""

    width: int
    height: int
    depth: int
    cells: bytes


ExtendedData: TypeAlias = RidgeCounts | CoresAndDeltas | ZonalQuality | Block


def read_blocks(extended: bytes) -> tuple[Block, ...]:
    """Extended data taken apart; ValueError where a length goes beyond the end."""
    cursor, blocks = Cursor(extended), []
    while cursor.left:
        kind, length = cursor.unpack(_HEADER)
        if length < _HEADER.size:
            raise ValueError("a block of its extended data is shorter than its own header")
        blocks.append(Block(kind, cursor.take(length - _HEADER.size)))
    return tuple(blocks)


def write_blocks(blocks: Sequence[Block]) -> bytes:
    """The reverse; struct.error for more than 65,531 bytes in a block."""
    return b"".join(_HEADER.pack(each.kind, len(each.data) + _HEADER.size) + each.data for each in blocks)


def interpreted(block: Block, edition: Edition) -> ExtendedData:
    """What a block says, or the block itself where its kind is unknown or it does not say it as the edition does."""
    if block.kind not in _READERS:
        return block
    cursor = Cursor(block.data)
    try:
        found = _READERS[block.kind](cursor, edition)
        cursor.end()
    except ValueError:
        return block
    return found


def block_of(data: ExtendedData, edition: Edition) -> Block:
    """The block that says it in an edition; struct.error or ValueError where a number does not fit."""
    match data:
        case RidgeCounts(method, counts):
            return Block(RIDGE_COUNTS, bytes([method]) + b"".join(_TRIPLE.pack(*each) for each in counts))
        case CoresAndDeltas(cores, deltas):
            return Block(CORES_AND_DELTAS, _put_points(cores, edition) + _put_points(deltas, edition))
        case ZonalQuality(width, height, depth, cells):
            return Block(ZONAL_QUALITY, bytes([width, height, depth]) + cells)
        case Block():
            return data


def _ridge_counts(cursor: Cursor, _: Edition) -> RidgeCounts:
    (method,) = cursor.take(1)
    triples = cursor.left // _TRIPLE.size
    return RidgeCounts(method, tuple(cursor.unpack(_TRIPLE) for _ in range(triples)))


def _zonal_quality(cursor: Cursor, _: Edition) -> ZonalQuality:
    width, height, depth = cursor.take(3)
    return ZonalQuality(width, height, depth, cursor.take(cursor.left))


def _cores_and_deltas(cursor: Cursor, edition: Edition) -> CoresAndDeltas:
    cores = _take_points(cursor, edition, _CORE_ANGLES)
    return CoresAndDeltas(cores, _take_points(cursor, edition, _DELTA_ANGLES))


def _take_points(cursor: Cursor, edition: Edition, angles: int) -> tuple[SingularPoint, ...]:
    (first,) = cursor.take(1)
    return tuple(_take_point(cursor, edition, angles, first >> _GROUP_SHIFT) for _ in range(first & _GROUP))


def _take_point(cursor: Cursor, edition: Edition, angles: int, of_group: int) -> SingularPoint:
    across, down = cursor.unpack(_PLACE)
    turned = across >> _KIND_SHIFT if edition.is_iso else of_group
    if turned > 1:
        raise ValueError("a singular point is of an unknown kind")
    return SingularPoint(across & _COORDINATE, down & _COORDINATE, tuple(cursor.take(angles * turned)))


def _put_points(points: Sequence[SingularPoint], edition: Edition) -> bytes:
    """ANSI tells angles of all or of none: where one lacks them, of none."""
    turned = all(point.angles for point in points) and bool(points)
    if len(points) > _GROUP:
        raise ValueError("it has more than fifteen cores or deltas")
    if edition.is_iso:
        return bytes([len(points)]) + b"".join(_put_point(each, bool(each.angles), each.angles) for each in points)
    bodies = (_put_point(each, False, each.angles if turned else ()) for each in points)  # noqa: FBT003
    return bytes([turned << _GROUP_SHIFT | len(points)]) + b"".join(bodies)


def _put_point(point: SingularPoint, flag: bool, angles: Sequence[int]) -> bytes:  # noqa: FBT001
    return _PLACE.pack(flag << _KIND_SHIFT | point.x, point.y) + bytes(angles)


_READERS: Mapping[int, Callable[[Cursor, Edition], ExtendedData]] = {
    RIDGE_COUNTS: _ridge_counts,
    CORES_AND_DELTAS: _cores_and_deltas,
    ZONAL_QUALITY: _zonal_quality,
}
