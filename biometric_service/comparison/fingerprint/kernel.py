"""One comparison from end to end, and many of them in a row without the interpreter."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.alignment import (
    Alignment,
    Movement,
    align,
    movement_of,
    room_for_alignment,
)
from biometric_service.comparison.fingerprint.compiled import compiled, inlined
from biometric_service.comparison.fingerprint.cylinders import MOST_MINUTIAE, Minutiae
from biometric_service.comparison.fingerprint.evidence import Evidence, gather, weigh
from biometric_service.comparison.fingerprint.relaxation import Pairs, choose, relax, relaxed_score, room_for_pairs
from biometric_service.comparison.fingerprint.similarity import Prints, compare_locally

NO_MOVEMENT = Movement(0.0, 0.0, 0.0, 0.0, 0.0)
FEWEST_PAIRS = 3
WORTH_ALIGNING = 0.016
"""Two of three non-mated comparisons have a lower relaxed score and end there; of hardened synthetic mates, none that
reach an FMR of 0.1 %."""


class Room(NamedTuple):
    """Room for the steps of one comparison; one for each thread. ``similarity``: float32 (64, 64)."""

    similarity: NDArray[np.float32]
    pairs: Pairs
    alignment: Alignment


class Held(NamedTuple):
    """Many references in equal slots of 64 minutiae.

    ``words``: uint64 (n, 64, 7); ``places``: float32 (n, 64, 4); ``counts``: int64 (n, 2), how many minutiae and hull
    corners each slot holds. See ``cylinders.Minutiae``.
    """

    words: NDArray[np.uint64]
    places: NDArray[np.float32]
    counts: NDArray[np.int64]


@compiled
def room() -> Room:
    """Fresh room."""
    return Room(np.zeros((MOST_MINUTIAE, MOST_MINUTIAE), np.float32), room_for_pairs(), room_for_alignment())


@compiled
def planes_of(probe: Minutiae) -> NDArray[np.uint64]:
    """The probe's words by plane, uint64 (7, n), which is the order that ``compare_locally`` is fast on."""
    return np.ascontiguousarray(probe.words.T)


@compiled
def compare(planes: NDArray[np.uint64], probe: Minutiae, reference: Minutiae, room: Room) -> tuple[Evidence, Movement]:
    """Compare two prints; ``room`` holds the pairs and the alignment afterwards."""
    prints = Prints(probe, reference, room.similarity)
    compare_locally(planes, np.ascontiguousarray(probe.places[:, 2]), prints)
    count = choose(prints, room.pairs)
    room.alignment.partner[:] = -1
    if count < FEWEST_PAIRS:
        return Evidence(0.0, 0.0, 0.0, 0.0, 0.0), NO_MOVEMENT
    relax(room.pairs, count)
    relaxed = relaxed_score(room.pairs, count, min(len(probe.places), len(reference.places)))
    if relaxed < WORTH_ALIGNING:
        return Evidence(relaxed, 0.0, 0.0, 0.0, 0.0), NO_MOVEMENT
    movement = movement_of(room.pairs, count)
    align(movement, prints, room.alignment)
    return gather(relaxed, movement, prints, room.alignment), movement


@compiled
def compare_many(probe: Minutiae, held: Held, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
    """Raw scores of the probe against the given slots, into ``scores``, float32 (len(rows),)."""
    planes, space = planes_of(probe), room()
    for index in range(len(rows)):
        evidence, _ = compare(planes, probe, slot(held, rows[index]), space)
        scores[index] = weigh(evidence)


@inlined
def slot(held: Held, row: int) -> Minutiae:
    """What a slot holds."""
    count, corners = held.counts[row]
    return Minutiae(held.words[row, :count], held.places[row, :count], corners)
