"""Whether strangers are told so: the FPIR that is stated and the one that is measured, in a large gallery.

    python -m benchmarks.accuracy.unknown [--enrolled 5000] [--probes 50000]
        [--fingerprints DIR]... [--faces DIR] [--json]

So many fingers that are not enrolled are searched for among so many that are, all synthetic minutiae templates (there
is no public set of that size), each with one impression: every search compares all, as the exact index does, and is
decided by the service at the default operating point, by a curve fitted to as many other fingers of the same kind, as
a deployer calibrates for a sensor of their own, and (``fingerprint_shipped``) by the one that comes with the model.
Searches are kept in ``--cache`` as they are made and a run that was broken off goes on; ``--probes`` says how far.
``--fingerprints`` names folders of real prints (FINGER_IMPRESSION.png) and adds how like them the synthetic templates
are: the Kolmogorov-Smirnov distance of the non-mated scores, and the FMR of both at the same stated rates. ``--faces``
names a folder with one folder a person: half of them are enrolled with their first photograph, every photograph of the
others is a search (LFW is known to hold people under two names).

``stated``: the FPIR of the policy, with the interval that follows from the uncertainty of the calibration at the
score that this gallery needs. ``measured``: the share of strangers that reach it, with its own interval (Clopper and
Pearson).
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import beta

from benchmarks.accuracy.arguments import CACHE
from benchmarks.accuracy.extracted import PROGRESS, calibrated, extract_subjects
from benchmarks.accuracy.strangers import CHUNK, Searches
from benchmarks.synthesis.likeness import distance
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import FORMAT, make_template
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.comparison.fitting import fit_calibration
from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import DEFAULT, Question, thresholds
from biometric_service.decision.policy_file import DEFAULT_POLICY, read_policy
from biometric_service.evaluation.matrix import score_matrix
from biometric_service.evaluation.subjects import faces, fingerprints
from biometric_service.settings import MANIFESTS
from biometric_service.vocabulary.candidates import Candidate, CandidateList
from biometric_service.vocabulary.decisions import OperatingPoint, Outcome
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import ChangeNumber, SubjectId
from biometric_service.vocabulary.samples import Modality
from biometric_service.weights.manifest import MANIFEST_FILE, read_manifest

LIKE_FINGERS = 300
RATES = (0.1, 0.01, 0.001, 0.0001)
GOOD = 100.0
"""Quality of every probe: what is measured is the search, not the camera."""


def main(  # noqa: PLR0913 - each is an option
    enrolled: Annotated[int, typer.Option(min=2, help="Fingers that are enrolled.")] = 5_000,
    probes: Annotated[int, typer.Option(min=1, help="Fingers that are searched for and are not enrolled.")] = 50_000,
    fingerprint_folders: Annotated[list[Path] | None, typer.Option("--fingerprints", help="Real prints.")] = None,
    face_folders: Annotated[list[Path] | None, typer.Option("--faces", help="Photographs, a folder a person.")] = None,
    cache: Annotated[Path, typer.Option(help="Keep searches and templates here, to go on after a break.")] = CACHE,
    *,
    seed: Annotated[int, typer.Option(help="Draws the fingers.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print how often strangers are called somebody, and what was said of them."""
    result: dict[str, Any] = of_fingers(enrolled, probes, cache, seed)
    if fingerprint_folders:
        result["likeness"] = likeness(fingerprint_folders, cache, seed)
    if face_folders:
        result["face"] = of_faces(face_folders, cache, seed)
    if as_json:
        print(json.dumps(result))
    else:
        for name in (each for each in result if each != "likeness"):
            Console().print(_table(name, result[name]))


