"""Whether the FMR that is stated is the FMR that is measured.

    python -m benchmarks.accuracy.calibration [--fingerprints DIR...] [--faces DIR] [--json]

A fingerprint DIR holds FINGER_IMPRESSION.png (at 500 dpi, or at what a file ``dpi`` in it says), a face DIR a folder a
person. Every sample goes through the service's own walk; all pairs across fingers (of all folders together) or persons
are non-mated. Two questions are answered, at stated rates from 10 % to 0.01 %:

- ``halves``: fingers or persons are halved by a draw; a curve is fitted to the pairs within one half by the service's
  own method and checked on the pairs within the other, and the reverse, ``--repeat`` times. The measured rate is that
  of all checks together. No pair that is checked has a say in the curve that it is checked against.
- ``shipped``: the curve of the model's manifest, as the service uses it.

Each rate has a 95 % interval by whole fingers or persons, drawn anew. At 0.01 % half of FVC's eighty fingers leave
some 50,000 pairs, so that five are expected to reach the score: ``expected`` and ``reaching`` say how many it was in
all checks, in which a pair appears several times.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.accuracy.arguments import Asked, parse
from benchmarks.accuracy.extracted import PROGRESS, Extracted, calibrated, extract_subjects
from biometric_service.comparison.fitting import fit_calibration
from biometric_service.evaluation.subjects import faces, fingerprints
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality

RATES = (0.1, 0.01, 0.001, 0.0001)
REPLICATES = 400
SEED = 19795
FACTOR = 2.0
MANY_PAIRS = 1_000_000
FEW_SPLITS = 4


@dataclass(frozen=True, slots=True)
class Pairs:
    """Non-mated pairs: raw scores, floating (n,), and whose of so many ``subjects`` they are, int32 (n, 2)."""

    scores: NDArray[np.floating[Any]]
    groups: NDArray[np.int32]
    subjects: int

    def within(self, half: NDArray[np.bool_]) -> "Pairs":
        """The pairs of which both are in the half."""
        kept = half[self.groups].all(axis=1)
        return Pairs(self.scores[kept], self.groups[kept], self.subjects)


class Tally:
    """Counts, by pair of subjects, how many comparisons were made and how many reached each stated rate."""

    def __init__(self, subjects: int) -> None:
        self._size = subjects
        self._made = np.zeros((subjects, subjects), np.float32)
        self._reached = np.zeros((len(RATES), subjects, subjects), np.float32)

    def add(self, pairs: Pairs, values: NDArray[np.float64]) -> None:
        """Count pairs by their calibrated values."""
        place = pairs.groups[:, 0].astype(np.int64) * self._size + pairs.groups[:, 1]
        self._made += self._counted(place)
        for at, rate in enumerate(RATES):
            self._reached[at] += self._counted(place[values >= -np.log10(rate)])

    def summary(self) -> dict[str, Any]:
        """What was measured at each stated rate."""
        chance = np.random.default_rng(SEED)
        draws = chance.multinomial(self._size, np.full(self._size, 1 / self._size), REPLICATES).astype(np.float32)
        made = _weighted(draws, self._made)
        return {f"{rate:g}": self._line(at, draws, made) for at, rate in enumerate(RATES)}

    def _line(self, at: int, draws: NDArray[np.float32], made: NDArray[np.float64]) -> dict[str, Any]:
        reached, total = float(self._reached[at].sum(dtype=np.float64)), float(self._made.sum(dtype=np.float64))
        low, high = np.quantile(_weighted(draws, self._reached[at])[made > 0] / made[made > 0], [0.025, 0.975])
        measured = reached / total
        return {
            "measured": measured,
            "interval": [float(low), float(high)],
            "reaching": int(reached),
            "expected": RATES[at] * total,
            "within_factor_2": bool(1 / FACTOR <= measured / RATES[at] <= FACTOR),
        }

    def _counted(self, place: NDArray[np.int64]) -> NDArray[np.float32]:
        counts = np.bincount(place, minlength=self._size**2).astype(np.float32)
        return counts.reshape(self._size, self._size)


def main() -> None:
    """Print stated and measured rates of each modality that is asked for."""
    asked = parse(__doc__ or "", "times the subjects are halved; where there are a million pairs and more, 4", 20)
    result = {}
    if asked.fingerprints:
        subjects = fingerprints(asked.fingerprints)
        result["fingerprint"] = benchmark(extract_subjects(Modality.FINGERPRINT, subjects, asked.cache), asked)
    if asked.faces:
        result["face"] = benchmark(extract_subjects(Modality.FACE, faces(asked.faces), asked.cache), asked)
    if asked.as_json:
        print(json.dumps(result))
    else:
        for name, figures in result.items():
            Console().print(_table(name, figures))


def benchmark(samples: Extracted, asked: Asked) -> dict[str, Any]:
    """Every figure of one modality."""
    pairs = nonmated(samples)
    splits = asked.effort if len(pairs.scores) < MANY_PAIRS else min(asked.effort, FEW_SPLITS)
    return {
        "model": str(samples.comparator.format),
        "comparator": samples.comparator.name,
        "samples": len(samples.subjects),
        "subjects": pairs.subjects,
        "nonmated": len(pairs.scores),
        "fte": samples.failures,
        "splits": splits,
        "halves": halves(pairs, splits, asked.seed),
        "shipped": shipped(pairs, samples.comparator),
    }


def nonmated(samples: Extracted) -> Pairs:
    """Each pair across subjects once, the later sample as the probe; without those that could not be compared."""
    scores, owners = samples.scores(), samples.subjects
    reference, probe = (index.astype(np.int32) for index in np.triu_indices(len(owners), 1))
    kept = (owners[reference] != owners[probe]) & np.isfinite(scores[probe, reference])
    reference, probe = reference[kept], probe[kept]
    groups = np.column_stack([owners[reference], owners[probe]])
    return Pairs(scores[probe, reference], groups, 1 + int(owners.max()))


def halves(pairs: Pairs, splits: int, seed: int) -> dict[str, Any]:
    """Fitted to one half, checked on the other, both ways, in every split."""
    chance, tally = np.random.default_rng(seed), Tally(pairs.subjects)
    for _ in track(range(splits), "Halving", console=PROGRESS):
        half = chance.permutation(pairs.subjects) < pairs.subjects // 2
        for fitted, checked in ((half, ~half), (~half, half)):
            curve = fit_calibration("half", pairs.within(fitted).scores, "one half")
            unseen = pairs.within(checked)
            tally.add(unseen, curve.values(unseen.scores))
    return tally.summary()


def shipped(pairs: Pairs, comparator: Comparator) -> dict[str, Any]:
    """The comparator's own curve on all pairs."""
    tally = Tally(pairs.subjects)
    tally.add(pairs, calibrated(comparator, pairs.scores))
    return tally.summary()


