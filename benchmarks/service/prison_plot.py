"""The day as a picture: checks by the minute, and how long they took."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def plot(checked: Sequence[Any], spans: Mapping[str, tuple[float, float]], restart: float, folder: Path) -> None:
    """Write prison_day.png; ``spans``: from when, how long (s)."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only for this

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    at = np.array([each.visit.at for each in checked]) / 3600
    took = np.array([each.took for each in checked]) * 1000
    offline = np.array([each.offline for each in checked], np.bool_)
    figure, (above, below) = plt.subplots(2, 1, figsize=(11, 6), sharex=True)
    bins = np.linspace(0, 12, 145)
    above.hist([at[~offline], at[offline]], bins, stacked=True, label=["by the service", "on a slice"])
    above.set_ylabel("checks in 5 minutes")
    below.scatter(at[~offline], took[~offline], s=3, label="by the service")
    below.scatter(at[offline], took[offline], s=3, label="on a slice")
    below.set_yscale("log")
    below.set_ylabel("ms to the answer")
    below.set_xlabel("hour of the simulated day")
    for axis in (above, below):
        for (name, (begin, length)), colour in zip(spans.items(), ("tab:red", "tab:green"), strict=True):
            axis.axvspan(begin / 3600, (begin + length) / 3600, alpha=0.15, color=colour, label=name)
        axis.axvline(restart / 3600, color="black", linewidth=1, label="restart")
    above.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(folder / "prison_day.png", dpi=110)
    plt.close(figure)
