"""Rates of an open-set identification against counting by hand."""

import numpy as np
import pytest

from biometric_service.evaluation.open_set import OpenSet, summary


def experiment(mated: list[float], nonmated: list[float], per_subject: int = 1) -> OpenSet:
    return OpenSet(
        np.array(mated, np.float64),
        np.arange(len(mated)) // per_subject,
        np.array(nonmated, np.float64),
        np.arange(len(nonmated)) // per_subject,
    )


def test_rates_are_those_counted_by_hand() -> None:
    rates = experiment([5.0, 4.0, 3.0, -np.inf], [float(each) / 10 for each in range(1, 11)] + [3.5] * 10)
    assert rates.rank1 == 0.75
    assert rates.fnir(0.5) == 0.25
    assert rates.fnir(0.1) == 0.5


def test_a_probe_without_candidates_is_a_miss_at_every_threshold_and_no_false_alarm() -> None:
    assert experiment([-np.inf, 1.0], [-np.inf] * 10).fnir(0.1) == 0.5


def test_only_rates_that_the_probes_can_show_are_given() -> None:
    assert list(summary(experiment([5.0] * 20, [1.0] * 150), [0.1, 0.01, 0.001])["fnir"]) == ["0.1", "0.01"]


def test_the_interval_widens_where_probes_hang_together() -> None:
    chance = np.random.default_rng(1)
    mated, nonmated = chance.normal(3, 1, 400), chance.normal(0, 1, 400)
    mated[:40] = -np.inf
    alone = experiment(list(mated), list(nonmated)).interval(0.1)
    together = experiment(list(mated), list(nonmated), per_subject=40).interval(0.1)
    assert alone[0] < 0.15 < alone[1] + 0.05
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_no_mated_probe_shows_nothing() -> None:
    rates = summary(experiment([], [1.0] * 200), [0.01])
    assert rates["fnir"] == {}
    assert rates["rank1"] is not None
    assert np.isnan(rates["rank1"])


@pytest.mark.parametrize("fpir", [0.1, 0.05])
def test_a_score_above_all_strangers_is_no_miss(fpir: float) -> None:
    assert experiment([9.0] * 5, [float(each) for each in range(1, 9)] * 5).fnir(fpir) == 0
