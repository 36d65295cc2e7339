"""The convex hull of minutiae, and how far inside it a point lies."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.compiled import compiled, inlined


@compiled
def hull_of(places: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices of the corners of the convex hull of places, float32 (n, 2 or more), in order (Andrew's chain)."""
    order = np.argsort(places[:, 1], kind="mergesort")
    order = order[np.argsort(places[order, 0], kind="mergesort")]
    chain = np.empty(2 * len(order) + 1, np.int64)
    count = _go_on(places, order, chain, 0) - 1
    count = _go_on(places, order[::-1], chain, count) - 1
    return chain[:count] if count > 0 else order[:1]


@compiled
def _go_on(places: NDArray[np.float32], order: NDArray[np.int64], chain: NDArray[np.int64], count: int) -> int:
    """Go from one end of the order to the other, to the right of nobody; how long the chain is then."""
    first = count
    for index in order:
        while count - first > 1 and _turn(places, chain[count - 2], chain[count - 1], index) <= 0:
            count -= 1
        chain[count] = index
        count += 1
    return count


@inlined
def _turn(places: NDArray[np.float32], first: int, second: int, third: int) -> float:
    """Above 0 where the path turns from x towards y."""
    x, y = float(places[first, 0]), float(places[first, 1])
    turn: float = (places[second, 0] - x) * (places[third, 1] - y) - (places[second, 1] - y) * (places[third, 0] - x)
    return turn


@compiled
def sides_of(hull: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each side of a hull, float32 (n, 2 or more), as float32 (n, 3): (a, b, c) with a x + b y + c = ``depth``."""
    sides = np.empty((len(hull), 3), np.float32)
    for corner in range(len(hull)):
        following = corner + 1 if corner + 1 < len(hull) else 0
        along_x, along_y = hull[following, 0] - hull[corner, 0], hull[following, 1] - hull[corner, 1]
        length = np.sqrt(along_x * along_x + along_y * along_y) + 1e-6
        sides[corner, 0], sides[corner, 1] = -along_y / length, along_x / length
        sides[corner, 2] = (along_y * hull[corner, 0] - along_x * hull[corner, 1]) / length
    return sides


@inlined
def depth_within(sides: NDArray[np.float32], x: np.float32, y: np.float32) -> float:
    """``depth`` of a point, by the sides of the hull."""
    least = 1e9
    for side in range(len(sides)):
        least = min(least, sides[side, 0] * x + sides[side, 1] * y + sides[side, 2])
    return least


@inlined
def depth(corners: NDArray[np.float32], count: int, x: np.float32, y: np.float32) -> float:
    """Distance in pixels from (x, y) to the nearest side of the hull: above 0 inside, below 0 outside.

    ``corners``: float32 (at least ``count``, 2 or more), of which the first ``count`` are the hull's in order. Outside
    a corner the distance is to the line of a side, which is never more than the true one.
    """
    least = 1e9
    for corner in range(count):
        following = corner + 1 if corner + 1 < count else 0
        along_x = corners[following, 0] - corners[corner, 0]
        along_y = corners[following, 1] - corners[corner, 1]
        length = np.sqrt(along_x * along_x + along_y * along_y) + 1e-6
        across = along_x * (y - corners[corner, 1]) - along_y * (x - corners[corner, 0])
        least = min(least, across / length)
    return least
