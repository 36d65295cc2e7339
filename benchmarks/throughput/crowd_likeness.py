"""Whether a crowd of synthetic fingers scores against real ones as other real fingers do, and how it is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from benchmarks.synthesis.likeness import distance, quantiles
from benchmarks.throughput.crowd import Crowd

SHARES = (0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)
SAMPLE = 4000
"""Synthetic fingers that the real ones are compared with."""
EVERY = 4
"""One in so many real prints is compared with them."""
POINTS = 200


@dataclass(frozen=True, slots=True)
class NonMated:
    """Raw non-mated scores, float32.

    ``halves``: of real prints with those of other real fingers, the probes being of one half of the fingers or of the
    other. ``synthetic``: of the same probes with synthetic fingers.
    """

    halves: tuple[NDArray[np.float32], NDArray[np.float32]]
    synthetic: NDArray[np.float32]

    @property
    def real(self) -> NDArray[np.float32]:
        """Both halves."""
        return np.concatenate(self.halves)

    def summary(self) -> dict[str, Any]:
        """Kolmogorov-Smirnov distances, 0 (alike) to 1, with that of the halves as what chance makes; quantiles."""
        return {
            "pairs": {"real": len(self.real), "synthetic": len(self.synthetic)},
            "ks": distance(self.real, self.synthetic),
            "ks_between_halves_of_the_real": distance(*self.halves),
            "real": quantiles(self.real, SHARES),
            "synthetic": quantiles(self.synthetic, SHARES),
        }


def compare_nonmated(crowd: Crowd) -> NonMated:
    """Compare a sample of both."""
    bank, prints = crowd.comparator.bank(), crowd.prints
    real = np.array([bank.add(each.template) for each in prints], np.int64)
    synthetic = np.array([bank.add(each) for each in crowd.templates(0, SAMPLE)], np.int64)
    fingers = np.array([each.finger for each in prints])
    halves: tuple[list[Any], list[Any]] = ([], [])
    others = []
    for probe in prints[::EVERY]:
        halves[probe.finger % 2].append(bank.scores(probe.template, real[fingers != probe.finger]))
        others.append(bank.scores(probe.template, synthetic))
    return NonMated((np.concatenate(halves[0]), np.concatenate(halves[1])), np.concatenate(others))


def plot_crowd(result: Mapping[str, Any], nonmated: NonMated, file: Path) -> None:
    """Times by size on the left, quantiles of non-mated scores against one another on the right."""
    mpl.use("Agg")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    _plot_times(left, result["sizes"])
    _plot_quantiles(right, nonmated)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _plot_times(axes: Any, sizes: Mapping[str, Mapping[str, Any]]) -> None:  # noqa: ANN401 (matplotlib's own)
    lines: Sequence[tuple[str, Sequence[str]]] = (
        ("one finger, everything compared", ("exhaustive", "p50_ms")),
        ("one finger, narrowed down", ("one_finger", "p50_ms")),
        ("ten fingers of known position", ("ten_fingers", "p50_ms")),
    )
    for name, (way, key) in lines:
        values = [each[way][key] / 1000 for each in sizes.values()]
        axes.plot([int(size) for size in sizes], values, marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="fingers in the gallery", ylabel="median search, s")
    axes.set_title("Cost of a search on two cores")
    axes.grid(color="#d8dce2", linewidth=0.6)
    axes.legend(frameon=False)


def _plot_quantiles(axes: Any, nonmated: NonMated) -> None:  # noqa: ANN401
    shares = 1 - np.geomspace(1, 20 / len(nonmated.real), POINTS)
    axes.plot(np.quantile(nonmated.real, shares), np.quantile(nonmated.synthetic, shares), color="#0062a0")
    low, high = axes.get_xlim()
    axes.plot([low, high], [low, high], color="#687284", linewidth=0.8, linestyle="--")
    axes.set(xlabel="raw score, real with other real fingers", ylabel="raw score, real with synthetic fingers")
    axes.set_title("Quantiles of non-mated scores")
    axes.grid(color="#d8dce2", linewidth=0.6)
