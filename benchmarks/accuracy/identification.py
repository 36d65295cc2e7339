"""How well people are found, and strangers told so: an open-set identification experiment (ISO/IEC 19795-1).

    python -m benchmarks.accuracy.identification --fingerprints DIR... [--json]
    python -m benchmarks.accuracy.identification --faces DIR [--json]

A fingerprint DIR holds FINGER_IMPRESSION.png (at 500 dpi, or at what a file ``dpi`` in it says), a face DIR one folder
a person. Half the subjects, drawn by a seed, are enrolled with their first ``--enrol`` samples through the service's
own enrolment; their other samples are mated probes, all samples of the other half non-mated ones. Each probe is one
identification by the service, audit log and all.

The score of a probe is that of the best candidate. FPIR is the share of non-mated probes that reach a threshold, FNIR
that of mated probes whose subject is not the best candidate or does not reach it; a probe or an enrolment that could
not be captured is a miss. ``fnir`` is given at each FPIR that the number of non-mated probes can show.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.accuracy.open_set import OpenSet, summary
from biometric_service.app import build_walk
from biometric_service.evaluation.subjects import Subject, faces, fingerprints
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import EnrolmentOutcome, EnrolmentRequest, IdentificationRequest
from biometric_service.recognition.walk import Walk
from biometric_service.settings import load_settings
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId

FPIRS = (0.1, 0.01, 0.001)
GALLERY = GalleryId("benchmark")
CALLER = Caller("benchmark", "identification benchmark")
PROGRESS = Console(stderr=True)

TIE_BREAKER = 1e-6
"""Share of the raw score added to a candidate's, which tells apart what lies beyond the end of the calibration."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of one probe.

    ``score``: of the best candidate, minus infinity without any. ``right``: that candidate is the subject.
    """

    subject: int
    score: float
    outcome: Outcome
    right: bool


def main(  # noqa: PLR0913 (each is an option)
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of samples.")],
    *,
    of_fingerprints: Annotated[bool, typer.Option("--fingerprints", help="The folders hold fingerprints.")] = False,
    of_faces: Annotated[
        bool, typer.Option("--faces", help="The folders hold a folder of photographs a person.")
    ] = False,
    enrolled: Annotated[int, typer.Option("--enrol", min=1, help="Samples to enrol a subject with.")] = 1,
    seed: Annotated[int, typer.Option(help="Draws the half that is enrolled.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print rank-1 identification rate and FNIR at given FPIRs."""
    if of_fingerprints == of_faces:
        raise typer.BadParameter("Say either --fingerprints or --faces.")
    subjects = fingerprints(folders) if of_fingerprints else faces(folders)
    with _empty_walk(of_faces) as walk:
        result = benchmark(walk, subjects, enrolled, seed)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def benchmark(walk: Walk, subjects: Sequence[Subject], enrolled: int, seed: int) -> dict[str, Any]:
    """Every figure of the experiment."""
    order = np.random.default_rng(seed).permutation(len(subjects))
    inside, outside = ([subjects[each] for each in sorted(half)] for half in np.split(order, [len(subjects) // 2]))
    failures = _enrol(walk, inside, enrolled)
    started = time.process_time()
    mated = _identify(walk, inside, enrolled, "Mated probes")
    nonmated = _identify(walk, outside, 0, "Non-mated probes")
    seconds = time.process_time() - started
    return {
        **summary(_open_set(mated, nonmated), FPIRS),
        "gallery": len(inside) - failures,
        "mated_probes": len(mated),
        "nonmated_probes": len(nonmated),
        "samples_enrolled": enrolled,
        "seed": seed,
        "failures_to_enrol": failures,
        "failures_to_capture": sum(each.outcome is Outcome.RECAPTURE for each in (*mated, *nonmated)),
        "decisions": {"mated": _decisions(mated), "nonmated": _decisions(nonmated)},
        "identify_ms": 1000 * seconds / max(len(mated) + len(nonmated), 1),
    }


@contextmanager
def _empty_walk(of_faces: bool) -> Iterator[Walk]:  # noqa: FBT001
    """The service's own walk, with an empty store and without the models that are not asked for."""
    unused = {"fingerprint_model": ""} if of_faces else {"face_model": ""}
    with tempfile.TemporaryDirectory() as scratch:
        walk = build_walk(load_settings().model_copy(update={"data_dir": Path(scratch), **unused}))
        made = AuditEvent(EventKind.GALLERY_CREATED, datetime.now(UTC), CALLER, gallery=GALLERY)
        walk.store.create_gallery(GALLERY, made)
        yield walk


def _enrol(walk: Walk, subjects: Sequence[Subject], count: int) -> int:
    """Enrol the subjects; how many could not be."""
    failures = 0
    for subject in track(subjects, "Enrolling", console=PROGRESS):
        images = tuple(sample.given() for sample in subject.samples[:count])
        request = EnrolmentRequest(images, SubjectId(subject.name), frozenset({GALLERY}), despite_duplicates=True)
        failures += enrol(walk, request, CALLER).outcome is not EnrolmentOutcome.ENROLLED
    return failures


def _identify(walk: Walk, subjects: Sequence[Subject], skipped: int, label: str) -> list[Probe]:
    """Every sample of the subjects, after those that were enrolled, as a probe of its own."""
    probes = [(number, sample) for number, each in enumerate(subjects) for sample in each.samples[skipped:]]
    answers = []
    for number, sample in track(probes, label, console=PROGRESS):
        decision = identify(walk, IdentificationRequest((sample.given(),), GALLERY), CALLER).decision
        answers.append(_probe(decision, number, subjects[number].name))
    return answers


def _probe(decision: Decision, subject: int, name: str) -> Probe:
    if not decision.candidates:
        return Probe(subject, -np.inf, decision.outcome, right=False)
    best = decision.candidates[0]
    score = best.score + TIE_BREAKER * best.parts[0].score.raw
    return Probe(subject, score, decision.outcome, right=best.subject == name)


def _open_set(mated: Sequence[Probe], nonmated: Sequence[Probe]) -> OpenSet:
    return OpenSet(
        np.array([probe.score if probe.right else -np.inf for probe in mated], np.float64),
        np.array([probe.subject for probe in mated], np.int64),
        np.array([probe.score for probe in nonmated], np.float64),
        np.array([probe.subject for probe in nonmated], np.int64),
    )


def _decisions(probes: Sequence[Probe]) -> dict[str, int]:
    """How often the service decided what at its own operating point; a match of the wrong subject is told apart."""
    wrong = Counter("wrong match" for each in probes if each.outcome is Outcome.MATCH and not each.right)
    right = Counter(each.outcome.value for each in probes if each.outcome is not Outcome.MATCH or each.right)
    return dict(right + wrong)


def _table(result: Mapping[str, Any]) -> Table:
    table = Table("FPIR", "FNIR", "95 % interval", title=f"{result['gallery']:,} subjects enrolled")
    for fpir, fnir in result["fnir"].items():
        low, high = result["interval"][fpir]
        table.add_row(fpir, f"{fnir:.2%}", f"{low:.2%} - {high:.2%}")
    table.caption = (
        f"Rank-1 identification rate {result['rank1']:.2%}; {result['mated_probes']:,} mated and "
        f"{result['nonmated_probes']:,} non-mated probes; {result['failures_to_enrol']} failures to enrol, "
        f"{result['failures_to_capture']} to capture; {result['identify_ms']:.0f} ms an identification"
    )
    return table


if __name__ == "__main__":
    typer.run(main)
