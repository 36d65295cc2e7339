"""What protects statistics: suppression that holds against adding and subtracting, and noise that is fixed."""

import math
import random
from datetime import date

import numpy as np
import pytest

from biometric_service.interchange.statistics.noise import alpha_of, noise
from biometric_service.interchange.statistics.suppressing import (
    INNER,
    greatest_of,
    least_of,
    suppressed,
    with_totals,
)
from biometric_service.interchange.statistics.tallying import band_of
from biometric_service.vocabulary.particulars import Name, SexCode, birth_of, name_in, sex_of
from biometric_service.vocabulary.references import Json
from biometric_service.vocabulary.statistics import MOST_A_PERSON, AgeBand, Measure

SMALLEST = 5


@pytest.mark.parametrize("seed", range(4))
def test_nobody_can_work_out_a_suppressed_figure(seed: int) -> None:
    chance = random.Random(seed)
    counts = {cell: chance.choice([0, 0, 0, 1, 2, 4, 5, 9, 40]) for cell in INNER}
    figures = with_totals(counts)
    hidden = suppressed(figures, SMALLEST)
    assert {key for key, value in figures.items() if 0 < value < SMALLEST} <= hidden
    for key in hidden:
        least, greatest = least_of(key, figures, hidden), greatest_of(key, figures, hidden)
        assert least <= figures[key]
        assert greatest is None or greatest >= SMALLEST
        assert greatest is None or greatest > least


def test_hiding_the_small_ones_alone_gives_them_away() -> None:
    """The check can fail: with nothing but the small count hidden, the total tells it."""
    counts = dict.fromkeys(INNER, 10) | {INNER[0]: 2}
    figures = with_totals(counts)
    small = frozenset({(INNER[0][0].value, INNER[0][1].value)})
    (key,) = small
    assert (least_of(key, figures, small), greatest_of(key, figures, small)) == (2, 2)
    assert len(suppressed(figures, SMALLEST)) >= 4


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
