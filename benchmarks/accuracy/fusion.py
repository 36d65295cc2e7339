"""How much better a finger and a face together find people than either alone: open-set identification of chimeras.

    python -m benchmarks.accuracy.fusion --fingerprints DIR... --faces DIR [--json]

A fingerprint DIR holds FINGER_IMPRESSION.png (at 500 dpi, or at what a file ``dpi`` in it says), a face DIR a folder a
person. Nobody publishes fingers with faces, so a finger of one person and the face of another, independent as finger
and face are, make one person. In each of ``--repeat`` rounds a draw pairs every finger with a face of at least two
photographs, enrols half of these people with one impression and one photograph, and takes all their other impressions,
each with another photograph, as mated probes and all impressions of the other half as non-mated ones. Eighty fingers
make eighty people: a gallery of forty, and in a hundred rounds some 28,000 mated and 32,000 non-mated searches.

Every sample goes through the service's own walk, every pair through its comparator, calibration and fusion, and the
candidates are those that its shortlists hold: the ten best by each sample. FPIR is counted, never extrapolated: at
0.1 % so many of the non-mated searches may reach the threshold as ``allowed`` says (some 32). Rounds share fingers and
faces, so searches are not independent: intervals draw whole people anew (by the first finger), with all searches of all
rounds that are of them. FNIR counts a mated search as missed where its subject is not the best candidate or is below
the threshold; a sample without a template is a part that is missing, a search without any a miss.

The curves that score faces were fitted on half of the persons of lfw_half, those for fingers on no real finger at all
(see the models' cards); fusion has no constant that was fitted to these people's mated scores.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.accuracy.arguments import Asked, parse
from benchmarks.accuracy.chimeras import Draw, Probe, Samples, draws
from benchmarks.accuracy.extracted import PROGRESS, Extracted, calibrated, extract_subjects
from biometric_service.decision.fusion import join
from biometric_service.evaluation.open_set import OpenSet
from biometric_service.evaluation.subjects import faces, fingerprints
from biometric_service.vocabulary.candidates import ComparisonScore, PartScore
from biometric_service.vocabulary.references import ReferenceId
from biometric_service.vocabulary.samples import FingerPosition, Modality

FPIRS = (0.1, 0.01, 0.001)
SHORTLIST = 10
TIE_BREAKER = 1e-6
"""Share of the raw score added to a score, which tells apart what lies beyond the end of the calibration."""
POSITIONS = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
WAYS = ("finger", "face", "fused")


@dataclass(frozen=True, slots=True)
class Compared:
    """All samples of a modality with each other: raw scores and calibrated ones, (n, n); minus infinity where none."""

    modality: Modality
    raw: NDArray[np.float32]
    values: NDArray[np.float64]
    weight: float

    def part(self, probe: int, reference: int, position: FingerPosition) -> PartScore | None:
        """The comparison as the service has it; None where a template is missing."""
        raw, value = float(self.raw[probe, reference]), float(self.values[probe, reference])
        if np.isneginf(raw):
            return None
        score = ComparisonScore(value, raw, "", extrapolated=False, weight=self.weight)
        return PartScore(self.modality, position, ReferenceId(0), score)


@dataclass(frozen=True, slots=True)
class Found:
    """One search: the best candidate's score and whether it is the right one."""

    name: int
    score: float
    right: bool


def main() -> None:
    """Print FNIR of finger, face and both at given FPIRs."""
    asked = parse(__doc__ or "", "rounds of pairing and enrolling", 100)
    if not asked.fingerprints or not asked.faces:
        raise SystemExit("Say both --fingerprints DIR... and --faces DIR.")
    result = benchmark(asked)
    if asked.as_json:
        print(json.dumps(result))
    else:
        _print(result)


def benchmark(asked: Asked) -> dict[str, Any]:
    """Every figure, of one finger with a face and, as ``two_fingers``, of two fingers with a face."""
    started = time.monotonic()
    fingers = extract_subjects(Modality.FINGERPRINT, fingerprints(asked.fingerprints), asked.cache)
    photographs = extract_subjects(Modality.FACE, faces(asked.faces), asked.cache)
    compared = compare(Modality.FINGERPRINT, fingers), compare(Modality.FACE, photographs)
    owned = samples_of(fingers), samples_of(photographs)
    one, two = (experiment(compared, list(draws(*owned, each, asked.effort, asked.seed))) for each in (1, 2))
    models = {"fingers": str(fingers.comparator.format), "faces": str(photographs.comparator.format)}
    seconds = time.monotonic() - started
    return {**one, "two_fingers": two, "rounds": asked.effort, "models": models, "seconds": seconds}


def compare(modality: Modality, samples: Extracted) -> Compared:
    """Everything with everything."""
    raw = samples.scores()
    return Compared(modality, raw, calibrated(samples.comparator, raw), samples.comparator.calibrate(0.0).weight)


def samples_of(samples: Extracted) -> list[Samples]:
    """Indices of the samples of each subject."""
    return [np.flatnonzero(samples.subjects == each) for each in range(1 + int(samples.subjects.max()))]


