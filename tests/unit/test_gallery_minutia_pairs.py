"""The descriptor of fingerprints: the same wherever the finger lies, and alike for the same finger."""

import numpy as np
import pytest

from benchmarks.synthesis.pair_statistics import statistics
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import FORMAT, make_template, make_templates
from biometric_service.gallery.minutia_pairs import ORDERS, RINGS, PairDescriber, load_statistics
from biometric_service.gallery.narrowed import FINGERPRINTS, Narrowing
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate

FINGERS = 300
ORDERS_USED = len(ORDERS) - 1
DESCRIBER = PairDescriber()


def template(positions: np.ndarray, directions: np.ndarray) -> MinutiaeTemplate:
    count = len(directions)
    return MinutiaeTemplate(
        FORMAT,
        FingerPosition.UNKNOWN,
        np.asarray(positions, np.float32).reshape(count, 2),
        np.mod(directions, 2 * np.pi).astype(np.float32),
        np.linspace(0.5, 1, count, dtype=np.float32),
        np.zeros(count, np.uint8),
        (400, 400),
    )


def strewn(count: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(count)
    return chance.uniform(0, 400, (count, 2)), chance.uniform(0, 2 * np.pi, count)


def test_it_has_unit_length() -> None:
    vector = DESCRIBER.describe(template(*strewn(40)))
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("turn", [0.3, 2.0, -1.5])
def test_moving_and_turning_the_finger_changes_nothing(turn: float) -> None:
    positions, directions = strewn(40)
    # Directions are counted counter-clockwise while y points down.
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = template(positions @ rotation + [30, -12], directions + turn)
    assert DESCRIBER.describe(moved) @ DESCRIBER.describe(template(positions, directions)) == pytest.approx(1, abs=1e-3)


def test_the_order_of_minutiae_does_not_matter() -> None:
    positions, directions = strewn(30)
    one = template(positions, directions)
    order = np.random.default_rng(1).permutation(30)
    other = MinutiaeTemplate(
        one.format, one.position, one.positions[order], one.directions[order], one.qualities[order], one.kinds, one.size
    )
    assert DESCRIBER.describe(one) @ DESCRIBER.describe(other) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_minutiae_describe_nothing(count: int) -> None:
    vector = DESCRIBER.describe(template(*strewn(count)))
    assert vector.shape == DESCRIBER.describe(template(*strewn(40))).shape
    assert not vector.any()


def test_mates_are_among_the_first() -> None:
    fingers = [make_finger(finger_seed(5, number)) for number in range(FINGERS)]
    held = np.array([DESCRIBER.describe(make_template(finger, 1)) for finger in fingers])
    asked = np.array([DESCRIBER.describe(make_template(finger, 2)) for finger in fingers[:100]])
    likeness = asked @ held.T
    ahead = (likeness > likeness[np.arange(100), np.arange(100), np.newaxis]).sum(axis=1)
    assert np.mean(ahead == 0) >= 0.95
    assert np.mean(ahead < 0.05 * FINGERS) >= 0.98


def test_small_galleries_are_compared_whole_and_large_ones_in_part() -> None:
    sizes = (0, 500, 20_000, 100_000, 1_000_000)
    assert [FINGERPRINTS.kept(rows, 10) for rows in sizes] == [0, 500, 20_000, 10_000, 20_000]
    narrow = Narrowing(DESCRIBER, least=100)
    assert [narrow.kept(rows, 10) for rows in (2_000, 100_000)] == [2_000, 160]
    assert narrow.kept(100_000, 200) == 3_200
    assert Narrowing(DESCRIBER, least=5, few=0).kept(3, 1) == 3


def test_what_all_prints_have_in_common_is_taken_out() -> None:
    """Of many prints the mean is nothing, and the rings of a moment say nothing of one another."""
    described = np.array([DESCRIBER.describe(each) for each in make_templates(77, 1000)])
    assert np.linalg.norm(described.mean(axis=0)) < 0.15
    rings = described.reshape(len(described), 2 * ORDERS_USED, RINGS)
    spread = np.einsum("nkr,nkr->k", rings, rings)[:, np.newaxis, np.newaxis]
    shared = np.einsum("nkr,nks->krs", rings, rings) / np.maximum(spread, 1e-9)
    assert np.abs(shared[:, ~np.eye(RINGS, dtype=bool)]).mean() < 0.01


def test_the_statistics_are_those_that_the_benchmark_makes() -> None:
    """Whitening by them leaves unit spread and nothing shared, of any moments."""
    chance = np.random.default_rng(1)
    mixing = np.eye(5) + 0.5 * np.eye(5, k=1)
    moments = (chance.standard_normal((4000, 2, 3, 5)) @ mixing + 0.5).astype(np.float32)
    found = statistics(moments)
    assert found.mean == pytest.approx(0.5, abs=0.2)
    white = np.einsum("hkrs,nhks->nhkr", found.whitening, moments - found.mean)
    before, after = (np.corrcoef(values[:, 1, 2].T) - np.eye(5) for values in (moments, white))
    assert np.abs(before).max() > 0.4
    assert np.abs(after).max() < 0.12
    held = load_statistics()
    assert held.mean.shape == (2, ORDERS_USED, RINGS)
    assert held.whitening.shape == (2, ORDERS_USED, RINGS, RINGS)
