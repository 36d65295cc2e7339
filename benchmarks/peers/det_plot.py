"""Detection error trade-off curves (ISO/IEC 19795-1) of several contenders on normal deviate axes."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from scipy.stats import norm

from benchmarks.peers.contenders import Showing
from biometric_service.evaluation.rates import det

TICKS = (1e-4, 1e-3, 0.01, 0.05, 0.2, 0.4)
COLOURS = ("#0062a0", "#c44e00", "#007a58", "#687284")


def plot_det(showings: Sequence[Showing], file: Path) -> None:
    """Draw one curve a contender into a PNG file; lower is better."""
    mpl.use("Agg")
    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    for showing, colour in zip(showings, COLOURS, strict=True):
        fmrs, fnmrs = det(showing.pooled.mated, showing.pooled.nonmated, points=400).T
        shown = (fnmrs > 0) & (fnmrs < 1)
        axes.plot(norm.ppf(fmrs[shown]), norm.ppf(fnmrs[shown]), color=colour, label=showing.name)
    for axis, name in ((axes.xaxis, "FMR"), (axes.yaxis, "FNMR")):
        axis.set_ticks(norm.ppf(TICKS), [f"{100 * tick:g} %" for tick in TICKS])
        axis.set_label_text(name)
    limits = norm.ppf([TICKS[0] / 2, TICKS[-1]])
    axes.set(xlim=limits, ylim=limits, title=_title(showings))
    axes.grid(color="#d8dce2", linewidth=0.6)
    axes.legend(frameon=False)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _title(showings: Sequence[Showing]) -> str:
    pairs = showings[0].pooled
    return f"{len(pairs.mated):,} mated and {len(pairs.nonmated):,} non-mated pairs"
