"""Prepared references in equal slots of contiguous memory, ready for the kernel."""

import threading

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.cylinders import MOST_MINUTIAE, WORDS, Minutiae
from biometric_service.comparison.fingerprint.edges import NEIGHBOURS
from biometric_service.comparison.fingerprint.kernel import Held, compare_many
from biometric_service.comparison.fingerprint.methods import Method
from biometric_service.comparison.fingerprint.preparation import prepared
from biometric_service.vocabulary.templates import Template, TemplateFormat

SLOTS = 4096
"""How many references a block holds: 31 MB, claimed from the system as it is filled."""


class FingerprintBank:
    """References in blocks of slots, 7.7 KB each (see ``ComparisonBank``).

    Readers take no lock: a block never moves, a slot is filled before its row is given out, and a new block appears by
    replacing the tuple of blocks. A removed slot is emptied first and then overwritten with zeros.
    """

    def __init__(self, template_format: TemplateFormat, method: Method) -> None:
        self._format = template_format
        self._method = method
        self._blocks: tuple[Held, ...] = ()
        self._used = 0
        self._free: list[int] = []
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        minutiae = prepared(template, self._format).minutiae
        with self._writing:
            row = self._free.pop() if self._free else self._next()
            _fill(self._blocks[row // SLOTS], row % SLOTS, minutiae)
            return row

    def remove(self, row: int) -> None:
        """Overwrite a row; its number may be given out again."""
        with self._writing:
            _clear(self._blocks[row // SLOTS], row % SLOTS)
            self._free.append(row)

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Raw scores, float32 (len(rows),), of the probe against the given rows, without the interpreter lock."""
        minutiae, blocks = prepared(probe, self._format).minutiae, self._blocks
        scores = np.empty(len(rows), np.float32)
        block_of = rows // SLOTS
        for block in np.unique(block_of):
            here = np.flatnonzero(block_of == block)
            part = np.empty(len(here), np.float32)
            compare_many(minutiae, blocks[block], rows[here] % SLOTS, self._method, part)
            scores[here] = part
        return scores

    def _next(self) -> int:
        if self._used == SLOTS * len(self._blocks):
            self._blocks = (*self._blocks, empty(SLOTS))
        self._used += 1
        return self._used - 1


def empty(slots: int) -> Held:
    """A block of empty slots."""
    return Held(
        np.zeros((slots, MOST_MINUTIAE, WORDS), np.uint64),
        np.zeros((slots, MOST_MINUTIAE, 4), np.float32),
        np.zeros((slots, MOST_MINUTIAE, NEIGHBOURS, 3), np.int16),
        np.zeros((slots, 2), np.int64),
    )


def _fill(block: Held, slot: int, minutiae: Minutiae) -> None:
    count = len(minutiae.places)
    block.words[slot, :count] = minutiae.words
    block.places[slot, :count] = minutiae.places
    block.edges[slot, :count] = minutiae.edges
    block.counts[slot] = count, minutiae.corners


def _clear(block: Held, slot: int) -> None:
    for array in (block.counts, block.words, block.places, block.edges):
        array[slot] = 0
