"""Whether a block hides what it suppresses from somebody who knows how blocks are chosen.

The answer follows from what would be published alone. It is yes if for each suppressed figure there are two tables in
which it differs, in one of which it is not small, that would both be published exactly so: they have the published
figures, and the block is the one that is tried first for them. Whoever sees a block therefore cannot tell which of
these tables it is, nor by asking why another block was not taken: for those none was tried before.

Such tables are found by integer programming and looked over in whole numbers before they count.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from biometric_service.interchange.statistics.blocks import (
    COLUMNS,
    INNER,
    ROWS,
    Block,
    Figures,
    Key,
    small_ones,
    tried_first,
)
from biometric_service.vocabulary.statistics import TOTAL

Vector = NDArray[np.float64]
_INNER: Sequence[Key] = tuple((sex.value, age.value) for sex, age in INNER)
_KEPT = 4096


@dataclass(frozen=True)
class Published:
    """What is published of a table with a block suppressed; ``figures``: in the order of their keys."""

    block: Block
    figures: tuple[tuple[Key, int], ...]
    smallest: int

    @classmethod
    def of(cls, figures: Figures, block: Block, smallest: int) -> "Published":
        """Of a table."""
        hidden = block.keys
        return cls(block, tuple(sorted(each for each in figures.items() if each[0] not in hidden)), smallest)

    @cached_property
    def inner(self) -> Sequence[Key]:
        """The suppressed figures that are no sums."""
        return [key for key in _INNER if key in self.block.keys]

    @cached_property
    def hidden(self) -> Sequence[Key]:
        """All suppressed figures."""
        return sorted(self.block.keys)

    def sum_of(self, key: Key) -> tuple[int, Vector]:
        """A figure as a published part and which of ``inner`` it has."""
        parts = set(_parts(key))
        known = sum(value for each, value in self.figures if each in parts and TOTAL not in each)
        return known, np.array([float(each in parts) for each in self.inner])

    def table(self, values: Iterable[int]) -> dict[Key, int]:
        """The whole table, if ``inner`` has these values."""
        said = {each: value for each, value in self.figures if TOTAL not in each} | dict(
            zip(self.inner, values, strict=True)
        )
        return {key: sum(said[each] for each in _parts(key)) for key in _KEYS}

    def would_be(self, table: Figures) -> bool:
        """Whether a table is published exactly so, if the block hides."""
        same = min(table.values()) >= 0 and all(table[key] == value for key, value in self.figures)
        small = same and small_ones(table, self.smallest)
        return bool(small) and tried_first(table, self.smallest) == self.block


def _parts(key: Key) -> Iterator[Key]:
    """The inner figures that a figure is the sum of."""
    return (each for each in _INNER if key[0] in {each[0], TOTAL} and key[1] in {each[1], TOTAL})


_KEYS: Sequence[Key] = tuple((row, column) for row in ROWS for column in COLUMNS)


@lru_cache(maxsize=_KEPT)
def hides(published: Published) -> bool:
    """Whether each suppressed figure may be another, and one that is not small."""
    if not published.inner:
        return False
    program, found = _Program(published), list[Figures]()
    for key in published.hidden:
        if not any(table[key] >= published.smallest for table in found):
            found += program.tables(key, least=published.smallest)
            if not found or found[-1][key] < published.smallest:
                return False
        known = found[0][key]
        if all(table[key] == known for table in found):
            other = program.tables(key, most=known - 1) or program.tables(key, least=known + 1)
            if not other:
                return False
            found += other
    return True


class _Program:
    """The lookalikes of what is published: the inner figures that are suppressed, and which figures are small.

    Of a figure that is not said to be small nothing is demanded: further small ones within the block do not change it.
    """

    def __init__(self, published: Published) -> None:
        self._published = published
        self._greatest = max([value for _, value in published.figures] + [4 * published.smallest])
        self._count = len(published.inner)
        self._rows: list[tuple[Vector, float, float]] = [*self._sums(), *self._small(), *self._marked()]

    def tables(self, key: Key, least: int | None = None, most: int | None = None) -> list[Figures]:
        """One in which a suppressed figure is at least, or at most, so many; none where there is none."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 (a second, for those alone who publish)

        known, parts = self._published.sum_of(key)
        low = -np.inf if least is None else least - known
        high = np.inf if most is None else most - known
        rows, lows, highs = zip(*self._rows, (self._row(parts), low, high), strict=True)
        size = len(rows[0])
        upper = np.concatenate([np.full(self._count, float(self._greatest)), np.ones(size - self._count)])
        solved = milp(
            np.zeros(size),
            constraints=LinearConstraint(np.array(rows), lows, highs),
            integrality=np.ones(size, np.int64),
            bounds=Bounds(0, upper),
        )
        if solved.x is None:
            return []
        table = self._published.table(int(value) for value in np.rint(solved.x[: self._count]))
        fits = (least is None or table[key] >= least) and (most is None or table[key] <= most)
        return [table] if fits and self._published.would_be(table) else []

    def _row(self, parts: Vector, small: Iterable[Key] = (), weight: float = 1.0) -> Vector:
        chosen = frozenset(small)
        return np.concatenate([parts, [weight * (key in chosen) for key in self._published.hidden]])

    def _sums(self) -> Iterator[tuple[Vector, float, float]]:
        for key, value in self._published.figures:
            known, parts = self._published.sum_of(key)
            if parts.any():
                yield self._row(parts), value - known, value - known

    def _small(self) -> Iterator[tuple[Vector, float, float]]:
        for key in self._published.hidden:
            known, parts = self._published.sum_of(key)
            room = float(known + parts.sum() * self._greatest)
            yield self._row(parts, [key], room), -np.inf, self._published.smallest - 1 - known + room
            yield self._row(parts, [key], -1.0), -known, np.inf

    def _marked(self) -> Iterator[tuple[Vector, float, float]]:
        for marks in self._published.block.marks():
            yield self._row(np.zeros(self._count), marks), 1.0, np.inf
