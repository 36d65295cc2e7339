"""One comparison from end to end, and many of them in a row without the interpreter."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.alignment import (
    UNPAIRED,
    Alignment,
    Movement,
    align,
    movement_of,
    room_for_alignment,
)
from biometric_service.comparison.fingerprint.compiled import compiled, inlined
from biometric_service.comparison.fingerprint.cylinders import MOST_MINUTIAE, Minutiae
from biometric_service.comparison.fingerprint.edges import EdgeTable, edge_table, likeness, vote
from biometric_service.comparison.fingerprint.evidence import Evidence, gather, weigh
from biometric_service.comparison.fingerprint.methods import Method
from biometric_service.comparison.fingerprint.relaxation import Pairs, choose, relax, relaxed_score, room_for_pairs
from biometric_service.comparison.fingerprint.similarity import Prints, compare_locally

NO_MOVEMENT = Movement(0.0, 0.0, 0.0, 0.0, 0.0)
FEWEST_PAIRS = 3
HALF = np.float32(0.5)


class Room(NamedTuple):
    """Room for the steps of one comparison; one for each thread. ``similarity``, ``votes``: float32 (64, 64)."""

    similarity: NDArray[np.float32]
    votes: NDArray[np.float32]
    pairs: Pairs
    alignment: Alignment


class Held(NamedTuple):
    """Many references in equal slots of m minutiae.

    ``words``: uint64 (n, m, 7); ``places``: float32 (n, m, 4); ``edges``: int16 (n, m, 8, 3), or (n, m, 0, 3) for a
    method without edges; ``counts``: int64 (n, 2), how many minutiae and hull corners each slot holds. See
    ``cylinders.Minutiae``.
    """

    words: NDArray[np.uint64]
    places: NDArray[np.float32]
    edges: NDArray[np.int16]
    counts: NDArray[np.int64]


class Probe(NamedTuple):
    """A print to compare with many others.

    ``planes``: uint64 (7, n), its words by plane; ``directions``: float32 (n,); ``table``: of its edges.
    """

    minutiae: Minutiae
    planes: NDArray[np.uint64]
    directions: NDArray[np.float32]
    table: EdgeTable


@compiled
def room() -> Room:
    """Fresh room."""
    square = np.zeros((2, MOST_MINUTIAE, MOST_MINUTIAE), np.float32)
    return Room(square[0], square[1], room_for_pairs(), room_for_alignment())


@compiled
def probe_of(minutiae: Minutiae) -> Probe:
    """A print in the forms that a probe is fast in."""
    directions = np.ascontiguousarray(minutiae.places[:, 2])
    return Probe(minutiae, np.ascontiguousarray(minutiae.words.T), directions, edge_table(minutiae.edges))


@compiled
def compare(probe: Probe, reference: Minutiae, method: Method, room: Room) -> tuple[Evidence, Movement]:
    """Compare two prints; ``room`` holds the pairs and the alignment afterwards."""
    prints = Prints(probe.minutiae, reference, room.similarity)
    room.alignment.partner[:] = UNPAIRED
    if method.cylinders:
        compare_locally(probe.planes, probe.directions, prints)
    else:
        _compare_edges(probe, reference, room.votes, room.similarity)
    count, relaxed = _support(prints, room.pairs)
    if relaxed >= method.worth_aligning and method.cylinders and method.edges:
        _add_edges(probe, reference, room)
        count, relaxed = _support(prints, room.pairs)
    if count < FEWEST_PAIRS or relaxed < method.worth_aligning:
        return Evidence(relaxed, 0.0, 0.0, 0.0, 0.0), NO_MOVEMENT
    movement = movement_of(room.pairs, count)
    align(movement, prints, room.alignment)
    return gather(relaxed, movement, prints, room.alignment), movement


@compiled
def _support(prints: Prints, pairs: Pairs) -> tuple[int, float]:
    """How many pairs were chosen, and their relaxed score; 0 of too few."""
    count = choose(prints, pairs)
    if count < FEWEST_PAIRS:
        return count, 0.0
    relax(pairs, count)
    return count, relaxed_score(pairs, count, min(len(prints.probe.places), len(prints.reference.places)))


@compiled
def _compare_edges(
    probe: Probe, reference: Minutiae, votes: NDArray[np.float32], similarity: NDArray[np.float32]
) -> None:
    vote(probe.table, reference.edges, votes)
    likeness(votes, len(reference.places), len(probe.directions), similarity)


@compiled
def _add_edges(probe: Probe, reference: Minutiae, room: Room) -> None:
    """Make the similarity the mean of what it is and what edges say."""
    similarity, votes = room.similarity, room.votes
    _compare_edges(probe, reference, votes, votes)
    for row in range(len(reference.places)):
        for column in range(len(probe.directions)):
            similarity[row, column] = HALF * (similarity[row, column] + votes[row, column])


@compiled
def compare_many(
    probe: Probe, held: Held, rows: NDArray[np.int64], method: Method, scores: NDArray[np.float32]
) -> None:
    """Raw scores of a probe against the given slots, into ``scores``, float32 (len(rows),)."""
    space = room()
    for index in range(len(rows)):
        evidence, _ = compare(probe, slot(held, rows[index]), method, space)
        scores[index] = weigh(evidence, method.weights)


@inlined
def slot(held: Held, row: int) -> Minutiae:
    """What a slot holds."""
    count, corners = held.counts[row]
    return Minutiae(held.words[row, :count], held.places[row, :count], held.edges[row, :count], corners)
