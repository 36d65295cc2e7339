"""How alike two populations of templates are: what their minutiae look like and how they score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp

from benchmarks.synthesis.population import Population
from biometric_service.evaluation.rates import Experiment, summary
from biometric_service.vocabulary.protocols import ComparisonBank
from biometric_service.vocabulary.templates import MinutiaeTemplate

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SCORE_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)
ALONG, CONTRARY = 0.5, np.pi - 0.5
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of a population, float64 arrays of one value a print or a minutia.

    ``count``: minutiae a print. ``quality``: 0 to 1. ``spacing``: to the nearest other minutia, pixels at 500 dpi.
    ``turn``: between a minutia and its nearest other, radians, 0 to pi. ``spread_across``, ``spread_along``: standard
    deviation of x and y in a print, pixels at 500 dpi. ``endings``: share in a print.
    """

    count: NDArray[np.float64]
    quality: NDArray[np.float64]
    spacing: NDArray[np.float64]
    turn: NDArray[np.float64]
    spread_across: NDArray[np.float64]
    spread_along: NDArray[np.float64]
    endings: NDArray[np.float64]

    def table(self) -> dict[str, Any]:
        """Quantiles of each, and how many neighbours point the same and the opposite way."""
        names = ("count", "quality", "spacing", "spread_across", "spread_along", "endings")
        rows: dict[str, Any] = {name: quantiles(getattr(self, name), QUANTILES) for name in names}
        rows["neighbours"] = {
            "along": round(float(np.mean(self.turn < ALONG)), 3),
            "contrary": round(float(np.mean(self.turn > CONTRARY)), 3),
        }
        return rows


def measure(templates: Sequence[MinutiaeTemplate]) -> Measures:
    """Measure every template that has at least three minutiae."""
    usable = [template for template in templates if len(template.positions) >= FEWEST]
    nearest = [_nearest(template) for template in usable]
    turns = [_turns(template, others) for template, (_, others) in zip(usable, nearest, strict=True)]
    return Measures(
        count=np.array([len(template.positions) for template in templates], np.float64),
        quality=np.concatenate([template.qualities for template in usable]).astype(np.float64),
        spacing=np.concatenate([away for away, _ in nearest]),
        turn=np.concatenate(turns),
        spread_across=np.array([template.positions[:, 0].std() for template in usable], np.float64),
        spread_along=np.array([template.positions[:, 1].std() for template in usable], np.float64),
        endings=np.array([(template.kinds == 1).mean() for template in usable], np.float64),
    )


def compare_all(bank: ComparisonBank, population: Population) -> Experiment:
    """Raw scores of all pairs of prints of one finger and of all pairs across fingers of one folder; fills the bank."""
    rows = np.array([bank.add(template) for template in population.templates])
    fingers = np.unique(population.fingers, return_inverse=True)[1]
    folders = np.unique(population.folders, return_inverse=True)[1]
    parts: list[tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]] = []
    for index, template in enumerate(population.templates[:-1]):
        others = index + 1 + np.flatnonzero(folders[index + 1 :] == folders[index])
        scores = bank.scores(template, rows[others])
        parts.append((scores, np.full(len(others), fingers[index]), fingers[others]))
    scores, first, second = (np.concatenate(part) for part in zip(*parts, strict=True))
    same = first == second
    return Experiment(scores[same], first[same], scores[~same], np.stack([first, second], axis=1)[~same])


def score_table(experiment: Experiment) -> dict[str, Any]:
    """Quantiles of the raw scores and the error rates that follow from them."""
    return {
        "mated": quantiles(experiment.mated, SCORE_QUANTILES),
        "nonmated": quantiles(experiment.nonmated, SCORE_QUANTILES),
        "rates": summary(experiment),
    }


def distances(first: Measures, second: Measures) -> dict[str, float]:
    """Kolmogorov-Smirnov distance, 0 (alike) to 1, of each measure."""
    return {name: distance(getattr(first, name), getattr(second, name)) for name in Measures.__slots__}


def distance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Kolmogorov-Smirnov distance of two samples, 0 (alike) to 1."""
    return round(float(ks_2samp(first, second).statistic), 3)


def quantiles(values: NDArray[Any], shares: Sequence[float]) -> dict[str, float]:
    """Quantiles by share."""
    return {f"{share:g}": round(float(np.quantile(values, share)), 4) for share in shares}


def _nearest(template: MinutiaeTemplate) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    away, others = cKDTree(template.positions).query(template.positions, 2)
    return np.asarray(away, np.float64)[:, 1], np.asarray(others, np.intp)[:, 1]


def _turns(template: MinutiaeTemplate, nearest: NDArray[np.intp]) -> NDArray[np.float64]:
    turn = (template.directions - template.directions[nearest]).astype(np.float64)
    return np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
