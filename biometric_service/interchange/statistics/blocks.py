"""The table of a measure, and the blocks of it that can be suppressed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from biometric_service.vocabulary.statistics import BANDS, SEXES, TOTAL, AgeBand, Sex

Key = tuple[str, str]
Figures = Mapping[Key, int]
INNER: Final[tuple[tuple[Sex, AgeBand], ...]] = tuple(product(SEXES, BANDS))
ROWS: Final[tuple[str, ...]] = (*(each.value for each in SEXES), TOTAL)
COLUMNS: Final[tuple[str, ...]] = (*(each.value for each in BANDS), TOTAL)
GRAND: Final[Key] = (TOTAL, TOTAL)
BESIDE_ROW: Final[Mapping[str, str]] = {
    Sex.MALE: Sex.FEMALE.value,
    Sex.FEMALE: Sex.MALE.value,
    Sex.NOT_STATED: Sex.MALE.value,
}
BESIDE_COLUMN: Final[Mapping[str, str]] = {
    one.value: other.value
    for pair in (
        (AgeBand.FROM_18, AgeBand.FROM_25),
        (AgeBand.FROM_35, AgeBand.FROM_50),
        (AgeBand.UNDER_18, AgeBand.NOT_STATED),
    )
    for one, other in (pair, pair[::-1])
}
"""What is suppressed beside a row or a column that alone has small figures; two can be each other's."""


@dataclass(frozen=True, slots=True)
class Block:
    """All figures of some rows and columns, that of all the table left out; totals are a row and a column too."""

    rows: frozenset[str]
    columns: frozenset[str]

    @property
    def keys(self) -> frozenset[Key]:
        """What is suppressed."""
        return frozenset(product(self.rows, self.columns)) - {GRAND}

    def marks(self) -> Sequence[frozenset[Key]]:
        """Sets of figures: in a table for which this is tried first there is a small one in each, and none outside."""
        rows, columns = _groups(self.rows, BESIDE_ROW), _groups(self.columns, BESIDE_COLUMN)
        in_rows = (frozenset(key for key in self.keys if key[0] in group) for group in rows)
        return [*in_rows, *(frozenset(key for key in self.keys if key[1] in group) for group in columns)]


def small_ones(figures: Figures, smallest: int) -> frozenset[Key]:
    """The figures from 1 to below the smallest that is published."""
    return frozenset(key for key, value in figures.items() if 0 < value < smallest)


def tried_first(figures: Figures, smallest: int) -> Block:
    """The block of the rows and columns of all small figures, of which there must be some; two of each at least."""
    small = small_ones(figures, smallest)
    return Block(
        _filled((row for row, _ in small), BESIDE_ROW), _filled((column for _, column in small), BESIDE_COLUMN)
    )


def _filled(names: Iterable[str], beside: Mapping[str, str]) -> frozenset[str]:
    found = frozenset(names)
    return found | {beside[each] for each in found if each in beside} if len(found) == 1 else found


def _groups(names: frozenset[str], beside: Mapping[str, str]) -> Sequence[frozenset[str]]:
    """Of which one at least must have a small figure each, so that ``_filled`` makes just these names of them."""
    alone = frozenset(each for each in names if names == _filled([each], beside))
    return [alone] if alone else [frozenset([each]) for each in names]
