"""A calibrated score of s must mean an FMR of 10 to the -s, where there is data and, with care, beyond."""

import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration, fit_calibration
from biometric_service.errors import BiometricServiceError, ErrorCode

CURVE = Calibration("cylinder", (0.0, 0.2, 0.5), (0.0, 3.0, 9.0), 3.5, 1000, "made up")


def test_interpolates_between_knots_and_stops_at_the_ends() -> None:
    assert CURVE.values([-1.0, 0.1, 0.2, 0.35, 2.0]).tolist() == pytest.approx([0, 1.5, 3, 6, 9])


def test_says_where_it_is_extrapolated() -> None:
    assert not CURVE.calibrate(0.2).extrapolated
    beyond = CURVE.calibrate(0.35)
    assert (beyond.extrapolated, beyond.comparator, beyond.raw) == (True, "cylinder", 0.35)


def test_survives_its_table() -> None:
    assert Calibration.from_table("cylinder", CURVE.table()) == CURVE


@pytest.mark.parametrize(
    "change",
    [{"raw": [0.0, 0.2]}, {"raw": [0.0, 0.5, 0.2]}, {"scores": [0.0, 1.0, np.nan]}, {"nonmated": "many"}, {"raw": 3}],
)
def test_refuses_a_table_that_is_no_curve(change: dict[str, object]) -> None:
    with pytest.raises(BiometricServiceError) as refusal:
        Calibration.from_table("cylinder", CURVE.table() | change)
    assert refusal.value.code is ErrorCode.MODEL_INVALID


@pytest.mark.parametrize("distribution", ["normal", "exponential", "heavy"])
def test_stated_fmr_holds_on_fresh_scores(distribution: str) -> None:
    draws = np.random.default_rng(3)

    def sample(count: int) -> np.ndarray:
        match distribution:
            case "normal":
                return draws.normal(0, 1, count)
            case "exponential":
                return draws.exponential(1, count)
        return draws.pareto(5, count)

    curve = fit_calibration("x", sample(20_000), "drawn")
    fresh = curve.values(sample(2_000_000))
    for stated in (1.0, 2.0, 3.0):
        assert np.mean(fresh >= stated) == pytest.approx(10**-stated, rel=0.35)
    for stated in (4.0, 5.0):
        assert np.mean(fresh >= stated) <= 1.5 * 10**-stated


def test_keeps_a_pile_of_equal_scores_at_their_own_rate() -> None:
    scores = np.concatenate([np.zeros(900), np.linspace(0.1, 1, 100)])
    curve = fit_calibration("x", scores, "piled")
    assert curve.values(0.0) == 0.0
    assert curve.values(0.1) == pytest.approx(1.0, abs=0.02)


def test_score_is_capped() -> None:
    curve = fit_calibration("x", np.random.default_rng(4).normal(0, 1, 5000), "drawn")
    assert curve.values(1e6) == 9.0
    assert curve.data_limit == pytest.approx(np.log10(500))
