"""Prepared references in slots of contiguous memory, ready for the kernel."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.fingerprint.cylinders import MOST_MINUTIAE, WORDS, Minutiae
from biometric_service.comparison.fingerprint.edges import NEIGHBOURS
from biometric_service.comparison.fingerprint.kernel import Held, compare_many, probe_of
from biometric_service.comparison.fingerprint.methods import Method
from biometric_service.comparison.fingerprint.preparation import prepared
from biometric_service.vocabulary.storage import ArraySink, ArraySource, Rows, by_block
from biometric_service.vocabulary.templates import Template, TemplateFormat

SLOTS = 4096
"""How many references a block holds; its memory is claimed from the system as it is filled."""
WIDTHS = (16, 24, 32, 40, 48, 56, MOST_MINUTIAE)
"""Minutiae for which the slots of a block have room: a reference goes where the least stays empty."""


class FingerprintBank:
    """References in blocks of slots (see ``ComparisonBank``): 72 bytes a minutia, 120 where edges are looked at.

    Readers take no lock: a block never moves, a slot is filled before its row is given out, and a new block appears by
    replacing the tuple of blocks. A removed slot is emptied first and then overwritten with zeros. A block that was put
    into a sink is copied before it is next written to.
    """

    def __init__(self, template_format: TemplateFormat, method: Method) -> None:
        self._format = template_format
        self._method = method
        self._blocks: tuple[Held, ...] = ()
        self._free: dict[int, list[int]] = {width: [] for width in WIDTHS}
        self._lent: set[int] = set()
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return SLOTS * len(self._blocks) - sum(map(len, self._free.values()))

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        minutiae = prepared(template, self._format).minutiae
        with self._writing:
            row = self._vacancy(len(minutiae.places))
            _fill(self._own(row // SLOTS), row % SLOTS, minutiae)
            return row

    def remove(self, row: int) -> None:
        """Overwrite a row; its number may be given out again."""
        with self._writing:
            block = self._own(row // SLOTS)
            _clear(block, row % SLOTS)
            self._free[_width(block)].append(row)

    def scores(self, probe: Template, rows: Rows) -> NDArray[np.float32]:
        """Raw scores, float32 (len(rows),), of the probe against the given rows, without the interpreter lock."""
        ready, blocks = probe_of(prepared(probe, self._format).minutiae), self._blocks
        scores = np.empty(len(rows), np.float32)
        for block, here in by_block(rows, SLOTS):
            part = np.empty(len(here), np.float32)
            compare_many(ready, blocks[block], rows[here] % SLOTS, self._method, part)
            scores[here] = part
        return scores

    def save(self, sink: ArraySink) -> None:
        """Put every block, and which rows are free."""
        sink.put("widths", np.array([_width(block) for block in self._blocks], np.int64))
        sink.put("free", np.array([row for rows in self._free.values() for row in rows], np.int64))
        for number, block in enumerate(self._blocks):
            for name, array in block._asdict().items():
                sink.put(f"{name} {number}", array)
        self._lent = set(range(len(self._blocks)))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        widths = source.take("widths").tolist()
        self._blocks = tuple(self._restored(source, number, width) for number, width in enumerate(widths))
        self._free = {width: [] for width in WIDTHS}
        for row in source.take("free").tolist():
            self._free[widths[row // SLOTS]].append(row)

    def _own(self, number: int) -> Held:
        """A block that may be written to."""
        if number in self._lent:
            blocks = list(self._blocks)
            blocks[number] = Held(**{name: array.copy() for name, array in blocks[number]._asdict().items()})
            self._blocks = tuple(blocks)
            self._lent.discard(number)
        return self._blocks[number]

    def _restored(self, source: ArraySource, number: int, width: int) -> Held:
        wanted = self._empty(0, width)
        block = Held(*(source.take(f"{name} {number}") for name in Held._fields))
        for name, array in wanted._asdict().items():
            _require_alike(getattr(block, name), array)
        return block

    def _vacancy(self, count: int) -> int:
        """A free row with room for so many minutiae."""
        width = next(each for each in WIDTHS if each >= count)
        if not self._free[width]:
            first = SLOTS * len(self._blocks)
            self._blocks = (*self._blocks, self._empty(SLOTS, width))
            self._free[width] = list(range(first + SLOTS - 1, first - 1, -1))
        return self._free[width].pop()

    def _empty(self, slots: int, width: int) -> Held:
        """A block of empty slots."""
        return Held(
            np.zeros((slots, width, WORDS), np.uint64),
            np.zeros((slots, width, 4), np.float32),
            np.zeros((slots, width, NEIGHBOURS if self._method.edges else 0, 3), np.int16),
            np.zeros((slots, 2), np.int64),
        )


def _width(block: Held) -> int:
    return int(block.places.shape[1])


def _require_alike(array: NDArray[Any], wanted: NDArray[Any]) -> None:
    if array.dtype != wanted.dtype or array.shape != (SLOTS, *wanted.shape[1:]):
        raise ValueError


def _fill(block: Held, slot: int, minutiae: Minutiae) -> None:
    count = len(minutiae.places)
    block.words[slot, :count] = minutiae.words
    block.places[slot, :count] = minutiae.places
    block.edges[slot, :count] = minutiae.edges[:, : block.edges.shape[2]]
    block.counts[slot] = count, minutiae.corners


def _clear(block: Held, slot: int) -> None:
    for array in (block.counts, block.words, block.places, block.edges):
        array[slot] = 0