def experiment(compared: tuple[Compared, Compared], rounds: Sequence[Draw]) -> dict[str, Any]:
    """FNIR at each FPIR of the fingers, of the face and of all, with intervals by person."""
    if not rounds or not len(rounds[0].gallery.faces):
        raise SystemExit("Too few fingers or faces with two samples and more: give more folders.")
    searches = [
        (probe, search(compared, draw, probe))
        for draw in track(rounds, "Searching", console=PROGRESS)
        for probe in draw.probes
    ]
    sets = {way: open_set([(probe, found[way]) for probe, found in searches]) for way in WAYS}
    nonmated = sum(probe.mate < 0 for probe, _ in searches)
    fnir = {f"{fpir:g}": {way: sets[way].fnir(fpir) for way in WAYS} for fpir in FPIRS}
    return {
        "people": len({probe.name for probe, _ in searches}),
        "gallery": len(rounds[0].gallery.faces),
        "mated_probes": len(searches) - nonmated,
        "nonmated_probes": nonmated,
        "allowed": {f"{fpir:g}": int(fpir * nonmated) for fpir in FPIRS},
        "rank1": {way: sets[way].rank1 for way in WAYS},
        "fnir": fnir,
        "interval": {f"{fpir:g}": {way: list(sets[way].interval(fpir)) for way in WAYS} for fpir in FPIRS},
        "times_lower": {
            fpir: min(rates["finger"], rates["face"]) / max(rates["fused"], 1 / max(len(searches) - nonmated, 1))
            for fpir, rates in fnir.items()
        },
    }


def search(compared: tuple[Compared, Compared], draw: Draw, probe: Probe) -> dict[str, Found]:
    """The best candidate by the fingers, by the face and by all of a probe."""
    by_finger, by_face = compared
    parts = {
        each: _parts(by_finger, by_face, draw, probe, each) for each in _shortlisted(by_finger, by_face, draw, probe)
    }
    of_fingers = {
        each: [part for part in made if part.modality is Modality.FINGERPRINT] for each, made in parts.items()
    }
    of_face = {each: [part for part in made if part.modality is Modality.FACE] for each, made in parts.items()}
    return {way: _best(probe, chosen) for way, chosen in zip(WAYS, (of_fingers, of_face, parts), strict=True)}


def open_set(searches: Sequence[tuple[Probe, Found]]) -> OpenSet:
    """Mated and non-mated searches, by person."""
    mated = [found for probe, found in searches if probe.mate >= 0]
    nonmated = [found for probe, found in searches if probe.mate < 0]
    return OpenSet(
        np.array([found.score if found.right else -np.inf for found in mated], np.float64),
        np.array([found.name for found in mated], np.int64),
        np.array([found.score for found in nonmated], np.float64),
        np.array([found.name for found in nonmated], np.int64),
    )


def _shortlisted(by_finger: Compared, by_face: Compared, draw: Draw, probe: Probe) -> list[int]:
    """Who is among the best by any sample."""
    rows = [by_finger.raw[finger, draw.gallery.fingers[:, at]] for at, finger in enumerate(probe.fingers)]
    rows.append(by_face.raw[probe.face, draw.gallery.faces])
    return sorted({int(each) for row in rows for each in np.argsort(-row, kind="stable")[:SHORTLIST]})


def _parts(by_finger: Compared, by_face: Compared, draw: Draw, probe: Probe, candidate: int) -> list[PartScore]:
    enrolled = draw.gallery.fingers[candidate]
    made = [by_finger.part(finger, int(enrolled[at]), POSITIONS[at]) for at, finger in enumerate(probe.fingers)]
    made.append(by_face.part(probe.face, int(draw.gallery.faces[candidate]), FingerPosition.UNKNOWN))
    return [part for part in made if part]


def _best(probe: Probe, parts: Mapping[int, Sequence[PartScore]]) -> Found:
    scores = {
        each: join(made) + TIE_BREAKER * sum(part.score.raw for part in made) for each, made in parts.items() if made
    }
    if not scores:
        return Found(probe.name, -np.inf, right=False)
    best = max(scores, key=scores.__getitem__)
    return Found(probe.name, scores[best], right=best == probe.mate)


def _print(result: Mapping[str, Any]) -> None:
    for title, figures in (("One finger and a face", result), ("Two fingers and a face", result["two_fingers"])):
        table = Table("FPIR", *WAYS, "times lower than the better part", title=title)
        for fpir, rates in figures["fnir"].items():
            cells = [_cell(rates[way], figures["interval"][fpir][way]) for way in WAYS]
            table.add_row(fpir, *cells, f"{figures['times_lower'][fpir]:.1f}")
        table.caption = (
            f"FNIR with its 95 % interval by person; {figures['gallery']} enrolled, {figures['mated_probes']:,} mated "
            f"and {figures['nonmated_probes']:,} non-mated searches in {result['rounds']} rounds"
        )
        Console().print(table)


def _cell(rate: float, interval: Sequence[float]) -> str:
    return f"{rate:.3%} ({interval[0]:.2%} - {interval[1]:.2%})"


if __name__ == "__main__":
    main()
