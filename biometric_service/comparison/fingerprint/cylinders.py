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
from biometric_service.comparison.fingerprint.compiled import compiled, inlined, ones
from biometric_service.comparison.fingerprint.edges import star
from biometric_service.comparison.fingerprint.hull import depth_within, hull_of, sides_of
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
WIDEST = 3 * POSITION_SPREAD
WITHIN = WIDEST**2
REACH = RADIUS + WIDEST
MOST_NEIGHBOURS = 256
MOST_MINUTIAE = 64
MASK = PLANES
WORDS = PLANES + 1
BIT = np.uint64(1)


CELL = 2 * RADIUS / ACROSS
NOWHERE = -1


def _cells() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Centres of the cells inside the circle, float32 (52, 2), in pixels along and across the minutia's direction.

    Beside them int64 (8, 8), which cell is in which row across and column along, -1 outside the circle.
    """
    offsets = (np.arange(ACROSS) + 0.5) * CELL - RADIUS
    along, across = np.meshgrid(offsets, offsets)
    inside = along**2 + across**2 <= RADIUS**2
    grid = np.full(inside.shape, NOWHERE)
    grid[inside] = np.arange(inside.sum())
    return np.column_stack([along[inside], across[inside]]).astype(np.float32), grid


CELLS, GRID = _cells()
ALL_CELLS = np.uint64((1 << len(CELLS)) - 1)

FINE = 1024
"""Steps of the tables below, between which values are interpolated: to seven digits."""


def _nearness() -> NDArray[np.float64]:
    """Of each squared distance up to ``WITHIN``: the Gaussian of positions."""
    squared = np.arange(FINE + 2) * (WITHIN / FINE)
    height = 1 / (POSITION_SPREAD * math.sqrt(2 * math.pi))
    return np.asarray(height * np.exp(-squared / (2 * POSITION_SPREAD**2)), np.float64)


def _shares() -> NDArray[np.float64]:
    """Of each difference from -pi on: part of the Gaussian of directions that falls into a plane so far away."""
    half, width = math.pi / PLANES, DIRECTION_SPREAD * math.sqrt(2)
    differences = -math.pi + np.arange(FINE + 2) * (2 * math.pi / FINE)
    return np.array([0.5 * (math.erf((d + half) / width) - math.erf((d - half) / width)) for d in differences])


NEARNESS, SHARES = _nearness(), _shares()


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
    to every plane by its relative direction; ``sums``: float64 (52, 6), room for what they give to the cells.
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
    places = np.column_stack([template.positions, template.directions, template.qualities]).astype(np.float32)
    words, kept, edges, corners, source = _prepared(places)
    return Cylinders(Minutiae(words, kept, edges, corners), source)


Prepared = tuple[NDArray[np.uint64], NDArray[np.float32], NDArray[np.int16], int, NDArray[np.int64]]


@compiled
def _prepared(places: NDArray[np.float32]) -> Prepared:
    used = _best(places[:, 3], np.arange(len(places)), MOST_NEIGHBOURS)
    near = places[used]
    words = encode(near, sides_of(near[hull_of(near)]))
    kept = _best(near[:, 3], np.flatnonzero(words[:, MASK]), MOST_MINUTIAE)
    corners = hull_of(near[kept])
    kept = _first(kept, corners)
    return words[kept], near[kept], star(near[kept]), len(corners), used[kept]


@compiled
def _best(qualities: NDArray[np.float32], among: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The ``most`` of the given indices with the highest quality, in ascending order."""
    return np.sort(among[np.argsort(-qualities[among], kind="mergesort")[:most]])


@compiled
def _first(these: NDArray[np.int64], corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same indices, those at ``corners`` before all others."""
    others = np.ones(len(these), np.bool_)
    others[corners] = False
    return np.concatenate((these[corners], these[others]))


@compiled
def encode(places: NDArray[np.float32], sides: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Words of each minutia, uint64 (n, 7); all zero where it has too few neighbours or valid cells.

    ``sides``: of the hull of all (``hull.sides_of``).
    """
    words = np.zeros((len(places), WORDS), np.uint64)
    shares = np.empty((len(places), PLANES), np.float32)
    near = np.empty(len(places), np.int64)
    sums = np.empty((len(CELLS), PLANES))
    for centre in range(len(places)):
        count = _neighbours(places, centre, near, shares)
        valid = _valid(places[centre], sides)
        if count >= LEAST_NEIGHBOURS and ones(valid) >= LEAST_VALID_CELLS * len(CELLS):
            _contribute(Around(places, centre, near, count, shares, sums))
            _set(words[centre], valid, sums)
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
            away = float(wrapped(middle - places[centre, 2] + places[other, 2]))
            shares[count, plane] = _between(SHARES, (away + math.pi) * (FINE / (2 * math.pi)))
        count += 1
    return count


@inlined
def _between(table: NDArray[np.float64], step: float) -> float:
    """What a table says between two of its steps."""
    whole = int(step)
    value: float = table[whole] + (step - whole) * (table[whole + 1] - table[whole])
    return value


@compiled
def _valid(centre: NDArray[np.float32], sides: NDArray[np.float32]) -> np.uint64:
    """The cells around a minutia that lie in the hull or not far outside it, a bit each."""
    if depth_within(sides, centre[0], centre[1]) >= RADIUS - HULL_MARGIN:
        return ALL_CELLS
    along, across = math.cos(centre[2]), math.sin(centre[2])
    valid = np.uint64(0)
    for cell in range(len(CELLS)):
        x = centre[0] + along * CELLS[cell, 0] + across * CELLS[cell, 1]
        y = centre[1] - across * CELLS[cell, 0] + along * CELLS[cell, 1]
        if depth_within(sides, x, y) >= -HULL_MARGIN:
            valid |= BIT << np.uint64(cell)
    return valid


@inlined
def _set(words: NDArray[np.uint64], valid: np.uint64, sums: NDArray[np.float64]) -> None:
    words[MASK] = valid
    for cell in range(len(CELLS)):
        bit = valid & (BIT << np.uint64(cell))
        for plane in range(PLANES):
            if sums[cell, plane] >= LEAST_CONTRIBUTION:
                words[plane] |= bit


@compiled
def _contribute(around: Around) -> None:
    """Sum up what the neighbours give to every cell, each to those that are near it."""
    centre = around.places[around.centre]
    along, across = math.cos(centre[2]), math.sin(centre[2])
    around.sums[:] = 0
    for index in range(around.reached):
        neighbour = around.places[around.near[index]]
        dx, dy = neighbour[0] - centre[0], neighbour[1] - centre[1]
        here, aside = along * dx - across * dy, across * dx + along * dy
        for row in range(_least(aside), _most(aside) + 1):
            for column in range(_least(here), _most(here) + 1):
                apart_x, apart_y = (column + 0.5) * CELL - RADIUS - here, (row + 0.5) * CELL - RADIUS - aside
                squared, cell = apart_x * apart_x + apart_y * apart_y, GRID[row, column]
                if cell != NOWHERE and squared <= WITHIN:
                    weight = _between(NEARNESS, squared * (FINE / WITHIN))
                    for plane in range(PLANES):
                        around.sums[cell, plane] += weight * around.shares[index, plane]


@inlined
def _least(offset: float) -> int:
    """The first row or column of cells that a neighbour at this offset may reach."""
    return max(0, math.ceil((offset - WIDEST + RADIUS) / CELL - 0.5))


@inlined
def _most(offset: float) -> int:
    """The last one."""
    return min(ACROSS - 1, math.floor((offset + WIDEST + RADIUS) / CELL - 0.5))
