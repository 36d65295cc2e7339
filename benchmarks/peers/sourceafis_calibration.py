"""Calibrate SourceAFIS: ``python -m benchmarks.peers.sourceafis_calibration DIR... --model leader|sourceafis``.

Each DIR holds synthetic prints (``python -m benchmarks.synthesis``), so that no real finger that accuracy is reported
on has a say. Prints the table ``[calibration.sourceafis]`` of the model's manifest, fitted to every non-mated
comparison of the prints (``--real`` as in ``fingerprint_calibration``); minutiae of other extractors also count
hardened, SourceAFIS's own templates cannot be.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.accuracy.face_calibration import as_toml
from benchmarks.accuracy.fingerprint import FingerSet, extract_all
from benchmarks.accuracy.fingerprint_calibration import calibrated
from benchmarks.accuracy.hardening import harden
from biometric_service.app import build_walk
from biometric_service.comparison.sourceafis.comparator import NAME
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate

SEED = 5


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of synthetic prints.")],
    model: Annotated[str, typer.Option(help="Whose templates to compare.")] = "leader",
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
    real: Annotated[list[Path] | None, typer.Option(help="A folder of real prints, to measure the FNMR on.")] = None,
) -> None:
    """Print the table."""
    chosen = {"fingerprint_model": model, "fingerprint_comparator": NAME, "face_model": ""}
    with tempfile.TemporaryDirectory() as scratch:
        walk = build_walk(load_settings().model_copy(update={"data_dir": Path(scratch), **chosen}))
        natural, _ = extract_all(walk, folders, cache)
        measured, _ = extract_all(walk, real or [], cache)
    hard = hardened(natural)
    how = "as drawn and hardened" if hard else "as drawn"
    data = f"synthetic prints, {len(folders)} sensors, {how}; no real finger"
    curve = calibrated(walk.comparators[Modality.FINGERPRINT], natural, hard, data, measured)
    print(as_toml(f"calibration.{NAME}", curve.table()), end="")


def hardened(sets: Sequence[FingerSet]) -> list[FingerSet]:
    """Worse impressions of the same fingers; none of templates whose minutiae are not ours to change."""
    draws = np.random.default_rng(SEED)
    worse = [
        replace(
            each,
            templates=[harden(one, draws) if isinstance(one, MinutiaeTemplate) else None for one in each.templates],
        )
        for each in sets
    ]
    return [each for each in worse if any(each.templates)]


if __name__ == "__main__":
    typer.run(main)
