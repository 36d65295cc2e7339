"""The alignment that the relaxed pairs vote for, and the minutiae it brings together.

The strongest pair and those that agree with it give a rigid movement of the probe onto the reference. What is left
between the paired minutiae is skin distortion: smooth, so each minutia is moved on by what its neighbours need.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.angles import wrapped
from biometric_service.comparison.fingerprint.compiled import compiled, inlined
from biometric_service.comparison.fingerprint.cylinders import MOST_MINUTIAE, Minutiae
from biometric_service.comparison.fingerprint.relaxation import Pairs
from biometric_service.comparison.fingerprint.similarity import Prints

BENDS = 2
FIRST_REACH = np.float32(28)
REACH = np.float32(15)
LARGEST_TURN = np.float32(np.pi / 6)
LEVER = 20.0
SMOOTHNESS = np.float32(50)
STIFFNESS = np.float32(0.5)
TRUST = np.float32(0.2)
UNPAIRED = -1
ONE = np.float32(1)
NONE = np.float32(0)
FAR = np.float32(1e9)


class Movement(NamedTuple):
    """A rotation about a point and a shift: where (``px``, ``py``) goes to (``rx``, ``ry``), turned by ``turn``.

    ``turn``: radians, counter-clockwise, y down.
    """

    px: float
    py: float
    rx: float
    ry: float
    turn: float


class Alignment(NamedTuple):
    """Room for the aligned probe.

    ``moved``: float32 (64, 3), x, y and direction of the probe's minutiae after the movement. ``residual``: float32
    (64, 2), how far distortion carries each one further. ``partner``: int64 (64,), the reference minutia of each probe
    minutia, or -1; ``claimed``: int64 (64,), the reverse.
    """

    moved: NDArray[np.float32]
    residual: NDArray[np.float32]
    partner: NDArray[np.int64]
    claimed: NDArray[np.int64]


@compiled
def room_for_alignment() -> Alignment:
    """Fresh room."""
    return Alignment(
        np.zeros((MOST_MINUTIAE, 3), np.float32),
        np.zeros((MOST_MINUTIAE, 2), np.float32),
        np.full(MOST_MINUTIAE, UNPAIRED),
        np.full(MOST_MINUTIAE, UNPAIRED),
    )


@compiled
def movement_of(pairs: Pairs, count: int) -> Movement:
    """The rigid movement, by least squares, of the strongest pair and of the others as far as they agree with it.

    A pair's own turn counts like a distance of 20 pixels.
    """
    best = int(np.argmax(pairs.strength[:count]))
    weights = (pairs.strength[:count] * pairs.agreement[best, :count]).astype(np.float64)
    weights[best] = pairs.strength[best]
    weights /= weights.sum()
    px, py = (weights * pairs.px[:count]).sum(), (weights * pairs.py[:count]).sum()
    rx, ry = (weights * pairs.rx[:count]).sum(), (weights * pairs.ry[:count]).sum()
    along = across = 0.0
    for pair in range(count):
        dx, dy = pairs.px[pair] - px, pairs.py[pair] - py
        vx, vy = pairs.rx[pair] - rx, pairs.ry[pair] - ry
        along += weights[pair] * (dx * vx + dy * vy + LEVER * LEVER * math.cos(pairs.turn[pair]))
        across += weights[pair] * (dy * vx - dx * vy + LEVER * LEVER * math.sin(pairs.turn[pair]))
    return Movement(px, py, rx, ry, math.atan2(across, along))


@compiled
def align(movement: Movement, prints: Prints, alignment: Alignment) -> None:
    """Move the probe, then pair, bend and pair again with a narrower reach, twice."""
    _move(movement, prints.probe, alignment)
    _pair(prints, alignment, FIRST_REACH)
    for _ in range(BENDS):
        _bend(prints, alignment)
        _pair(prints, alignment, REACH)


@inlined
def _move(movement: Movement, probe: Minutiae, alignment: Alignment) -> None:
    along, across = math.cos(movement.turn), math.sin(movement.turn)
    for minutia in range(len(probe.places)):
        dx, dy = probe.places[minutia, 0] - movement.px, probe.places[minutia, 1] - movement.py
        alignment.moved[minutia, 0] = movement.rx + along * dx + across * dy
        alignment.moved[minutia, 1] = movement.ry - across * dx + along * dy
        alignment.moved[minutia, 2] = wrapped(probe.places[minutia, 2] + movement.turn)
        alignment.residual[minutia] = 0


@compiled
def _pair(prints: Prints, alignment: Alignment, reach: np.float32) -> None:
    """Give each probe minutia its nearest reference minutia within reach, if no other is nearer to that one."""
    partner, claimed, paid = alignment.partner, alignment.claimed, np.empty(len(prints.reference.places), np.float32)
    claimed[:] = UNPAIRED
    for minutia in range(len(prints.probe.places)):
        partner[minutia] = UNPAIRED
        nearest, cost = _nearest(prints, alignment, minutia, reach)
        if nearest == UNPAIRED:
            continue
        rival = claimed[nearest]
        if rival != UNPAIRED:
            if paid[nearest] <= cost:
                continue
            partner[rival] = UNPAIRED
        partner[minutia], claimed[nearest], paid[nearest] = nearest, minutia, cost


@compiled
def _nearest(prints: Prints, alignment: Alignment, minutia: int, reach: np.float32) -> tuple[int, np.float32]:
    """The reference minutia that a moved probe minutia is nearest to, and its cost; -1 where none is within reach."""
    places, similarity, moved = prints.reference.places, prints.similarity, alignment.moved[minutia]
    x, y = moved[0] + alignment.residual[minutia, 0], moved[1] + alignment.residual[minutia, 1]
    nearest, least = UNPAIRED, FAR
    for other in range(len(places)):
        cost = _cost(places[other, 0] - x, places[other, 1] - y, places[other, 2] - moved[2], reach)
        if cost < FAR and cost - similarity[other, minutia] < least:
            nearest, least = other, cost - similarity[other, minutia]
    return nearest, least


@inlined
def _cost(dx: np.float32, dy: np.float32, turn: np.float32, reach: np.float32) -> np.float32:
    """Squared distance and turn in units of their limits; very large out of reach."""
    apart = (dx * dx + dy * dy) / (reach * reach)
    turned = abs(wrapped(turn)) / LARGEST_TURN
    return apart + turned * turned if (apart < ONE) & (turned < ONE) else FAR


@inlined
def _bend(prints: Prints, alignment: Alignment) -> None:
    """Set each residual to the weighted mean of what the paired minutiae around need, drawn towards none."""
    count, reference, similarity = len(prints.probe.places), prints.reference, prints.similarity
    for minutia in range(count):
        total, x, y = STIFFNESS, NONE, NONE
        for other in range(count):
            partner = alignment.partner[other]
            if partner == UNPAIRED:
                continue
            dx = alignment.moved[other, 0] - alignment.moved[minutia, 0]
            dy = alignment.moved[other, 1] - alignment.moved[minutia, 1]
            nearness = max(ONE - (dx * dx + dy * dy) / (4 * SMOOTHNESS * SMOOTHNESS), NONE)
            weight = nearness * nearness * (TRUST + similarity[partner, other])
            total += weight
            x += weight * (reference.places[partner, 0] - alignment.moved[other, 0])
            y += weight * (reference.places[partner, 1] - alignment.moved[other, 1])
        alignment.residual[minutia, 0], alignment.residual[minutia, 1] = x / total, y / total
