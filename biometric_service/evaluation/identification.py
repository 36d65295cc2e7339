"""An open-set identification experiment (ISO/IEC 19795-1) by the service itself, audit log and all.

Half the subjects, drawn by a seed, are enrolled with their first samples; their other samples are mated probes, all
samples of the other half non-mated ones. The score of a probe is that of the best candidate. FPIR is the share of
non-mated probes that reach a threshold, FNIR that of mated probes whose subject is not the best candidate or does not
reach it; a probe or an enrolment that no template could be made of is a miss.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from biometric_service.evaluation.kept import KeptLines, digest_of
from biometric_service.evaluation.open_set import OpenSet, cmc, summary
from biometric_service.evaluation.rates import det
from biometric_service.evaluation.resampling import share_interval
from biometric_service.evaluation.subjects import SampleFile, Subject
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import GivenTemplate, IdentificationRequest
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import Encounter, EncounterId, EnrolledSample, GalleryId, SubjectId
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, SampleFacts
from biometric_service.vocabulary.templates import Template

FPIRS = (0.1, 0.01, 0.001)
GALLERY = GalleryId("evaluation")
CALLER = Caller("evaluation", "evaluation")
NOBODY = CaptureSource("evaluation", datetime.fromtimestamp(0, UTC))
TIE_BREAKER = 1e-6
"""Share of the raw score added to a candidate's, which tells apart what lies beyond the end of the calibration."""

Made = Mapping[SampleFile, Template | None]
Watch = Callable[[Sequence[Any], str], Iterable[Any]]
"""Shows how far a piece of work with a name is."""


Answer = tuple[float | None, str, int]
"""Score of the best candidate, the outcome, and the rank of the subject: a line of what is kept."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of one probe of a subject, numbered from 0 in its half.

    ``score``: of the best candidate, minus infinity without any. ``rank``: of the subject, 1 for the best candidate, 0
    where it is not listed.
    """

    subject: int
    score: float
    outcome: Outcome
    rank: int


@dataclass(frozen=True, slots=True)
class Asked:
    """How to enrol: with so many samples a subject, a half that ``seed`` draws; ``kept``: folder for the answers."""

    enrolled: int = 1
    seed: int = 1
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """What came of every probe, and who was enrolled."""

    inside: Sequence[Subject]
    outside: Sequence[Subject]
    failures: int
    limit: int
    mated: Sequence[Probe]
    nonmated: Sequence[Probe]

    def open_set(self) -> OpenSet:
        """The scores of the best candidates."""
        return OpenSet(
            np.array([probe.score if probe.rank == 1 else -np.inf for probe in self.mated], np.float64),
            np.array([probe.subject for probe in self.mated], np.int64),
            np.array([probe.score for probe in self.nonmated], np.float64),
            np.array([probe.subject for probe in self.nonmated], np.int64),
        )


