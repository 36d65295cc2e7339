"""The convex hull of minutiae, and how far inside it a point lies."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.compiled import inlined


def hull_of(points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices of the corners of the convex hull of points, float32 (n, 2), in order (Andrew's monotone chain)."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    lower, upper = _chain(points.tolist(), order.tolist()), _chain(points.tolist(), order[::-1].tolist())
    corners = lower[:-1] + upper[:-1] or order[:1].tolist()
    return np.array(corners, np.int64)


def _chain(points: list[list[float]], order: list[int]) -> list[int]:
    chain: list[int] = []
    for index in order:
        while len(chain) > 1 and _turn(points[chain[-2]], points[chain[-1]], points[index]) <= 0:
            chain.pop()
        chain.append(index)
    return chain


def _turn(first: list[float], second: list[float], third: list[float]) -> float:
    """Above 0 where the path turns from x towards y."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])


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
