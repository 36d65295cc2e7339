"""What protects statistics: suppression that holds against adding and subtracting, and noise that is fixed."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from itertools import product

import numpy as np
import pytest

from biometric_service.interchange.statistics.blocks import (
    COLUMNS,
    GRAND,
    INNER,
    ROWS,
    Block,
    Key,
    small_ones,
    tried_first,
)
from biometric_service.interchange.statistics.lookalikes import Published, hides
from biometric_service.interchange.statistics.noise import alpha_of, noise
from biometric_service.interchange.statistics.suppressing import suppressed, with_totals
from biometric_service.interchange.statistics.tallying import band_of
from biometric_service.vocabulary.particulars import Name, SexCode, birth_of, name_in, sex_of
from biometric_service.vocabulary.references import Json
from biometric_service.vocabulary.statistics import BANDS, MOST_A_PERSON, TOTAL, AgeBand, Measure

SMALLEST = 5


def table(*rows: Sequence[int]) -> dict[Key, int]:
    """Men, women and whoever's sex is not stated, by age band; what is left out is zero."""
    said = {(row, column): value for row, values in enumerate(rows) for column, value in enumerate(values)}
    places = {cell: divmod(place, len(BANDS)) for place, cell in enumerate(INNER)}
    return with_totals({cell: said.get(place, 0) for cell, place in places.items()})


def lookalikes(figures: Mapping[Key, int], hidden: AbstractSet[Key]) -> Iterator[dict[Key, int]]:
    """Every table with the published figures, which are those that are not hidden; the total of all is among them."""
    open_ones = [cell for cell in INNER if (cell[0].value, cell[1].value) in hidden]
    known = {cell: figures[cell[0].value, cell[1].value] for cell in INNER if cell not in open_ones}
    left = figures[GRAND] - sum(known.values())
    for values in _sums_to(left, len(open_ones)):
        found = with_totals({**known, **dict(zip(open_ones, values, strict=True))})
        if all(found[key] == value for key, value in figures.items() if key not in hidden):
            yield found


def _sums_to(total: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in _sums_to(total - first, count - 1))


def given_away(figures: Mapping[Key, int], smallest: int = SMALLEST) -> set[Key]:
    """What an attacker learns who knows the algorithm: hidden figures that are exact, or small, in all that fits."""
    hidden = suppressed(figures, smallest)
    seen: dict[Key, set[int]] = {key: {figures[key]} for key in hidden}
    learnt = set(hidden)
    for other in sorted(lookalikes(figures, hidden), key=lambda each: _likeliest(each, hidden, smallest)):
        if learnt and suppressed(other, smallest) == hidden:
            for key in hidden:
                seen[key].add(other[key])
            learnt = {key for key, values in seen.items() if len(values) == 1 or max(values) < smallest}
    return learnt


def _likeliest(figures: Mapping[Key, int], hidden: AbstractSet[Key], smallest: int) -> bool:
    """Which tables are tried last; the order changes how long the attack takes, not what it finds."""
    return not small_ones(figures, smallest) or tried_first(figures, smallest).keys != hidden


SMALL_TABLES = [
    *(table((0, first, second)) for first, second in product(range(1, 9), repeat=2)),
    *(table((0, 0, first), (0, 0, second)) for first, second in product(range(1, 9), repeat=2)),
    *(table((0, first, 3), (0, 2, second)) for first, second in product(range(2, 7), repeat=2)),
    *(table((0, first, 0, 4), (0, 0, second)) for first, second in product(range(2, 6), repeat=2)),
]
FEW = range(SMALLEST + 1, 2 * SMALLEST - 1)
"""Totals that are published with nothing else."""


def test_nobody_who_knows_how_figures_are_suppressed_reckons_one_back() -> None:
    """Brute force: every table that fits is suppressed anew, and counts if the same is published of it."""
    partly = 0
    for figures in SMALL_TABLES:
        hidden = suppressed(figures, SMALLEST)
        assert small_ones(figures, SMALLEST) <= hidden
        if figures[GRAND] <= SMALLEST:
            assert hidden == frozenset(figures) or not hidden
        elif figures[GRAND] in FEW:
            assert hidden == frozenset(figures) - {GRAND}
        elif hidden:
            partly += 1
            assert len(hidden) < len(figures) - 1
            assert given_away(figures) == set(), figures
    assert partly >= 60


@pytest.mark.parametrize("of_all", FEW)
def test_where_the_total_alone_is_told_each_figure_may_be_any(of_all: int) -> None:
    pairs = [
        with_totals({one: SMALLEST, other: of_all - SMALLEST})
        for one, other in product(INNER, repeat=2)
        if one != other
    ]
    for key in set(pairs[0]) - {GRAND}:
        values = {figures[key] for figures in pairs}
        assert min(values) < SMALLEST <= max(values)
    assert {suppressed(figures, SMALLEST) for figures in pairs} == {frozenset(pairs[0]) - {GRAND}}


