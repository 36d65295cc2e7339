"""Measures of likeness tell equal populations from different ones."""

from pathlib import Path

import numpy as np

from benchmarks.synthesis.likeness import compare_all, distances, measure, score_table
from benchmarks.synthesis.population import read, read_minutiae, strewn
from benchmarks.synthesis.templates import FORMAT
from biometric_service.vocabulary.protocols import ComparisonBank
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template


class CountingBank(ComparisonBank):
    """Scores by how little the numbers of minutiae differ: nothing to trust, easy to check."""

    def __init__(self) -> None:
        self._counts: list[int] = []

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, template: Template) -> int:
        assert isinstance(template, MinutiaeTemplate)
        self._counts.append(len(template.positions))
        return len(self._counts) - 1

    def remove(self, row: int) -> None:
        raise NotImplementedError

    def scores(self, probe: Template, rows: np.ndarray) -> np.ndarray:
        assert isinstance(probe, MinutiaeTemplate)
        return -np.abs(np.array(self._counts)[rows] - len(probe.positions)).astype(np.float32)


def test_distances_are_small_among_equals_and_large_otherwise() -> None:
    some, others = (strewn(seed, 60, 1, FORMAT).templates for seed in (1, 2))
    equal = distances(measure(some), measure(others))
    sparse = distances(measure(some), measure([template for template in others if len(template.positions) < 35]))
    assert equal["count"] < 0.3 < sparse["count"]
    assert equal["quality"] < 0.1
    assert set(equal) == {"count", "quality", "spacing", "turn", "spread_across", "spread_along", "endings"}


def test_every_pair_is_compared_once_and_only_within_a_folder() -> None:
    population = strewn(4, 6, 3, FORMAT)
    experiment = compare_all(CountingBank(), population)
    assert len(experiment.mated) == 6 * 3
    assert len(experiment.nonmated) == 15 * 9
    assert (experiment.nonmated_groups[:, 0] != experiment.nonmated_groups[:, 1]).all()
    assert set(score_table(experiment)["rates"]) >= {"eer", "fnmr", "mated", "nonmated"}


def test_folders_are_read_and_failures_left_out(tmp_path: Path) -> None:
    template = strewn(4, 1, 1, FORMAT).templates[0]
    for name in ("1_1", "1_2", "2_1"):
        arrays = {key: getattr(template, key) for key in ("positions", "directions", "qualities", "kinds", "size")}
        np.savez(tmp_path / f"{name}.npz", **arrays)
    population = read([tmp_path], lambda file: read_minutiae(file, FORMAT) if file.stem != "1_2" else None)
    assert [finger.rsplit("/", 1)[1] for finger in population.fingers] == ["1", "2"]
    assert np.array_equal(population.templates[0].directions, template.directions)
