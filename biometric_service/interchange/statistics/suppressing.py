"""Small counts are not published, nor what would give them away (complementary suppression).

Of each measure there is one table: sex by age band, with the totals of rows, columns and all. A count from 1 to below
the smallest is suppressed. Then further ones are, until nobody who adds and subtracts what is left can tell that a
suppressed figure is a small one, or which exactly it is: that is proved for each of them by its least and its greatest
possible value under all that is published (linear programming).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import product

import numpy as np
from numpy.typing import NDArray

from biometric_service.vocabulary.statistics import BANDS, SEXES, TOTAL, AgeBand, Counts, Sex

Key = tuple[str, str]
Figures = Mapping[Key, int]
INNER: tuple[tuple[Sex, AgeBand], ...] = tuple(product(SEXES, BANDS))
ALL: Key = (TOTAL, TOTAL)


def with_totals(counts: Counts) -> dict[Key, int]:
    """Every inner figure, and the sums of rows, columns and all."""
    inner: dict[Key, int] = {(sex.value, age.value): counts.get((sex, age), 0) for sex, age in INNER}
    rows = {(sex.value, TOTAL): sum(inner[sex.value, age.value] for age in BANDS) for sex in SEXES}
    columns = {(TOTAL, age.value): sum(inner[sex.value, age.value] for sex in SEXES) for age in BANDS}
    return {**inner, **rows, **columns, ALL: sum(inner.values())}


def suppressed(figures: Figures, smallest: int) -> frozenset[Key]:
    """Which figures are not published. ``figures``: as ``with_totals`` gives them, none negative."""
    hidden = {key for key, value in figures.items() if 0 < value < smallest}
    while hidden:
        told = next((key for key in sorted(hidden) if _is_told(key, figures, hidden, smallest)), None)
        if told is None:
            break
        hidden.add(_next(told, figures, hidden))
    return frozenset(hidden)


def least_of(key: Key, figures: Figures, hidden: AbstractSet[Key]) -> int:
    """The least value that a hidden figure can have, as far as the others tell."""
    return round(_solved(_row(key), figures, hidden) or 0.0)


def greatest_of(key: Key, figures: Figures, hidden: AbstractSet[Key]) -> int | None:
    """The greatest value that a hidden figure can have, as far as the others tell; None where there is no end."""
    found = _solved(-_row(key), figures, hidden)
    return None if found is None else round(-found)


def _is_told(key: Key, figures: Figures, hidden: AbstractSet[Key], smallest: int) -> bool:
    """Whether the published figures say that a hidden one is small, or which it is."""
    greatest = greatest_of(key, figures, hidden)
    if greatest is None or greatest > max(figures[key], smallest - 1):
        return False
    return greatest < smallest or least_of(key, figures, hidden) == figures[key]


def _next(key: Key, figures: Figures, hidden: AbstractSet[Key]) -> Key:
    """The least other figure in a line with one that is told too closely, counts before zeros; else any other."""
    open_ones = [each for each in figures if each not in hidden]
    beside = [each for each in open_ones if each != ALL and (each[0] == key[0] or each[1] == key[1])]
    return min(beside or open_ones, key=lambda each: (TOTAL in each, figures[each] == 0, figures[each], each))


def _row(key: Key) -> NDArray[np.float64]:
    """Which inner figures a figure is the sum of."""
    return np.array([float(key[0] in {sex.value, TOTAL} and key[1] in {age.value, TOTAL}) for sex, age in INNER])


def _solved(target: NDArray[np.float64], figures: Figures, hidden: AbstractSet[Key]) -> float | None:
    """The least of a sum of inner figures, none negative, under all that is published; None where there is none."""
    known = [key for key in figures if key not in hidden]
    if not known:
        return None
    from scipy.optimize import linprog  # noqa: PLC0415 (half a second, for those alone who publish)

    found = linprog(target, A_eq=np.array(list(map(_row, known))), b_eq=[float(figures[key]) for key in known])
    return float(found.fun or 0.0) if found.status == 0 else None
