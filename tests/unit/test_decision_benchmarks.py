"""The benchmarks of calibration, fusion and unknown, small: they count as written down by hand."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.arguments import parse
from benchmarks.accuracy.calibration import Pairs, Tally, halves
from benchmarks.accuracy.chimeras import draws
from benchmarks.accuracy.fusion import Compared, experiment
from benchmarks.accuracy.strangers import Searches
from benchmarks.accuracy.unknown import decided, fingerprint_comparator, of_fingers
from biometric_service.vocabulary.samples import Modality


def test_many_folders_follow_one_option(tmp_path: Path) -> None:
    one, two, faces = (tmp_path / name for name in ("one", "two", "faces"))
    for folder in (one, two, faces):
        folder.mkdir()
    asked = parse("About.", "rounds", 7, ["--fingerprints", str(one), str(two), "--faces", str(faces), "--json"])
    assert (asked.fingerprints, asked.faces, asked.as_json, asked.effort) == ([one, two], [faces], True, 7)
    with pytest.raises(SystemExit):
        parse("About.", "rounds", 7, ["--fingerprints", str(tmp_path / "nowhere")])


def test_a_tally_counts_what_reaches_each_rate() -> None:
    tally = Tally(3)
    groups = np.array([[0, 1], [0, 2], [1, 2], [0, 1]], np.int32)
    tally.add(Pairs(np.zeros(4), groups, 3), np.array([0.5, 1.0, 2.5, 4.0]))
    summary = tally.summary()
    assert [summary[rate]["reaching"] for rate in ("0.1", "0.01", "0.001", "0.0001")] == [3, 2, 1, 1]
    assert summary["0.1"]["measured"] == 0.75
    assert not summary["0.1"]["within_factor_2"]


def test_a_curve_fitted_to_a_half_holds_on_the_other() -> None:
    chance = np.random.default_rng(2)
    first, second = np.triu_indices(600, 1)
    groups = np.column_stack([first // 4, second // 4]).astype(np.int32)
    across = groups[:, 0] != groups[:, 1]
    pairs = Pairs(chance.normal(0, 1, int(across.sum())), groups[across], 150)
    measured = halves(pairs, 3, 1)
    assert all(line["within_factor_2"] for line in measured.values())


def compared(modality: Modality, owners: np.ndarray, strength: float, chance: np.random.Generator) -> Compared:
    """Strangers as a calibrated comparator scores them, mates higher; no calibration in between."""
    values = chance.exponential(1 / np.log(10), (len(owners), len(owners)))
    same = owners[:, None] == owners[None]
    values[same] = strength * chance.exponential(1, int(same.sum()))
    return Compared(modality, values.astype(np.float32), values, 0.9)


def test_finger_and_face_together_miss_fewer_than_the_better_of_them() -> None:
    chance = np.random.default_rng(3)
    fingers, faces = np.repeat(np.arange(24), 4), np.repeat(np.arange(40), 3)
    parts = compared(Modality.FINGERPRINT, fingers, 9.0, chance), compared(Modality.FACE, faces, 7.0, chance)
    samples = [[np.flatnonzero(owners == each) for each in np.unique(owners)] for owners in (fingers, faces)]
    for each in (1, 2):
        result = experiment(parts, list(draws(samples[0], samples[1], each, 15, 1)))
        rates = result["fnir"]["0.01"]
        assert rates["fused"] < min(rates["finger"], rates["face"])
        assert result["gallery"] == 24 // each // 2


def test_nobody_is_a_probe_of_the_samples_that_were_enrolled() -> None:
    samples = [np.arange(4) + 4 * each for each in range(10)]
    for draw in draws(samples, samples, 1, 5, 9):
        for probe in draw.probes:
            assert (probe.mate < 0) == (probe.fingers[0] // 4 not in draw.gallery.fingers // 4)
            assert probe.fingers[0] not in draw.gallery.fingers
            assert probe.face not in draw.gallery.faces


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    searches = Searches(fingerprint_comparator(), 20, 300, 5)
    whole = np.concatenate(list(searches.made(tmp_path, 1)))
    next(tmp_path.rglob("250-300.npy")).unlink()
    assert np.array_equal(np.concatenate(list(searches.made(tmp_path, 1))), whole)
    assert np.array_equal(np.concatenate(list(searches.made(None, 2))), whole)


def test_strangers_are_told_that_they_are_unknown() -> None:
    result = of_fingers(200, 600, None, 7)
    for each in result.values():
        assert each["decisions"]["unknown"] > 0.9 * 600
        assert each["match"]["measured"] <= each["match"]["stated_interval"][1]


def test_decisions_follow_the_best_two_scores() -> None:
    low, high = -15.0, 60.0
    result = decided(fingerprint_comparator(), np.array([[low, low], [high, low], [high, high]], np.float32), 100)
    assert result["decisions"] == {"unknown": 1, "match": 1, "review": 1}
    assert result["match"]["reaching"] == 2