def _weighted(draws: NDArray[np.float32], counts: NDArray[np.float32]) -> NDArray[np.float64]:
    """Comparisons in each replicate, each counting as often as its two subjects were drawn together."""
    return np.asarray(((draws @ counts) * draws).sum(axis=1, dtype=np.float64), np.float64)


def _table(name: str, figures: Mapping[str, Any]) -> Table:
    table = Table(
        "stated", "fitted to a half, measured on the other", "95 % interval", "reaching", "as shipped", "95 % "
    )
    for rate, line in figures["halves"].items():
        as_shipped = figures["shipped"][rate]
        cells = (f"{float(rate):g}", f"{line['measured']:.2g}", _span(line), f"{line['reaching']:,}")
        table.add_row(*cells, f"{as_shipped['measured']:.2g}", _span(as_shipped))
    table.title = f"FMR of {name}s stated and measured"
    table.caption = (
        f"{figures['samples']:,} samples of {figures['subjects']:,}, {figures['nonmated']:,} non-mated pairs, "
        f"{figures['splits']} splits, {figures['model']} by {figures['comparator']}"
    )
    return table


def _span(line: Mapping[str, Any]) -> str:
    low, high = line["interval"]
    return f"{low:.2g} - {high:.2g}"


if __name__ == "__main__":
    main()
