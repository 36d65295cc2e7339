import tomllib

import numpy as np
import pytest

from benchmarks.accuracy.discard import error_versus_discard
from benchmarks.accuracy.face_calibration import as_toml
from biometric_service.comparison.calibration import Calibration
from biometric_service.evaluation.rates import Experiment


def test_refusing_the_worst_photographs_refuses_their_errors() -> None:
    mated = np.array([0.1, 0.2, 0.8, 0.9], np.float32)
    nonmated = np.linspace(0, 0.5, 1000, dtype=np.float32)
    experiment = Experiment(mated, np.arange(4), nonmated, np.zeros((1000, 2), np.int64))
    worse = np.array([5.0, 60.0, 70.0, 80.0])
    rates = error_versus_discard(experiment, worse, np.linspace(0, 100, 101), 0.01)
    assert rates["0"] == 0.5
    assert rates["0.1"] == pytest.approx(1 / 3)


def test_quality_that_says_nothing_gains_nothing() -> None:
    draws = np.random.default_rng(0)
    mated = draws.random(20_000)
    experiment = Experiment(mated, np.arange(20_000), draws.random(1000), np.zeros((1000, 2), np.int64))
    qualities = draws.random(20_000)
    rates = error_versus_discard(experiment, qualities, qualities, 0.5)
    assert list(rates.values()) == pytest.approx([rates["0"]] * len(rates), abs=0.02)


def test_a_printed_calibration_is_read_again() -> None:
    knots = tuple(np.linspace(0, 1, 25).tolist())
    calibration = Calibration("cosine", knots, tuple(9 * knot for knot in knots), 5.7, 1_000_000, "half of them")
    read = tomllib.loads(as_toml("calibration.cosine", calibration.table()))["calibration"]["cosine"]
    again = Calibration.from_table("cosine", read)
    assert again.values(0.37) == pytest.approx(calibration.values(0.37), abs=1e-3)
    assert (again.nonmated, again.data) == (calibration.nonmated, calibration.data)
