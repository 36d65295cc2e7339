"""Weigh and calibrate: ``python -m benchmarks.accuracy.fingerprint_calibration DIR...``.

Each DIR holds synthetic prints (``python -m benchmarks.synthesis``), so that no real finger that accuracy is reported
on has a say. For each comparator it prints the weights of ``comparison/fingerprint/methods.py``, fitted to comparisons
of hardened prints, and, by the weights in force, its table for the model's manifest, fitted to the non-mated
comparisons of the prints as they are and hardened, with its uncertainty by finger: run it again after a change of the
weights. ``--sensors`` adds a curve for each folder, as the sensor class of its name. ``--real`` names folders of real
prints, on which the FNMR beside the curve is measured: it says what to expect and decides nothing.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.accuracy.face_calibration import as_toml
from benchmarks.accuracy.fingerprint import FingerSet, compare_all, extract_all, fingerprint_walk
from benchmarks.accuracy.hardening import harden
from biometric_service.comparison.calibration import Calibration, identity
from biometric_service.comparison.fingerprint.cylinder import FINGERPRINT_COMPARATORS
from biometric_service.comparison.fingerprint.cylinders import prepare
from biometric_service.comparison.fingerprint.evidence import measures
from biometric_service.comparison.fingerprint.kernel import compare, probe_of, room
from biometric_service.comparison.fingerprint.methods import Method
from biometric_service.comparison.fitting import fit_calibration, weight_of, with_mated
from biometric_service.evaluation.rates import Experiment
from biometric_service.evaluation.verification import pool
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate

SEED = 5
VERSION = 2
"""Of the tables that are printed."""
NONMATED = 60_000
RIDGE = 1e-3
ANY = Calibration("none", (0.0, 1.0), (0.0, 1.0), 0.0, 0, "raw scores are all that is looked at")


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of synthetic prints.")],
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
    real: Annotated[list[Path] | None, typer.Option(help="A folder of real prints, to measure the FNMR on.")] = None,
    *,
    sensors: Annotated[bool, typer.Option(help="Also print a curve for each folder's sensor.")] = False,
) -> None:
    """Print the weights and the table."""
    with tempfile.TemporaryDirectory() as scratch:
        walk = fingerprint_walk(Path(scratch))
        natural, _ = extract_all(walk, folders, cache)
        measured, _ = extract_all(walk, real or [], cache)
    draws = np.random.default_rng(SEED)
    hard = [_hardened(each, draws) for each in natural]
    data = f"synthetic prints, {len(folders)} sensors, as drawn and hardened; no real finger"
    for name, kind in FINGERPRINT_COMPARATORS.items():
        print(f"# {name}: Weights({', '.join(f'{weight:.3g}' for weight in fit_weights(hard, kind.method))})")
        comparator = kind(walk.extractors[Modality.FINGERPRINT].format, ANY)
        print(as_toml(f"calibration.{name}", calibrated(comparator, natural, hard, data, measured).table()))
        for place, fingers in enumerate(natural if sensors else []):
            curve = calibrated(comparator, [fingers], hard[place : place + 1], data, [])
            print(as_toml(f"calibration.{name}.sensor.{fingers.name}", curve_only(curve)))


def calibrated(
    comparator: Comparator,
    natural: Sequence[FingerSet],
    hard: Sequence[FingerSet],
    data: str,
    measured: Sequence[FingerSet],
) -> Calibration:
    """The comparator's curve, fitted to comparisons within each set; with the FNMR of the measured sets, if any."""
    experiments = [[compare_all(comparator, each)[0] for each in sets] for sets in (natural, hard) if sets]
    pooled = [pool(each) for each in experiments]
    nonmated, groups = (np.concatenate(part) for part in zip(*map(_made, pooled), strict=True))
    mated = np.concatenate([each.mated for each in pooled])
    curve = fit_calibration(comparator.name, nonmated, data, groups)
    of = identity(comparator.format, comparator.name, comparator.version)
    curve = replace(curve, of=of, version=VERSION, weight=weight_of(curve, mated))
    if not measured:
        return curve
    real = pool([compare_all(comparator, each)[0] for each in measured]).mated
    return with_mated(curve, real, " ".join(each.name for each in measured))


def curve_only(curve: Calibration) -> dict[str, Any]:
    """What a conditioned curve does not share with the whole."""
    shared = {"of", "version", "mated", "mated_data", "weight", "fnmr"}
    return {name: value for name, value in curve.table().items() if name not in shared}


def _made(experiment: Experiment) -> tuple[NDArray[Any], NDArray[Any]]:
    """The non-mated comparisons that could be made, and their groups."""
    finite = np.isfinite(experiment.nonmated)
    return experiment.nonmated[finite], experiment.nonmated_groups[finite]


def fit_weights(sets: Sequence[FingerSet], method: Method) -> NDArray[np.float64]:
    """Bias and weights of a logistic regression of mated against non-mated comparisons, both counting the same."""
    mated, nonmated = (_measured(pairs, method) for pairs in _pairs(sets, np.random.default_rng(SEED)))
    every = np.concatenate([mated, nonmated])
    mean, spread = every.mean(0), every.std(0)
    sides = [np.column_stack([np.ones(len(side)), (side - mean) / spread]) for side in (mated, nonmated)]

    def loss(weights: NDArray[np.float64]) -> float:
        against, towards = np.logaddexp(0, -sides[0] @ weights), np.logaddexp(0, sides[1] @ weights)
        return float(against.mean() + towards.mean()) / 2 + RIDGE * float(weights[1:] @ weights[1:]) / 2

    found = minimize(loss, np.zeros(every.shape[1] + 1), method="L-BFGS-B").x
    return np.array([found[0] - (found[1:] * mean / spread).sum(), *(found[1:] / spread)])


def _hardened(fingers: FingerSet, draws: np.random.Generator) -> FingerSet:
    worse = [harden(each, draws) if isinstance(each, MinutiaeTemplate) else None for each in fingers.templates]
    return replace(fingers, templates=worse)


Pair = tuple[MinutiaeTemplate, MinutiaeTemplate]


def _pairs(sets: Sequence[FingerSet], draws: np.random.Generator) -> tuple[list[Pair], list[Pair]]:
    """Every mated pair within the sets, and as many non-mated ones as are asked for."""
    mated: list[Pair] = []
    nonmated: list[Pair] = []
    for fingers in sets:
        for later, template in enumerate(fingers.templates):
            for earlier, other in enumerate(fingers.templates[:later]):
                if isinstance(template, MinutiaeTemplate) and isinstance(other, MinutiaeTemplate):
                    same = fingers.fingers[later] == fingers.fingers[earlier]
                    (mated if same else nonmated).append((template, other))
    chosen = draws.permutation(len(nonmated))[:NONMATED]
    return mated, [nonmated[at] for at in chosen]


def _measured(pairs: Sequence[Pair], method: Method) -> NDArray[np.float64]:
    """What ``evidence.weigh`` weighs, a row for each pair."""
    prepared = {id(template): prepare(template).minutiae for pair in pairs for template in pair}
    space, rows = room(), []
    for probe, reference in pairs:
        evidence, _ = compare(probe_of(prepared[id(probe)]), prepared[id(reference)], method, space)
        rows.append(measures(evidence))
    return np.array(rows)


if __name__ == "__main__":
    typer.run(main)
