"""From shortlists to candidates: every shortlisted subject is compared with all of the probe's templates."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from biometric_service.decision.candidates import rank
from biometric_service.recognition.requests import Meant
from biometric_service.recognition.walk import Observation, Walk, serving
from biometric_service.vocabulary.candidates import CandidateList, Conditions, PartScore, Shortlist
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import Reference, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import Template, content_of, position_of
from biometric_service.vocabulary.trace import SILENT, Trace


def compare(
    walk: Walk, observed: Sequence[Observation], shortlists: Sequence[Shortlist], trace: Trace = SILENT
) -> CandidateList:
    """Candidates, best first.

    A subject in the shortlist of one sample only is compared with the other samples too, from the store's own
    references, so that a missing part is a part that was not enrolled and never one that a search left out. Where
    nothing was searched, the store says whether anybody was there (``CandidateList.incomparable``). With a trace, the
    best candidate is compared once more for it: ``compared`` (probe template, reference), then the comparator's steps.
    """
    parts = compare_subjects(walk, observed, _subjects(shortlists))
    candidates = rank(parts, shortlists, walk.candidate_limit)
    if not candidates.searched:
        galleries = {shortlist.probe.gallery for shortlist in shortlists}
        candidates = replace(candidates, incomparable=any(map(walk.store.is_searched, galleries)))
    if trace is not SILENT and candidates.candidates:
        compare_subjects(walk, observed, [candidates.candidates[0].subject], trace)
    return candidates


def of_those(candidates: CandidateList, meant: Meant | None) -> CandidateList:
    """The candidates who are asked about, everybody for None; as many were searched all the same."""
    if meant is None:
        return candidates
    return replace(candidates, candidates=tuple(each for each in candidates.candidates if meant(each.subject)))


def compare_subjects(
    walk: Walk, observed: Sequence[Observation], subjects: Collection[SubjectId], trace: Trace = SILENT
) -> dict[SubjectId, tuple[PartScore, ...]]:
    """Every comparison of the probe's templates with each subject's references, none where it was erased meanwhile."""
    formats = {each.template.format for each in observed if each.template}
    kept = walk.store.references_of(subjects, formats)
    return {subject: compare_references(walk, observed, kept.get(subject, ()), trace) for subject in subjects}


def compare_references(
    walk: Walk, observed: Sequence[Observation], references: Sequence[Reference], trace: Trace = SILENT
) -> tuple[PartScore, ...]:
    """Every comparison of the probe's templates with the references; copies of a sample say no more than it does."""
    made: dict[tuple[bytes, bytes], PartScore] = {}
    for number, each in enumerate(observed):
        for contents, part in _scores(walk, each, references, trace):
            made.setdefault(contents, replace(part, sample=number))
    return tuple(made.values())


def _subjects(shortlists: Iterable[Shortlist]) -> list[SubjectId]:
    return list(dict.fromkeys(entry.subject for shortlist in shortlists for entry in shortlist.entries))


def _scores(
    walk: Walk, probe: Observation, references: Sequence[Reference], trace: Trace
) -> Iterator[tuple[tuple[bytes, bytes], PartScore]]:
    """Each comparison, with the contents of the two templates."""
    template = probe.template
    if template is None:
        return
    comparator = serving(walk.comparators, probe)
    conditions = Conditions(walk.policy.current().sensor(probe.image.device), position_of(template))
    content = content_of(template)
    for reference in references:
        comparable = _comparable(position_of(template), position_of(reference.template))
        if comparable and reference.template.format == comparator.format:
            contents = content, content_of(reference.template)
            yield contents, _score(comparator, template, reference, conditions, trace)


def _score(
    comparator: Comparator, template: Template, reference: Reference, conditions: Conditions, trace: Trace
) -> PartScore:
    trace("compared", (template, reference))
    score = comparator.calibrate(comparator.compare(template, reference.template, trace), conditions)
    return PartScore(template.format.modality, position_of(template), reference.id, score)


def _comparable(probe: FingerPosition, reference: FingerPosition) -> bool:
    return FingerPosition.UNKNOWN in {probe, reference} or probe == reference
