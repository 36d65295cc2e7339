"""How alike every minutia of a probe is to every minutia of a reference, by their cylinder codes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.angles import wrapped
from biometric_service.comparison.fingerprint.compiled import compiled, inlined, ones
from biometric_service.comparison.fingerprint.cylinders import CELLS, MASK, PLANES, Minutiae

LARGEST_TURN = np.float32(np.pi / 2)
LEAST_COMMON_CELLS = int(0.6 * len(CELLS))
NOTHING = np.float32(1e-6)
ONE = np.float32(1)
NO_LIKENESS = np.float32(0)


class Prints(NamedTuple):
    """The two prints of a comparison.

    ``similarity``: float32 (at least m, at least n), of each of the m minutiae of the reference to each of the n of the
    probe, 0 (nothing alike) to 1 (the same).
    """

    probe: Minutiae
    reference: Minutiae
    similarity: NDArray[np.float32]


@compiled
def compare_locally(planes: NDArray[np.uint64], directions: NDArray[np.float32], prints: Prints) -> None:
    """Fill in ``similarity``.

    ``planes``: uint64 (7, n), the probe's words by plane; ``directions``: float32 (n,). Two minutiae whose directions
    are more than 90 degrees apart, or with too few cells valid in both, are not alike.
    """
    reference, similarity = prints.reference, prints.similarity
    for row in range(len(reference.words)):
        words, direction = reference.words[row], reference.places[row, 2]
        for column in range(len(directions)):
            common = words[MASK] & planes[MASK, column]
            alike = _alike(words, planes, column, common)
            near = abs(wrapped(directions[column] - direction)) <= LARGEST_TURN
            similarity[row, column] = alike if near & (ones(common) >= LEAST_COMMON_CELLS) else NO_LIKENESS


@inlined
def _alike(words: NDArray[np.uint64], planes: NDArray[np.uint64], column: int, common: np.uint64) -> np.float32:
    """1 - |a xor b| / (|a| + |b|) over the cells valid in both, |.| being the root of the number of set bits."""
    mine = theirs = different = 0
    for plane in range(PLANES):
        own, other = planes[plane, column] & common, words[plane] & common
        mine += ones(own)
        theirs += ones(other)
        different += ones(own ^ other)
    norms = np.sqrt(np.float32(mine)) + np.sqrt(np.float32(theirs)) + NOTHING
    distance: np.float32 = np.sqrt(np.float32(different)) / norms
    return ONE - distance
