"""Joining comparisons with one subject keeps scores calibrated, as simulation and chi-square tables show."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, combine_pvalues, gamma, norm

from biometric_service.decision.fusion import (
    FINGERS_OF_A_PERSON,
    SAME_CHARACTERISTIC,
    best_parts,
    combined,
    join,
)
from biometric_service.vocabulary.candidates import ComparisonScore, PartScore
from biometric_service.vocabulary.references import ReferenceId
from biometric_service.vocabulary.samples import FingerPosition, Modality

scores = st.floats(0, 300, allow_nan=False)
parts_of_a_subject = st.lists(st.tuples(st.sampled_from(FingerPosition), scores), max_size=12)


def part(
    position: FingerPosition,
    value: float,
    modality: Modality = Modality.FINGERPRINT,
    *,
    sample: int = 0,
    weight: float = 1.0,
) -> PartScore:
    score = ComparisonScore(value, value, "test", extrapolated=False, weight=weight)
    return PartScore(modality, position, ReferenceId(1), score, sample)


def fisher(values: Sequence[float]) -> float:
    """What is combined of independent scores of one weight."""
    return combined(values, [1.0] * len(values), np.eye(len(values)).tolist())


def parts(*values: float) -> list[PartScore]:
    """One comparison for each finger in turn."""
    return [part(FingerPosition(number), value) for number, value in enumerate(values, start=1)]


def same_finger(*values: float) -> list[PartScore]:
    return [part(FingerPosition.LEFT_INDEX, value, sample=number) for number, value in enumerate(values)]


def test_nothing_to_compare_scores_nothing() -> None:
    assert join([]) == 0


def test_one_comparison_is_its_own_score() -> None:
    assert join(parts(4.25)) == 4.25


def test_of_one_finger_the_best_comparison_counts_almost_whole() -> None:
    assert join(same_finger(1.0, 6.5, 0.2)) >= 6.5 - math.log10(2)


def test_several_good_samples_of_one_finger_say_more_than_one_but_less_than_several_fingers() -> None:
    assert 4.0 < join(same_finger(4.0, 4.0)) < join(parts(4.0, 4.0))


def test_of_unknown_fingers_one_can_be_the_mate() -> None:
    """One sample of an unknown finger against ten enrolled fingers: nine strangers say nothing against it."""
    against_ten = [part(FingerPosition.UNKNOWN, value) for value in [6.0, *[0.2] * 9]]
    assert join(against_ten) == pytest.approx(6.0)


def test_weights_say_what_a_modality_is_worth() -> None:
    finger, face = FingerPosition.UNKNOWN, Modality.FACE
    poor_face = [part(finger, 4.0, weight=0.9), part(finger, 1.0, face, weight=0.2)]
    poor_finger = [part(finger, 4.0, weight=0.2), part(finger, 1.0, face, weight=0.9)]
    assert join(poor_face) > join(poor_finger)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.75])
def test_dependent_evidence_is_worth_as_much_less_as_it_is_dependent(correlation: float) -> None:
    """Exponential evidence of a common source and of its own, against the gamma distribution that stands for it."""
    chance, trials, level = np.random.default_rng(5), 400_000, 3.0
    shared = np.sqrt(correlation)
    normal = shared * chance.standard_normal((trials, 1)) + math.sqrt(1 - correlation) * chance.standard_normal(
        (trials, 3)
    )
    evidence = -norm.logsf(normal) / math.log(10)
    measured = np.corrcoef(evidence.T)[0, 1]
    matrix = np.full((3, 3), max(measured, 0.0)) + (1 - max(measured, 0.0)) * np.eye(3)
    found = np.array([combined(row, [1.0] * 3, matrix.tolist()) for row in evidence[evidence.sum(axis=1) > 5]])
    assert 0.3 * 10**-level < np.count_nonzero(found >= level) / trials < 2 * 10**-level


@pytest.mark.parametrize("values", [[0.5, 1.0], [3.0, 2.0, 0.1], [0.0, 0.0], [9.0] * 10])
def test_fisher_is_the_chi_square_tail(values: list[float]) -> None:
    expected = -chi2.logsf(2 * math.log(10) * sum(values), 2 * len(values)) / math.log(10)
    assert fisher(values) == pytest.approx(max(expected, 0), abs=1e-9)
    _, p = combine_pvalues([10**-value for value in values], "fisher")
    assert fisher(values) == pytest.approx(-math.log10(p), abs=1e-9)


def test_fisher_stays_exact_where_probabilities_underflow() -> None:
    assert fisher([300.0, 400.0]) == pytest.approx(700 - math.log10(1 + 700 * math.log(10)), abs=1e-9)


def test_two_good_fingers_say_more_than_one() -> None:
    assert join(parts(4.0, 4.0)) > join(parts(4.0, 0.0)) + 2
    assert join(parts(4.0, 4.0)) > 4


def test_a_face_and_a_finger_are_independent() -> None:
    both = [part(FingerPosition.UNKNOWN, 3.0, Modality.FACE), part(FingerPosition.UNKNOWN, 3.0)]
    assert join(both) > 4.5


@given(st.lists(scores, min_size=2, max_size=10))
def test_bad_fingers_cost_the_best_one_little(values: list[float]) -> None:
    assert join(parts(*values)) >= max(values) - math.log10(2 * len(values)) + math.log10(len(values)) - 1e-9


@given(parts_of_a_subject, st.data())
def test_a_higher_comparison_score_never_lowers_the_joint_score(
    values: list[tuple[FingerPosition, float]], data: st.DataObject
) -> None:
    before = [part(position, value) for position, value in values]
    if before:
        at = data.draw(st.integers(0, len(before) - 1))
        after = list(before)
        after[at] = part(values[at][0], values[at][1] + data.draw(st.floats(0, 50)))
        assert join(after) >= join(before) - 1e-9


@given(parts_of_a_subject)
def test_the_order_of_parts_does_not_matter(values: list[tuple[FingerPosition, float]]) -> None:
    given_order = [part(position, value) for position, value in values]
    assert join(given_order) == pytest.approx(join(given_order[::-1]), abs=1e-9)
    assert 0 <= join(given_order) < math.inf


def test_the_best_comparison_of_each_sample_is_kept_best_first() -> None:
    kept = best_parts([*same_finger(1.0, 3.0), part(FingerPosition.RIGHT_THUMB, 5.0)])
    assert [each.score.value for each in kept] == [5.0, 3.0, 1.0]


@pytest.mark.parametrize(
    "layout",
    [(1,), (3,), (1, 1), (1, 1, 1, 1), (2, 2), (5, 1), (3, 2, 1), (1,) * 10, (3,) * 11],
    ids=lambda layout: "+".join(map(str, layout)),
)
@pytest.mark.parametrize("level", [1.0, 2.0, 3.0])
def test_somebody_else_reaches_a_score_no_more_often_than_it_says(layout: Sequence[int], level: float) -> None:
    """Non-mated p-values are uniform; a threshold counts all comparisons, so a score s is reached with k * 10**-s."""
    chance = np.random.default_rng(7)
    comparisons, trials = sum(layout), 200_000
    values = -np.log10(chance.random((trials, comparisons)))
    needed = level + math.log10(comparisons)
    reached = np.mean(joined(values, layout) >= needed)
    assert reached <= 10**-level * (1 + 4 * math.sqrt(10**level / trials))
    assert reached >= 10**-level / 40


def joined(values: np.ndarray, layout: Sequence[int]) -> np.ndarray:
    """``join`` for many trials at once, written out plainly; checked against it below."""
    if values.shape[1] == 1:
        return values[:, 0]
    groups = np.split(values, np.cumsum(layout)[:-1], axis=1)
    evidence = np.array([together(group, SAME_CHARACTERISTIC[Modality.FINGERPRINT]) for group in groups])
    return np.maximum(together(evidence.T, FINGERS_OF_A_PERSON[Modality.FINGERPRINT]) + math.log10(values.shape[1]), 0)


def together(values: np.ndarray, correlation: float) -> np.ndarray:
    """The better of the correlated sum and the best alone, for each row."""
    count = values.shape[1]
    if count == 1:
        return values[:, 0]
    spread = 1 + (count - 1) * correlation
    joint = -gamma.logsf(math.log(10) * values.sum(axis=1), count / spread, scale=spread) / math.log(10)
    alone = np.maximum(values.max(axis=1) - math.log10(count), 0)
    return np.maximum(np.maximum(np.maximum(joint, 0), alone) - math.log10(2), 0)


def test_the_simulation_joins_as_the_service_does() -> None:
    layout = (2, 1, 3)
    values = -np.log10(np.random.default_rng(1).random((50, 6))) * 2
    for row, expected in zip(values, joined(values, layout), strict=True):
        fingers = [(FingerPosition(finger), n) for finger, count in enumerate(layout, start=1) for n in range(count)]
        given_parts = [part(finger, v, sample=n) for (finger, n), v in zip(fingers, row, strict=True)]
        assert join(given_parts) == pytest.approx(expected, abs=1e-9)
