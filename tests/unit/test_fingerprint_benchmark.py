"""The parts of the fingerprint benchmark and of its calibration, on made-up fingers."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.fingerprint import FingerSet, compare_all
from benchmarks.accuracy.fingerprint_calibration import fit_weights
from benchmarks.accuracy.hardening import harden
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.comparison.fingerprint.evidence import Weights
from biometric_service.evaluation.findings import stated_and_measured
from biometric_service.evaluation.rates import fnmr_at
from biometric_service.evaluation.subjects import fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import pool
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template
from tests.oracles.minutiae import FORMAT, finger, impression

COMPARATOR = CylinderComparator(FORMAT, Calibration("cylinder", (-20.0, 20.0), (0.0, 9.0), 9.0, 1, "none"))
FINGERS = 6
IMPRESSIONS = 3


def finger_set(*, without: int | None = None) -> FingerSet:
    templates: list[Template | None] = [
        impression(finger(at), capture, lost=0.0) for at in range(FINGERS) for capture in range(IMPRESSIONS)
    ]
    if without is not None:
        templates[without] = None
    return FingerSet("made_up", templates, np.repeat(np.arange(FINGERS, dtype=np.int32), IMPRESSIONS))


def test_every_pair_is_compared_once() -> None:
    experiment, count, _ = compare_all(COMPARATOR, finger_set())
    assert (len(experiment.mated), len(experiment.nonmated)) == (18, 135)
    assert count == 18**2
    assert fnmr_at(experiment.mated, experiment.nonmated, 0.0) == 0.0
    assert (experiment.nonmated_groups[:, 0] != experiment.nonmated_groups[:, 1]).all()


def test_an_impression_without_a_template_misses_its_mates() -> None:
    experiment, _, _ = compare_all(COMPARATOR, finger_set(without=4))
    assert np.isneginf(experiment.mated).sum() == IMPRESSIONS - 1
    assert fnmr_at(experiment.mated, experiment.nonmated, 0.0) == pytest.approx(2 / 18)


def test_fingers_of_pooled_sets_are_different_fingers() -> None:
    experiment, _, _ = compare_all(COMPARATOR, finger_set())
    pooled = pool([experiment, experiment])
    assert sorted(set(pooled.mated_groups.tolist())) == list(range(2 * FINGERS))
    assert pooled.nonmated_groups.max() == 2 * FINGERS - 1


def test_stated_fmr_is_held_against_the_measured_one() -> None:
    raw = np.array([-20.0, -20.0, -20.0, 20.0])
    assert stated_and_measured(COMPARATOR, raw) == {"fmr": dict.fromkeys(("0.1", "0.01", "0.001", "0.0001"), 0.25)}


def test_cache_makes_each_template_once(tmp_path: Path) -> None:
    folder = tmp_path / "prints"
    folder.mkdir()
    for name in ("1_1.png", "1_2.png"):
        (folder / name).write_bytes(name.encode())
    good, bad = fingerprints([folder])[0].samples
    kept = finger(1)
    for expected_misses in (2, 0):
        cache = TemplateCache(tmp_path / "cache", FORMAT)
        found = cache.get(good, lambda: kept)
        assert isinstance(found, MinutiaeTemplate)
        assert (found.positions == kept.positions).all()
        assert cache.get(bad, lambda: None) is None
        assert cache.missed == expected_misses


@pytest.mark.parametrize("seed", range(20))
def test_hardened_impressions_are_valid_worse_and_reproducible(seed: int) -> None:
    good = finger(seed)
    worse, again = (harden(good, np.random.default_rng(seed)) for _ in range(2))
    assert (worse.positions == again.positions).all()
    assert worse.qualities.max() <= 1
    assert 0 <= worse.directions.min() <= worse.directions.max() < 2 * np.pi
    assert COMPARATOR.compare(worse, good) < COMPARATOR.compare(good, good)


def test_weights_speak_for_support_and_against_what_is_unpaired() -> None:
    draws = np.random.default_rng(1)
    hard = finger_set()
    worse = [harden(each, draws) for each in hard.templates if isinstance(each, MinutiaeTemplate)]
    weights = fit_weights([FingerSet("hard", worse, hard.fingers)], COMPARATOR.method)
    fitted = Weights(*weights)
    assert fitted.log_relaxed > 0 > fitted.unpaired