def of_fingers(enrolled: int, probes: int, cache: Path | None, seed: int) -> dict[str, Any]:
    """Synthetic strangers among synthetic fingers, by the curve of such fingers and by the one that is shipped."""
    shipped = fingerprint_comparator()
    made = Searches(shipped, enrolled, probes, seed).made(cache, len(os.sched_getaffinity(0)))
    found = np.concatenate(list(track(made, "Searching", -(-probes // CHUNK), console=PROGRESS)))
    own = CylinderComparator(FORMAT, own_curve(shipped, enrolled, cache, seed + 1))
    return {
        "fingerprint": decided(own, found, enrolled),
        "fingerprint_shipped": decided(shipped, found, enrolled),
    }


def own_curve(comparator: Comparator, count: int, cache: Path | None, seed: int) -> Calibration:
    """Fitted to every pair of so many synthetic fingers, none of which is searched for or enrolled."""
    fingers = [make_template(make_finger(finger_seed(seed, finger)), 1) for finger in range(1, count + 1)]
    watch = partial(track, description="Calibrating", console=PROGRESS)
    pairs = np.triu_indices(count, 1)
    nonmated = score_matrix(comparator, fingers, watch, cache).scores[pairs]
    return fit_calibration(comparator.name, nonmated, f"{count} synthetic templates", np.stack(pairs, axis=1))


def of_faces(folders: Sequence[Path], cache: Path | None, seed: int) -> dict[str, Any]:
    """Photographs of one half of the people among the other half."""
    samples = extract_subjects(Modality.FACE, faces(folders), cache)
    raw, owners = samples.scores(), samples.subjects
    inside = np.random.default_rng(seed).permutation(1 + int(owners.max())) < (1 + int(owners.max())) // 2
    firsts = np.unique(owners, return_index=True)[1]
    gallery = np.array([first for first in firsts if inside[owners[first]] and samples.templates[first]], np.int64)
    strangers = np.array([at for at, template in enumerate(samples.templates) if template and not inside[owners[at]]])
    found = np.sort(raw[np.ix_(strangers, gallery)], axis=1)[:, :-3:-1]
    return decided(samples.comparator, found, len(gallery))


def decided(comparator: Comparator, found: NDArray[np.float32], searched: int) -> dict[str, Any]:
    """What is said of each search, by the raw scores of its two best candidates, float32 (n, 2)."""
    point = read_policy(DEFAULT_POLICY).point(DEFAULT, Question.IDENTIFICATION)
    values = calibrated(comparator, found)
    outcomes = Counter(_outcome(pair, searched, point) for pair in values)
    needed = thresholds(point, searched)
    return {
        "enrolled": searched,
        "probes": len(values),
        "decisions": {outcome.value: count for outcome, count in outcomes.items()},
        "match": _line(comparator, values[:, 0], needed.match, point.match, searched),
        "review": _line(comparator, values[:, 0], needed.review, point.review, searched),
    }


def likeness(folders: Sequence[Path], cache: Path | None, seed: int) -> dict[str, Any]:
    """How synthetic templates score among themselves, beside real prints."""
    comparator = fingerprint_comparator()
    made = [make_template(make_finger(finger_seed(seed, finger)), 1) for finger in range(1, LIKE_FINGERS + 1)]
    synthetic = score_matrix(comparator, made).scores[np.triu_indices(LIKE_FINGERS, 1)]
    samples = extract_subjects(Modality.FINGERPRINT, fingerprints(folders), cache)
    later, earlier = np.triu_indices(len(samples.subjects), 1)
    real = samples.scores()[later, earlier][samples.subjects[later] != samples.subjects[earlier]]
    real = real[np.isfinite(real)]
    return {
        "distance": distance(synthetic, real),
        "fmr": {
            f"{rate:g}": {
                name: _reaching(comparator, scores, rate) for name, scores in (("synthetic", synthetic), ("real", real))
            }
            for rate in RATES
        },
    }


def fingerprint_comparator() -> CylinderComparator:
    """The service's own, for synthetic templates, with the calibration of its default model."""
    table = read_manifest(MANIFESTS / "leader" / MANIFEST_FILE).calibration[CylinderComparator.name]
    return CylinderComparator(FORMAT, Calibration.from_table(CylinderComparator.name, table))


def _reaching(comparator: Comparator, raw: NDArray[np.float32], rate: float) -> float:
    return float(np.mean(calibrated(comparator, raw) >= -np.log10(rate)))


def _outcome(values: Iterable[float], searched: int, point: OperatingPoint) -> Outcome:
    found = tuple(Candidate(SubjectId(f"S{place}"), float(value), ()) for place, value in enumerate(values))
    return decide_identification(
        CandidateList(found, searched, complete=True, applied=ChangeNumber(1)), GOOD, point
    ).outcome


def _line(
    comparator: Comparator, values: NDArray[np.float64], needed: float, rate: float, searched: int
) -> dict[str, Any]:
    """Stated and measured FPIR at a threshold."""
    reaching, count = int(np.count_nonzero(values >= needed)), len(values)
    low, high = comparator.calibration.interval_at(needed) or (needed, needed)
    stated = [float(-np.expm1(searched * np.log1p(-(10.0**-score)))) for score in (high, low)]
    measured = [
        float(beta.ppf(0.025, reaching, count - reaching + 1)) if reaching else 0.0,
        float(beta.ppf(0.975, reaching + 1, count - reaching)) if reaching < count else 1.0,
    ]
    return {
        "stated": rate,
        "stated_interval": stated,
        "measured": reaching / count,
        "measured_interval": measured,
        "reaching": reaching,
        "within": bool(stated[0] <= reaching / count <= stated[1]),
        "score_needed": needed,
        "extrapolated": needed > comparator.calibration.data_limit,
    }


def _table(name: str, figures: dict[str, Any]) -> Table:
    table = Table("at", "stated FPIR", "its interval", "measured", "its interval", "within", title=f"Strangers, {name}")
    for at in ("match", "review"):
        line = figures[at]
        spans = [" - ".join(f"{bound:.3%}" for bound in line[key]) for key in ("stated_interval", "measured_interval")]
        table.add_row(at, f"{line['stated']:.3%}", spans[0], f"{line['measured']:.3%}", spans[1], str(line["within"]))
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in figures["decisions"].items())
    table.caption = f"{figures['probes']:,} strangers among {figures['enrolled']:,} enrolled: {said}"
    return table


if __name__ == "__main__":
    typer.run(main)