def experiment(walk: Walk, subjects: Sequence[Subject], made: Made, asked: Asked, watch: Watch) -> Identified:
    """Enrol one half in the walk's own, empty store and search for every other sample in it."""
    order = np.random.default_rng(asked.seed).permutation(len(subjects))
    inside, outside = ([subjects[each] for each in sorted(half)] for half in np.split(order, [len(subjects) // 2]))
    failures = _enrol(walk, inside, made, asked.enrolled, watch)
    place = asked.kept / _named(walk, subjects, made, asked) if asked.kept else None
    mated = _identify(walk, _probes(inside, asked.enrolled), made, KeptLines(place, "Mated probes"), watch)
    nonmated = _identify(walk, _probes(outside, 0), made, KeptLines(place, "Non-mated probes"), watch)
    return Identified(inside, outside, failures, walk.candidate_limit, mated, nonmated)


def figures(found: Identified, asked: Asked) -> dict[str, Any]:
    """Every figure of the experiment, by the keys that the benchmark prints."""
    rates = found.open_set()
    probes = (*found.mated, *found.nonmated)
    return {
        **summary(rates, FPIRS),
        "cmc": cmc([probe.rank for probe in found.mated], found.limit),
        "det": det(rates.mated, rates.nonmated).tolist() if len(rates.mated) and len(rates.nonmated) else [],
        "gallery": len(found.inside) - found.failures,
        "mated_probes": len(found.mated),
        "nonmated_probes": len(found.nonmated),
        "samples_enrolled": asked.enrolled,
        "seed": asked.seed,
        "failures_to_enrol": found.failures,
        "failures_to_capture": sum(each.outcome is Outcome.RECAPTURE for each in probes),
        "decisions": {"mated": decisions(found.mated), "nonmated": decisions(found.nonmated)},
        "decision_shares": {"mated": _shares(found.mated), "nonmated": _shares(found.nonmated)},
    }


def decisions(probes: Sequence[Probe]) -> dict[str, int]:
    """How often the service decided what at its own operating point; a match of the wrong subject is told apart."""
    return dict(Counter(map(_said, probes)))


def _shares(probes: Sequence[Probe]) -> dict[str, dict[str, Any]]:
    """The same as shares with their 95 % intervals by subject."""
    said, subjects = [_said(probe) for probe in probes], np.array([probe.subject for probe in probes])
    hits = {name: np.array([each == name for each in said]) for name in sorted(set(said))}
    return {
        name: {"share": float(found.mean()), "interval": share_interval(found, subjects)}
        for name, found in hits.items()
    }


def _said(probe: Probe) -> str:
    return "wrong match" if probe.outcome is Outcome.MATCH and probe.rank != 1 else probe.outcome.value


def _enrol(walk: Walk, subjects: Sequence[Subject], made: Made, count: int, watch: Watch) -> int:
    """Enrol those all of whose first samples gave a template, as the service does; how many could not be."""
    walk.store.create_gallery(GALLERY, _event(EventKind.GALLERY_CREATED))
    failures = 0
    for subject in watch(subjects, "Enrolling"):
        templates = [made[file] for file in subject.samples[:count]]
        if all(templates) and templates:
            walk.store.enrol(
                _encounter(subject, [each for each in templates if each]), _event(EventKind.SUBJECT_ENROLLED)
            )
        else:
            failures += 1
    return failures


def _encounter(subject: Subject, templates: Sequence[Template]) -> Encounter:
    facts = [SampleFacts(each.format.modality, None, FingerPosition.UNKNOWN, NOBODY, "") for each in templates]
    samples = tuple(EnrolledSample(fact, b"", (each,), 100.0) for fact, each in zip(facts, templates, strict=True))
    return Encounter(SubjectId(subject.name), EncounterId("1"), frozenset({GALLERY}), datetime.now(UTC), samples)


def _probes(subjects: Sequence[Subject], skipped: int) -> list[tuple[int, Subject, SampleFile]]:
    """Every sample after those that were enrolled."""
    return [(number, each, file) for number, each in enumerate(subjects) for file in each.samples[skipped:]]


def _identify(
    walk: Walk, probes: Sequence[tuple[int, Subject, SampleFile]], made: Made, kept: KeptLines, watch: Watch
) -> list[Probe]:
    """Every probe by itself, as one identification of the service."""
    with kept:
        answers = [
            kept.get(partial(_answer, walk, each.name, made[file])) for _, each, file in watch(probes, kept.name)
        ]
    return [_read(number, *answer) for (number, _, _), answer in zip(probes, answers, strict=True)]


def _named(walk: Walk, subjects: Sequence[Subject], made: Made, asked: Asked) -> str:
    """What the answers hold for: these templates, and who compared, calibrated and decided."""
    templates = [made[file] for subject in subjects for file in subject.samples]
    modality = next(each.format.modality for each in templates if each)
    comparator, policy = walk.comparators[modality], walk.policy.current().stamp
    names = (comparator.name, comparator.version, comparator.format, comparator.calibration)
    drawn = (asked.enrolled, asked.seed, *(subject.name for subject in subjects))
    return f"identified-{digest_of(templates, names, policy.digest, walk.candidate_limit, drawn)}"


def _answer(walk: Walk, name: str, template: Template | None) -> Answer:
    if template is None:
        return None, Outcome.RECAPTURE.value, 0
    request = IdentificationRequest((GivenTemplate(template, ""),), GALLERY)
    decision = identify(walk, request, CALLER).decision
    if not decision.candidates:
        return None, decision.outcome.value, 0
    best = decision.candidates[0]
    found = [candidate.subject for candidate in decision.candidates]
    rank = found.index(SubjectId(name)) + 1 if name in found else 0
    return best.score + TIE_BREAKER * best.parts[0].score.raw, decision.outcome.value, rank


def _read(subject: int, score: float | None, outcome: str, rank: int) -> Probe:
    return Probe(subject, -np.inf if score is None else score, Outcome(outcome), rank)


def _event(kind: EventKind) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), CALLER, gallery=GALLERY)
