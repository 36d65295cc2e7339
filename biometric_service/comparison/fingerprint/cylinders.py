"""Minutia cylinder codes: what lies around each minutia, as bits.

Cappelli, Ferrara, Maltoni: Minutia Cylinder-Code, IEEE TPAMI 32(12), 2010, the bit-based variant with 8 x 8 x 6 cells
(MCC8b), whose constants these are. A cell is set where the neighbours' positions and relative directions come near it.
A plane of cells, one for each of six relative directions, fits into one 64-bit word.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.angles import wrapped
from biometric_service.comparison.fingerprint.compiled import compiled, inlined
from biometric_service.comparison.fingerprint.edges import star
from biometric_service.comparison.fingerprint.hull import depth, hull_of
from biometric_service.vocabulary.templates import MinutiaeTemplate

RADIUS = 70.0
ACROSS = 8
PLANES = 6
POSITION_SPREAD = 28 / 3
DIRECTION_SPREAD = 2 * math.pi / 9
LEAST_CONTRIBUTION = 0.005
HULL_MARGIN = 50.0
LEAST_VALID_CELLS = 0.75
LEAST_NEIGHBOURS = 2
REACH = RADIUS + 3 * POSITION_SPREAD
MOST_NEIGHBOURS = 256
MOST_MINUTIAE = 64
MASK = PLANES
WORDS = PLANES + 1
BIT = np.uint64(1)


def _cells() -> NDArray[np.float32]:
    """Centres of the cells inside the circle, float32 (52, 2), in pixels along and across the minutia's direction."""
    offsets = (np.arange(ACROSS) + 0.5) * (2 * RADIUS / ACROSS) - RADIUS
    along, across = np.meshgrid(offsets, offsets)
    inside = along**2 + across**2 <= RADIUS**2
    return np.column_stack([along[inside], across[inside]]).astype(np.float32)


CELLS = _cells()


class Minutiae(NamedTuple):
    """Minutiae ready for comparison, as compiled code takes them.

    ``words``: uint64 (n, 7), six planes of cells and the mask of valid cells. ``places``: float32 (n, 4), x and y in
    pixels, direction in radians, quality 0 to 1. ``edges``: int16 (n, 8, 3), see ``edges.star``. ``corners``: how many
    of the first minutiae are the corners of their convex hull, in order.
    """

    words: NDArray[np.uint64]
    places: NDArray[np.float32]
    edges: NDArray[np.int16]
    corners: int


class Around(NamedTuple):
    """A minutia and those within reach of it.

    ``near``: int64 (at least ``reached``,), which ones; ``shares``: float32 (at least ``reached``, 6), what each gives
    to every plane by its relative direction; ``sums``: float64 (6,), room for what they give to the cells at one place.
    """

    places: NDArray[np.float32]
    centre: int
    near: NDArray[np.int64]
    reached: int
    shares: NDArray[np.float32]
    sums: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cylinders:
    """A prepared template; ``source``: int64 (n,), which minutia of the template each one is. At most 64 are kept."""

    minutiae: Minutiae
    source: NDArray[np.int64]


def prepare(template: MinutiaeTemplate) -> Cylinders:
    """Cylinder codes of the minutiae that have enough around them, the best 64 of them.

    Minutiae of any quality are taken: what they prove is weighed by their quality later on.
    """
    used = _best(template.qualities, np.arange(len(template.qualities)), MOST_NEIGHBOURS)
    places = np.column_stack([template.positions, template.directions, template.qualities])[used].astype(np.float32)
    hull = np.ascontiguousarray(places[hull_of(places[:, :2])]) if len(used) else places
    words = encode(places, hull, CELLS)
    kept = _best(places[:, 3], np.flatnonzero(words[:, MASK]), MOST_MINUTIAE)
    corners = hull_of(places[kept, :2]) if len(kept) else kept
    kept = np.concatenate([kept[corners], np.delete(kept, corners)])
    return Cylinders(Minutiae(words[kept], places[kept], star(places[kept]), len(corners)), used[kept])


def _best(qualities: NDArray[np.float32], among: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The ``most`` of the given indices with the highest quality, in ascending order."""
    return np.sort(among[np.argsort(-qualities[among], kind="stable")[:most]])


@compiled
def encode(places: NDArray[np.float32], hull: NDArray[np.float32], cells: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Words of each minutia, uint64 (n, 7); all zero where it has too few neighbours or valid cells."""
    words = np.zeros((len(places), WORDS), np.uint64)
    shares = np.empty((len(places), PLANES), np.float32)
    near = np.empty(len(places), np.int64)
    sums = np.empty(PLANES)
    for centre in range(len(places)):
        count = _neighbours(places, centre, near, shares)
        if count >= LEAST_NEIGHBOURS:
            _fill(words[centre], Around(places, centre, near, count, shares, sums), hull, cells)
    return words


@compiled
def _neighbours(places: NDArray[np.float32], centre: int, near: NDArray[np.int64], shares: NDArray[np.float32]) -> int:
    """Collect the minutiae within reach, and what each gives to every plane by its relative direction."""
    count = 0
    for other in range(len(places)):
        dx, dy = places[other, 0] - places[centre, 0], places[other, 1] - places[centre, 1]
        if other == centre or dx * dx + dy * dy > REACH * REACH:
            continue
        near[count] = other
        for plane in range(PLANES):
            middle = (plane + 0.5) * 2 * math.pi / PLANES - math.pi
            shares[count, plane] = _share(float(wrapped(middle - places[centre, 2] + places[other, 2])))
        count += 1
    return count


@inlined
def _share(difference: float) -> float:
    """Part of a Gaussian of directions that falls into a plane whose middle is ``difference`` away."""
    half, width = math.pi / PLANES, DIRECTION_SPREAD * math.sqrt(2)
    return 0.5 * (math.erf((difference + half) / width) - math.erf((difference - half) / width))


@compiled
def _fill(words: NDArray[np.uint64], around: Around, hull: NDArray[np.float32], cells: NDArray[np.float32]) -> None:
    centre = around.places[around.centre]
    along, across = math.cos(centre[2]), math.sin(centre[2])
    valid = 0
    for cell in range(len(cells)):
        x = centre[0] + along * cells[cell, 0] + across * cells[cell, 1]
        y = centre[1] - across * cells[cell, 0] + along * cells[cell, 1]
        if depth(hull, len(hull), x, y) < -HULL_MARGIN:
            continue
        valid += 1
        bit = BIT << np.uint64(cell)
        words[MASK] |= bit
        _contribute(around, x, y)
        _set(words, bit, around.sums)
    if valid < LEAST_VALID_CELLS * len(cells):
        words[:] = 0


@inlined
def _set(words: NDArray[np.uint64], bit: np.uint64, contributions: NDArray[np.float64]) -> None:
    for plane in range(PLANES):
        if contributions[plane] >= LEAST_CONTRIBUTION:
            words[plane] |= bit


@inlined
def _contribute(around: Around, x: float, y: float) -> None:
    """Sum up what the neighbours give to the six cells at (x, y)."""
    around.sums[:] = 0
    for index in range(around.reached):
        neighbour = around.places[around.near[index]]
        dx, dy = neighbour[0] - x, neighbour[1] - y
        squared = dx * dx + dy * dy
        if squared <= 9 * POSITION_SPREAD**2:
            weight = math.exp(-squared / (2 * POSITION_SPREAD**2)) / (POSITION_SPREAD * math.sqrt(2 * math.pi))
            for plane in range(PLANES):
                around.sums[plane] += weight * around.shares[index, plane]
