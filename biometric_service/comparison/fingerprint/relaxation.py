"""Pairs of minutiae that are alike, weakened or kept by how well they agree with one another.

Local similarity sort with relaxation (LSS-R) of the cylinder code's paper. Two pairs agree where the distance between
their minutiae, the turn from probe to reference, and the bearing from one to the other are the same in both prints.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.angles import ramp, wrapped
from biometric_service.comparison.fingerprint.compiled import compiled, inlined
from biometric_service.comparison.fingerprint.cylinders import MOST_MINUTIAE
from biometric_service.comparison.fingerprint.similarity import Prints

LEVELS = np.float32(256)
DISTANCE = np.float32(5.0)
DISTANCE_SOFTNESS = np.float32(2.5)
ANGLE = np.float32(np.pi / 12)
ANGLE_SOFTNESS = np.float32(0.1)
ROUNDS = 5
KEPT = np.float32(0.5)
FEWEST = 4
MOST = 12
HALF_WAY = 20.0
STEEPNESS = 0.4
ONE = np.float32(1)
NONE = np.float32(0)
TINY = np.float32(1e-3)


class Pairs(NamedTuple):
    """Room for the pairs of one comparison, each array (64,) or, ``agreement``, (64, 64).

    ``probe``, ``reference``: indices of the minutiae. ``similarity``: local, 0 to 1; ``strength``: after relaxation.
    ``px``, ``py``, ``rx``, ``ry``: their places. ``turn``: from the probe's direction to the reference's, radians.
    """

    probe: NDArray[np.int64]
    reference: NDArray[np.int64]
    similarity: NDArray[np.float32]
    strength: NDArray[np.float32]
    px: NDArray[np.float32]
    py: NDArray[np.float32]
    rx: NDArray[np.float32]
    ry: NDArray[np.float32]
    turn: NDArray[np.float32]
    agreement: NDArray[np.float32]


@compiled
def room_for_pairs() -> Pairs:
    """Fresh room."""
    indices = np.zeros((2, MOST_MINUTIAE), np.int64)
    values = np.zeros((7, MOST_MINUTIAE), np.float32)
    agreement = np.zeros((MOST_MINUTIAE, MOST_MINUTIAE), np.float32)
    return Pairs(
        indices[0],
        indices[1],
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
        values[6],
        agreement,
    )


@compiled
def choose(prints: Prints, pairs: Pairs) -> int:
    """Take the most similar pairs, as many as the smaller print has minutiae; returns how many there are.

    Similarities are told apart in 1/256; of equal ones the first are taken.
    """
    rows, columns, similarity = len(prints.reference.places), len(prints.probe.places), prints.similarity
    level, left = _cut(similarity, rows, columns, min(rows, columns))
    least, above = np.float32(level) / LEVELS, np.float32(level + 1) / LEVELS
    probe, reference, likeness, count = pairs.probe, pairs.reference, pairs.similarity, 0
    for row in range(rows):
        for column in range(columns):
            value = similarity[row, column]
            if value >= above or (value >= least and left > 0):
                left -= value < above
                probe[count], reference[count], likeness[count] = column, row, value
                count += 1
    _place(prints, pairs, count)
    return count


@compiled
def _cut(similarity: NDArray[np.float32], rows: int, columns: int, wanted: int) -> tuple[int, int]:
    """The level above which everything is wanted, and how many of that level itself; never of level 0."""
    level, above, fitting = 0, int(LEVELS) + 1, 0
    while above - level > 1:
        middle = (level + above) // 2
        count = _reaching(similarity, rows, columns, np.float32(middle) / LEVELS)
        if count <= wanted:
            above, fitting = middle, count
        else:
            level = middle
    return level, wanted - fitting if level > 0 else 0


@compiled
def _reaching(similarity: NDArray[np.float32], rows: int, columns: int, least: np.float32) -> int:
    count = 0
    for row in range(rows):
        for column in range(columns):
            count += similarity[row, column] >= least
    return count


@compiled
def _place(prints: Prints, pairs: Pairs, count: int) -> None:
    """Look up where the minutiae of the first ``count`` pairs are and how they are turned."""
    probe, reference = prints.probe.places, prints.reference.places
    px, py, rx, ry, turn = pairs.px, pairs.py, pairs.rx, pairs.ry, pairs.turn
    for pair in range(count):
        mine, other = pairs.probe[pair], pairs.reference[pair]
        px[pair], py[pair] = probe[mine, 0], probe[mine, 1]
        rx[pair], ry[pair] = reference[other, 0], reference[other, 1]
        turn[pair] = reference[other, 2] - probe[mine, 2]


@compiled
def relax(pairs: Pairs, count: int) -> None:
    """Let the first ``count`` pairs strengthen one another by their agreement, five rounds."""
    for pair in range(count):
        _agreement(pairs, count, pair)
        pairs.strength[pair] = pairs.similarity[pair]
    before = np.empty(count, np.float32)
    share = (ONE - KEPT) / np.float32(max(count - 1, 1))
    for _ in range(ROUNDS):
        before[:] = pairs.strength[:count]
        for pair in range(count):
            support = NONE
            for other in range(count):
                support += pairs.agreement[pair, other] * before[other]
            pairs.strength[pair] = KEPT * before[pair] + share * support


@inlined
def _agreement(pairs: Pairs, count: int, pair: int) -> None:
    """Fill one row: 0 (contradict) to 1 (agree); 0 for pairs that share a minutia."""
    turn, agreement = pairs.turn[pair], pairs.agreement[pair]
    along, across = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    for other in range(count):
        dx, dy = pairs.px[other] - pairs.px[pair], pairs.py[other] - pairs.py[pair]
        vx, vy = pairs.rx[other] - pairs.rx[pair], pairs.ry[other] - pairs.ry[pair]
        ux, uy = along * dx + across * dy, along * dy - across * dx
        length, reference_length = np.sqrt(dx * dx + dy * dy), np.sqrt(vx * vx + vy * vy)
        product = length * reference_length
        sine = abs(ux * vy - uy * vx) / (product + TINY)
        value = ramp(abs(length - reference_length), DISTANCE, DISTANCE_SOFTNESS)
        value *= ramp(abs(wrapped(turn - pairs.turn[other])), ANGLE, ANGLE_SOFTNESS)
        value *= ramp(sine, ANGLE, ANGLE_SOFTNESS)
        agreement[other] = value if (ux * vx + uy * vy > NONE) & (product > NONE) else NONE


@compiled
def relaxed_score(pairs: Pairs, count: int, smaller: int) -> float:
    """Mean strength of the pairs that kept most of theirs, 0 to 1.

    ``smaller``: minutiae of the smaller print, by which 4 to 12 pairs are taken.
    """
    taken = FEWEST + int(np.floor((MOST - FEWEST) / (1 + math.exp(STEEPNESS * (HALF_WAY - smaller))) + 0.5))
    kept = np.empty(count, np.float32)
    for pair in range(count):
        kept[pair] = pairs.strength[pair] / pairs.similarity[pair]
    total = 0.0
    for _ in range(min(taken, count)):
        best = np.argmax(kept)
        total += pairs.strength[best]
        kept[best] = -ONE
    return total / taken
