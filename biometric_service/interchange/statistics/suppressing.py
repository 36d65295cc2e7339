"""Small counts are not published, nor what would give them away (complementary suppression).

Of each measure there is one table: sex by age band, with the totals of rows, columns and all. A count from 1 to below
the smallest is suppressed. What else is does not follow from the suppressed counts, which somebody who knows this
module could reckon back, but from where they stand and from what is published: first the block of their rows and
columns is tried, then others around them, those first of which the least is lost. A block is taken if what would be
published with it fits other tables too, for which this very block is tried first, and in which each suppressed figure
is another, and is no small one (``lookalikes``).

Of a table with so few in all that they hardly fill blocks the total alone is published: any figure may be as many as
are published, and the rest be anywhere else. Where not even that can be, or no block can be taken, nothing is.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product
from typing import Final

from biometric_service.interchange.statistics.blocks import (
    COLUMNS,
    GRAND,
    INNER,
    ROWS,
    Block,
    Figures,
    Key,
    small_ones,
    tried_first,
)
from biometric_service.interchange.statistics.lookalikes import Published, hides
from biometric_service.vocabulary.statistics import BANDS, SEXES, TOTAL, Counts

WEIGHTS: Final = (1.0, 3.0)
"""How much is lost with a figure of a sex and an age, and with a total; half of it where the figure is zero."""


def with_totals(counts: Counts) -> dict[Key, int]:
    """Every inner figure, and the sums of rows, columns and all."""
    inner: dict[Key, int] = {(sex.value, age.value): counts.get((sex, age), 0) for sex, age in INNER}
    rows = {(sex.value, TOTAL): sum(inner[sex.value, age.value] for age in BANDS) for sex in SEXES}
    columns = {(TOTAL, age.value): sum(inner[sex.value, age.value] for sex in SEXES) for age in BANDS}
    return {**inner, **rows, **columns, GRAND: sum(inner.values())}


def suppressed(figures: Figures, smallest: int) -> frozenset[Key]:
    """Which figures are not published. ``figures``: as ``with_totals`` gives them, none negative."""
    if not small_ones(figures, smallest):
        return frozenset()
    everything, of_all = frozenset(figures), figures[GRAND]
    if of_all <= smallest:
        return everything
    if of_all < 2 * smallest - 1:
        return everything - {GRAND}
    tried = (each for each in _blocks(figures, smallest) if hides(Published.of(figures, each, smallest)))
    taken = next(tried, None)
    return everything if taken is None else taken.keys


def _blocks(figures: Figures, smallest: int) -> Iterator[Block]:
    yield tried_first(figures, smallest)
    small = small_ones(figures, smallest)
    rows, columns = {row for row, _ in small}, {column for _, column in small}
    around = (Block(*each) for each in product(_around(rows, ROWS), _around(columns, COLUMNS)))
    yield from sorted(around, key=lambda block: (_lost(block, figures), sorted(block.keys)))


def _around(needed: Iterable[str], names: tuple[str, ...]) -> Iterator[frozenset[str]]:
    """Every choice of two or more that has all that are needed."""
    sizes = range(2, len(names) + 1)
    every = (frozenset(each) for size in sizes for each in combinations(names, size))
    return (each for each in every if each.issuperset(needed))


def _lost(block: Block, figures: Mapping[Key, int]) -> float:
    return sum(WEIGHTS[TOTAL in key] * (1.0 if figures[key] else 0.5) for key in block.keys)
