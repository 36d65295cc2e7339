"""Rates on cases worked out by hand, and against a slow definition on random ones."""

import numpy as np
import pytest

from biometric_service.evaluation.rates import Experiment, det, eer, fnmr_at, interval, summary, tar, thresholds

NONMATED = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
MATED = np.array([9.0, 10, 11, 12])


def test_threshold_is_the_smallest_score_that_keeps_the_fmr() -> None:
    (threshold,) = thresholds(NONMATED, [0.2])
    assert np.mean(threshold <= NONMATED) == 0.2
    assert threshold == np.nextafter(7.0, np.inf)


def test_ties_at_the_limit_are_all_refused() -> None:
    tied = np.array([0.0, 0, 0, 0, 0, 5, 5, 5, 5, 9])
    assert fnmr_at(np.array([5.0, 6.0]), tied, 0.2) == 0.5


def test_threshold_holds_in_single_precision() -> None:
    scores = np.linspace(0, 1, 1001, dtype=np.float32)
    (threshold,) = thresholds(scores, [0.01])
    assert np.count_nonzero(scores >= threshold) == 10


def test_fnmr_at_zero_false_matches() -> None:
    assert fnmr_at(MATED, NONMATED, 0.0) == 0.25
    assert tar(MATED, NONMATED, 0.0) == 0.75
    assert fnmr_at(MATED, NONMATED, 0.1) == 0.0


def test_failures_to_extract_are_missed_at_every_threshold() -> None:
    mated = np.array([-np.inf, 10.0])
    assert fnmr_at(mated, NONMATED, 0.1) == 0.5
    assert fnmr_at(mated, NONMATED, 1.0) == 0.5


@pytest.mark.parametrize(
    ("mated", "nonmated", "expected"),
    [
        ([5.0, 6, 7, 8], [1.0, 2, 3, 4], 0.0),
        ([3.0, 5, 6, 7], [1.0, 2, 3.5, 4], 0.25),
        ([1.0, 2, 3, 4], [5.0, 6, 7, 8], 1.0),
        ([1.0, 1, 1, 1], [1.0, 1, 1, 1], 0.5),
    ],
)
def test_eer_by_hand(mated: list[float], nonmated: list[float], expected: float) -> None:
    assert eer(np.array(mated), np.array(nonmated)) == expected


def test_eer_against_its_definition() -> None:
    draws = np.random.default_rng(1)
    for _ in range(50):
        mated, nonmated = draws.integers(3, 20, 40) * 1.0, draws.integers(0, 12, 90) * 1.0
        at = np.arange(22)
        fmr = (nonmated[None] >= at[:, None]).mean(1)
        fnmr = (mated[None] < at[:, None]).mean(1)
        gaps = np.abs(fmr - fnmr)
        assert eer(mated, nonmated) in ((fmr + fnmr) / 2)[np.isclose(gaps, gaps.min())]


def test_det_falls() -> None:
    curve = det(MATED, NONMATED, 5)
    assert curve.shape == (5, 2)
    assert curve[0, 1] == 0.0
    assert (np.diff(curve[:, 1]) <= 0).all()


def _experiment(fingers: int = 30) -> Experiment:
    draws = np.random.default_rng(2)
    first, second = np.triu_indices(fingers, 1)
    groups = np.repeat(np.arange(fingers), 10)
    skill = draws.normal(0, 1, fingers)
    mated = (4 + skill[groups] + draws.normal(0, 1, len(groups))).astype(np.float32)
    return Experiment(
        mated, groups, draws.normal(0, 1, len(first)).astype(np.float32), np.column_stack([first, second])
    )


def test_interval_holds_the_rate_and_widens_with_the_groups() -> None:
    experiment = _experiment()
    low, high = interval(experiment, 0.01)
    assert low < fnmr_at(experiment.mated, experiment.nonmated, 0.01) < high
    loose = Experiment(
        experiment.mated, np.arange(len(experiment.mated)), experiment.nonmated, experiment.nonmated_groups
    )
    narrow_low, narrow_high = interval(loose, 0.01)
    assert narrow_high - narrow_low < high - low


def test_interval_is_reproducible() -> None:
    assert interval(_experiment(), 0.01) == interval(_experiment(), 0.01)


def test_summary_has_the_keys_of_the_contract() -> None:
    figures = summary(_experiment())
    assert list(figures) == ["mated", "nonmated", "eer", "fnmr", "interval"]
    assert list(figures["fnmr"]) == list(figures["interval"]) == ["0.01", "0.001", "0.0001"]
    assert figures["mated"] == 300
