"""A calibrated score of s must mean an FMR of 10 to the -s, where there is data and, with care, beyond."""

import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration, identity
from biometric_service.comparison.fitting import fit_calibration, weight_of, with_mated
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.candidates import Conditions
from biometric_service.vocabulary.samples import FingerPosition

OF = identity("leader/1", "cylinder", "1")
CURVE = Calibration(
    "cylinder",
    (0.0, 0.2, 0.5),
    (0.0, 3.0, 9.0),
    3.5,
    1000,
    "made up",
    low=(0.0, 2.8, 6.0),
    high=(0.0, 3.2, 12.0),
    of=OF,
    fnmr=(0.0, 0.1, 0.9),
)


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


def test_a_score_past_the_end_is_capped_and_says_so() -> None:
    beyond, before = CURVE.calibrate(0.6), CURVE.calibrate(0.49)
    assert (beyond.value, beyond.capped, beyond.extrapolated) == (9.0, True, True)
    assert not before.capped


def test_a_score_says_how_certain_it_is() -> None:
    assert CURVE.calibrate(0.2).interval == (2.8, 3.2)
    assert CURVE.interval_at(3.0) == pytest.approx((2.8, 3.2))


def test_the_fnmr_at_a_threshold_is_that_which_was_measured() -> None:
    assert CURVE.fnmr_at(3.0) == pytest.approx(0.1)
    assert CURVE.fnmr_at(9.5) == 1.0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"of": "leader/2 by cylinder/1"}, "made for leader/2"),
        ({"low": [0.0, 1.0]}, "one length"),
        ({"scores": [2.0, 3.0, 9.0]}, "range"),
        ({"data_limit": 9.5}, "range"),
    ],
)
def test_the_service_does_not_start_on_a_calibration_that_does_not_fit(change: dict[str, object], fault: str) -> None:
    assert CURVE.require(OF) is CURVE
    table = CURVE.table() | change
    with pytest.raises(BiometricServiceError) as refusal:
        Calibration.from_table("cylinder", table).require(OF)
    assert refusal.value.code is ErrorCode.MODEL_INVALID
    assert fault in refusal.value.message
    assert "benchmarks.accuracy" in refusal.value.action


def test_a_sensor_class_or_a_finger_may_have_a_curve_of_its_own() -> None:
    own = {"raw": [0.0, 0.4], "scores": [0.0, 9.0], "data_limit": 3.0, "nonmated": 10, "data": "one sensor"}
    table = CURVE.table() | {"sensor": {"sweep": own}, "finger": {"left_little": own}}
    curve = Calibration.from_table("cylinder", table)
    assert curve.calibrate(0.2).value == pytest.approx(3.0)
    assert curve.calibrate(0.2, Conditions(sensor="sweep")).value == pytest.approx(4.5)
    assert curve.calibrate(0.2, Conditions("optical", FingerPosition.LEFT_LITTLE)).value == pytest.approx(4.5)
    assert curve.calibrate(0.2, Conditions("optical", FingerPosition.LEFT_THUMB)).value == pytest.approx(3.0)


def test_the_interval_holds_what_other_fingers_give() -> None:
    """Scores with a part of each finger's own: most of many fresh populations lie within the interval of one."""
    draws = np.random.default_rng(8)

    def population() -> tuple[np.ndarray, np.ndarray]:
        own, groups = draws.normal(0, 0.5, 60), draws.integers(0, 60, (20_000, 2))
        return own[groups].sum(axis=1) + draws.normal(0, 1, len(groups)), groups

    scores, groups = population()
    curve = fit_calibration("x", scores, "drawn", groups)
    raw = curve.raw[8]
    low, high = curve.interval(raw) or (0.0, 0.0)
    others = [-np.log10(np.mean(population()[0] >= raw)) for _ in range(20)]
    assert low < curve.scores[8] < high
    assert np.median([low <= other <= high for other in others]) == 1


def test_mated_scores_give_the_fnmr_and_the_weight() -> None:
    curve = fit_calibration("x", np.random.default_rng(4).normal(0, 1, 5000), "drawn")
    mated = np.array([-np.inf, 0.0, 9.0, 9.0])
    assert with_mated(curve, mated, "four").fnmr_at(4.0) == pytest.approx(0.5)
    assert weight_of(curve, np.full(9, 9.0)) > weight_of(curve, np.full(9, 1.0)) > 0
