"""Statistics of the pair moments of synthetic prints: ``python -m benchmarks.synthesis.pair_statistics [--out FILE]``.

They are what ``biometric_service.gallery.minutia_pairs`` takes out of its descriptors. No real finger is in them, and
none of the synthetic ones that galleries are measured with.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.sensor import SENSORS
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template
from biometric_service.gallery import minutia_pairs
from biometric_service.gallery.minutia_pairs import Statistics, damped_moments

SEED = 988
FLOOR = 0.1
"""Added to each variance, as a share of the mean one, so that rings that hold next to nothing are not blown up."""
BESIDE = Path(minutia_pairs.__file__).with_suffix(".npz")


def main(
    out: Annotated[Path, typer.Option(help="File to write.")] = BESIDE,
    fingers: Annotated[int, typer.Option(min=100, help="Synthetic fingers to take them from.")] = 20_000,
) -> None:
    """Write the file."""
    found = statistics(np.stack([_moments(finger) for finger in track(range(fingers), console=Console(stderr=True))]))
    np.savez_compressed(out, **found._asdict())


def statistics(moments: NDArray[np.float32]) -> Statistics:
    """Of damped moments, float32 (n, 2, 38, 13): the whitening of each moment's rings that turns them least (ZCA)."""
    mean = moments.mean(axis=0)
    centred = moments - mean
    covariance = np.einsum("nhkr,nhks->hkrs", centred, centred) / len(moments)
    floor = FLOOR * np.mean(np.diagonal(covariance, axis1=2, axis2=3))
    values, vectors = np.linalg.eigh(covariance)
    whitening = (vectors / np.sqrt(values + floor)[..., np.newaxis, :]) @ np.swapaxes(vectors, 2, 3)
    return Statistics(mean.astype(np.float32), whitening.astype(np.float32))


def _moments(finger: int) -> NDArray[np.float32]:
    sensors = list(SENSORS.values())
    drawn = make_finger(finger_seed(SEED, finger + 1))
    return damped_moments(make_template(drawn, 1, sensor=sensors[finger % len(sensors)]))


if __name__ == "__main__":
    typer.run(main)
