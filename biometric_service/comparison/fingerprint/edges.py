"""Edges between neighbouring minutiae, and how many of them two minutiae have in common.

An edge is the length from a minutia to a neighbour and the two directions seen from the line between them, three
numbers that no movement changes, as in the edge tables of SourceAFIS (Važan). Where an edge of the probe fits one of
the reference, it votes for the two minutiae that they start from. Nothing here rests on cylinder codes.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.angles import ramp, wrapped
from biometric_service.comparison.fingerprint.compiled import compiled, inlined

NEIGHBOURS = 8
LONGEST = 180.0
"""Pixels; no edge is longer."""
LENGTH_UNIT = np.float32(1 / 64)
ANGLE_UNIT = np.float32(np.pi / 32768)
LENGTH = np.float32(8.0)
LENGTH_SOFTNESS = np.float32(4.8)
ANGLE = np.float32(0.25)
ANGLE_SOFTNESS = np.float32(0.15)
WIDEST = ANGLE + ANGLE_SOFTNESS
LENGTH_STEP = 13.0
LENGTH_STEPS = 15
ANGLE_STEPS = 15
COLUMNS = ANGLE_STEPS + 2
HALF_SURE = np.float32(1.5)
FAR = np.float32(1e12)


class EdgeTable(NamedTuple):
    """The edges of a probe in buckets, by their length and then by their first angle.

    A row of buckets has one more at each end, which repeats the bucket at the other end, so that what is near an angle
    always lies side by side. ``start``: int64 (256,), where each bucket starts. ``owner``: int64 (m,), the minutia an
    edge starts from. ``length``, ``angle``, ``other``: float32 (m,), pixels and radians.
    """

    start: NDArray[np.int64]
    owner: NDArray[np.int64]
    length: NDArray[np.float32]
    angle: NDArray[np.float32]
    other: NDArray[np.float32]


@compiled
def star(places: NDArray[np.float32]) -> NDArray[np.int16]:
    """Edges from each minutia to its nearest ones, int16 (n, 8, 3).

    Length in 1/64 pixel, 0 for no edge; direction of the minutia and of its neighbour from the line between them in
    1/65536 turn.
    """
    edges = np.zeros((len(places), NEIGHBOURS, 3), np.int16)
    apart = np.empty(len(places), np.float32)
    for minutia in range(len(places)):
        for other in range(len(places)):
            dx, dy = places[other, 0] - places[minutia, 0], places[other, 1] - places[minutia, 1]
            squared = dx * dx + dy * dy
            apart[other] = squared if LENGTH_UNIT < squared <= LONGEST * LONGEST else FAR
        for edge in range(NEIGHBOURS):
            other = int(np.argmin(apart))
            if apart[other] == FAR:
                break
            bearing = math.atan2(places[minutia, 1] - places[other, 1], places[other, 0] - places[minutia, 0])
            edges[minutia, edge, 0] = int(math.sqrt(apart[other]) / LENGTH_UNIT)
            edges[minutia, edge, 1] = int(wrapped(places[minutia, 2] - bearing) / ANGLE_UNIT)
            edges[minutia, edge, 2] = int(wrapped(places[other, 2] - bearing) / ANGLE_UNIT)
            apart[other] = FAR
    return edges


@compiled
def edge_table(edges: NDArray[np.int16]) -> EdgeTable:
    """The table of a probe's edges, int16 (n, 8, 3)."""
    start = np.zeros(LENGTH_STEPS * COLUMNS + 2, np.int64)
    for at in range(len(edges) * NEIGHBOURS):
        first, second = _buckets(edges[at // NEIGHBOURS, at % NEIGHBOURS])
        start[first + 2] += 1
        start[second + 2] += second != first
    start[:] = np.cumsum(start)
    most = start[-1]
    table = EdgeTable(
        start,
        np.zeros(most, np.int64),
        np.zeros(most, np.float32),
        np.zeros(most, np.float32),
        np.zeros(most, np.float32),
    )
    for at in range(len(edges) * NEIGHBOURS):
        first, second = _buckets(edges[at // NEIGHBOURS, at % NEIGHBOURS])
        _enter(table, first, at // NEIGHBOURS, edges[at // NEIGHBOURS, at % NEIGHBOURS])
        if second != first:
            _enter(table, second, at // NEIGHBOURS, edges[at // NEIGHBOURS, at % NEIGHBOURS])
    return table


@compiled
def _buckets(edge: NDArray[np.int16]) -> tuple[int, int]:
    """Where an edge belongs, and where it is repeated (or the same again); one bucket that is never read for none."""
    if edge[0] <= 0:
        return LENGTH_STEPS * COLUMNS - 1, LENGTH_STEPS * COLUMNS - 1
    length, angle, _ = _measures(edge)
    row, column = int(length / LENGTH_STEP) * COLUMNS, _angle_step(angle)
    again = ANGLE_STEPS + 1 if column == 1 else 0 if column == ANGLE_STEPS else column
    return row + column, row + again


@compiled
def _enter(table: EdgeTable, bucket: int, minutia: int, edge: NDArray[np.int16]) -> None:
    at = table.start[bucket + 1]
    table.start[bucket + 1] += 1
    table.owner[at] = minutia
    table.length[at], table.angle[at], table.other[at] = _measures(edge)


@compiled
def vote(table: EdgeTable, edges: NDArray[np.int16], votes: NDArray[np.float32]) -> None:
    """Fill ``votes``, float32 (at least m, at least n), with the fitting edges of reference and probe minutiae.

    ``edges``: int16 (m, 8, 3), of the reference. A bucket is as wide as a vote reaches, so that neighbouring buckets
    hold all that fits.
    """
    votes[: len(edges)] = 0
    for minutia in range(len(edges)):
        for edge in range(NEIGHBOURS):
            if edges[minutia, edge, 0] <= 0:
                break
            length, angle, other = _measures(edges[minutia, edge])
            row, column = int(length / LENGTH_STEP), _angle_step(angle)
            for near in range(max(row - 1, 0), min(row + 1, LENGTH_STEPS - 1) + 1):
                bucket = near * COLUMNS + column
                for at in range(table.start[bucket - 1], table.start[bucket + 2]):
                    turn = abs(wrapped(table.other[at] - other))
                    if turn < WIDEST:
                        fit = ramp(turn, ANGLE, ANGLE_SOFTNESS)
                        fit *= ramp(abs(wrapped(table.angle[at] - angle)), ANGLE, ANGLE_SOFTNESS)
                        fit *= ramp(abs(table.length[at] - length), LENGTH, LENGTH_SOFTNESS)
                        votes[minutia, table.owner[at]] += fit


@compiled
def likeness(votes: NDArray[np.float32], rows: int, columns: int, similarity: NDArray[np.float32]) -> None:
    """Votes as a similarity, 0 to 1: half sure at one and a half votes."""
    for row in range(rows):
        for column in range(columns):
            similarity[row, column] = votes[row, column] / (votes[row, column] + HALF_SURE)


@inlined
def _measures(edge: NDArray[np.int16]) -> tuple[np.float32, np.float32, np.float32]:
    return (
        np.float32(edge[0]) * LENGTH_UNIT,
        np.float32(edge[1]) * ANGLE_UNIT,
        np.float32(edge[2]) * ANGLE_UNIT,
    )


@inlined
def _angle_step(angle: np.float32) -> int:
    """1 to 15."""
    return 1 + int((angle / np.float32(2 * np.pi) + np.float32(0.5)) * np.float32(ANGLE_STEPS)) % ANGLE_STEPS
