"""Cuts a large ridge area, such as a slap of four fingers, into parts that a network can see one after the other."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

AT_ONCE = 400_000
"""Pixels that are looked at in one piece: 32 by 32 mm, more than a rolled thumb."""
TILE, HALO = 512, 64
"""Of the tiles that a single part larger than that is cut into, and what each sees around itself."""

Part = tuple[slice, slice]


def parts(near: NDArray[np.bool_]) -> Iterator[tuple[Part, Part]]:
    """Where to look, (rows, columns), and which places within it to go by; together these hold all of ``near`` once.

    ``near``: bool (h, w), where minutiae may be. A small area is one part. A large one comes apart into what hangs
    together, each finger of a slap by itself, so that the network sees what it was trained on.
    """
    if near.size <= AT_ONCE:
        yield _whole(near), _whole(near)
        return
    for box in _boxes(near):
        rows, columns = box
        if (rows.stop - rows.start) * (columns.stop - columns.start) <= AT_ONCE:
            yield box, box
        else:
            yield from _tiles(box)


def _whole(near: NDArray[np.bool_]) -> Part:
    height, width = near.shape
    return slice(0, height), slice(0, width)


def _boxes(near: NDArray[np.bool_]) -> list[Part]:
    """Around what hangs together; boxes that overlap are one."""
    count, _, statistics, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8))
    boxes: list[Part] = []
    for x, y, width, height, _ in statistics[1:count].tolist():
        box = (slice(y, y + height), slice(x, x + width))
        while touching := [each for each in boxes if _overlap(each, box)]:
            boxes = [each for each in boxes if each not in touching]
            box = _around([*touching, box])
        boxes.append(box)
    return boxes


def _overlap(one: Part, other: Part) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))


def _around(boxes: list[Part]) -> Part:
    rows, columns = (
        slice(min(side.start for side in sides), max(side.stop for side in sides)) for sides in zip(*boxes, strict=True)
    )
    return rows, columns


def _tiles(box: Part) -> Iterator[tuple[Part, Part]]:
    rows, columns = box
    for row in range(rows.start, rows.stop, TILE):
        for column in range(columns.start, columns.stop, TILE):
            inner = (slice(row, min(row + TILE, rows.stop)), slice(column, min(column + TILE, columns.stop)))
            yield (_grown(inner[0], rows), _grown(inner[1], columns)), inner


def _grown(inner: slice, within: slice) -> slice:
    return slice(max(inner.start - HALO, within.start), min(inner.stop + HALO, within.stop))