def test_where_nothing_is_told_there_may_be_nobody_of_a_kind_or_not_few_in_all() -> None:
    untold = [
        with_totals({INNER[at]: 1, INNER[-1]: of_all - 1}) for at in range(4) for of_all in range(1, SMALLEST + 1)
    ]
    assert {suppressed(figures, SMALLEST) for figures in untold} == {frozenset(untold[0])}
    assert {figures[GRAND] for figures in untold} == set(range(1, SMALLEST + 1))


def test_a_block_that_gives_figures_away_is_not_taken() -> None:
    """The check can fail: of two that make 5 each is small, and of two that make 6 each may be."""
    block = Block(frozenset({ROWS[0], TOTAL}), frozenset(COLUMNS[1:3]))
    assert not hides(Published.of(table((0, 2, 3)), block, SMALLEST))
    assert hides(Published.of(table((0, 2, 4)), block, SMALLEST))
    assert not hides(Published.of(table((0, 2, 4), (0, 9)), block, SMALLEST))


@pytest.mark.parametrize("seed", range(6))
def test_a_realistic_month_is_mostly_told(seed: int) -> None:
    chance = random.Random(seed)
    men = [chance.choice([0, 0, 2]), *(chance.randint(20, 60) for _ in range(4))]
    figures = table(men, [0, *(chance.choice([3, 6, 8, 12]) for _ in range(4))])
    hidden = suppressed(figures, SMALLEST)
    assert small_ones(figures, SMALLEST) <= hidden
    assert GRAND not in hidden
    assert len(hidden) <= 12


def test_what_needs_no_protection_is_told_whole() -> None:
    figures = with_totals(dict.fromkeys(INNER, SMALLEST))
    assert suppressed(figures, SMALLEST) == frozenset()
    assert suppressed(with_totals({}), SMALLEST) == frozenset()


def test_noise_is_geometric_fixed_by_its_name_and_unknown_without_the_key() -> None:
    alpha = alpha_of(Measure.ADMISSIONS, 3.0)
    assert alpha == pytest.approx(math.exp(-0.5))
    drawn = np.array([noise(f"cell {number}", alpha, bytes(32)) for number in range(4000)])
    assert [noise(f"cell {number}", alpha, bytes(32)) for number in range(9)] == drawn[:9].tolist()
    assert [noise(f"cell {number}", alpha, b"k" * 32) for number in range(9)] != drawn[:9].tolist()
    zero = (1 - alpha) / (1 + alpha)
    for value in (0, 1, -1, 3):
        expected = zero * alpha ** abs(value)
        spread = math.sqrt(expected * (1 - expected) / len(drawn))
        assert np.mean(drawn == value) == pytest.approx(expected, abs=4 * spread)


def test_all_measures_of_a_month_together_cost_its_epsilon() -> None:
    costs = [-math.log(alpha_of(measure, 2.0)) * MOST_A_PERSON[measure] for measure in Measure]
    assert sum(costs) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2008-10-13", AgeBand.UNDER_18),
        ("2008-10-12", AgeBand.FROM_18),
        ("1991-04-02", AgeBand.FROM_35),
        ("1950-01-01T00:00:00", AgeBand.FROM_50),
        ("2027-01-01", AgeBand.NOT_STATED),
        ("unknown", AgeBand.NOT_STATED),
        (7, AgeBand.NOT_STATED),
        (None, AgeBand.NOT_STATED),
    ],
)
def test_an_age_is_in_whole_years_on_the_day(born: object, band: AgeBand) -> None:
    assert band_of(birth_of(born), date(2026, 10, 12)) is band


def test_a_sex_is_taken_as_it_is_usually_written() -> None:
    assert [sex_of(said) for said in ("M", "male", " f ", "X", "unspecified", "?", 1, None)] == [
        *(SexCode.MALE, SexCode.MALE, SexCode.FEMALE, SexCode.UNSPECIFIED, SexCode.UNSPECIFIED),
        *[None] * 3,
    ]


@pytest.mark.parametrize(
    ("biographic", "name"),
    [
        ({"name": "Ana Núñez"}, Name("Ana Núñez")),
        ({"name": "Núñez, Ana"}, Name("Núñez", "Ana")),
        ({"name": {"family": "Núñez", "given": "Ana"}}, Name("Núñez", "Ana")),
        ({"name": {"surname": "Núñez", "forenames": "Ana"}}, Name("Núñez Ana")),
        ({"lastName": "Núñez", "firstName": "Ana", "name": " "}, Name("Núñez", "Ana")),
        ({"first_name": "Ana"}, Name("", "Ana")),
        ({"name": 7, "firstName": None}, None),
    ],
)
def test_a_name_is_read_however_the_record_came(biographic: dict[str, Json], name: Name | None) -> None:
    assert name_in(biographic) == name
