"""Are two enrolled subjects one person, and is somebody one of a few? Comparisons with named subjects, no search."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from biometric_service.decision.candidates import rank
from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.recognition.comparing import compare_subjects
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import Given, GivenTemplate, Recognition
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import Observation, Walk, best_quality, observe, operating_point, require_member
from biometric_service.templates import native
from biometric_service.vocabulary.candidates import CandidateList
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, Reference, SubjectId
from biometric_service.vocabulary.trace import SILENT, Trace


@dataclass(frozen=True, slots=True)
class StoredComparisonRequest:
    """Are these two the same? ``gallery``: one that both are in, or ALL_GALLERIES."""

    first: SubjectId
    second: SubjectId
    gallery: GalleryId


@dataclass(frozen=True, slots=True)
class FewRequest:
    """Is this one of these? ``gallery``: one that all of them are in, or ALL_GALLERIES."""

    images: tuple[Given, ...]
    subjects: tuple[SubjectId, ...]
    gallery: GalleryId


def compare_stored(walk: Walk, request: StoredComparisonRequest, caller: Caller) -> Recognition:
    """Verify by their references alone whether two subjects are one person (1:1).

    The decision names the second subject on a match. Raises SUBJECT_UNKNOWN, GALLERY_UNKNOWN.
    """
    for subject in (request.first, request.second):
        require_member(walk, subject, request.gallery)
    served = [each for each in walk.store.references(request.first) if _served(walk, each)]
    observed = observe(walk, [_as_given(reference) for reference in served]) if served else ()
    decision = decide_claim(walk, observed, request.second, caller)
    facts = {"second": request.second, **decision_facts(decision)}
    event = event_of(EventKind.SUBJECTS_COMPARED, caller, observed, request.first, request.gallery, facts)
    return Recognition(decision, tuple(each.report() for each in observed), walk.store.record(event))


def identify_among(walk: Walk, request: FewRequest, caller: Caller, trace: Trace = SILENT) -> Recognition:
    """Identify the person in the images among a few named subjects (1:few, open set).

    Raises SUBJECT_UNKNOWN for a name that nobody has, GALLERY_UNKNOWN and what ``identify`` raises.
    """
    for subject in request.subjects:
        require_member(walk, subject, request.gallery)
    observed = observe(walk, vouched(walk, request.images, caller, EventKind.IDENTIFICATION), trace)
    candidates = _candidates(walk, observed, request.subjects, trace)
    point = operating_point(walk, caller, Question.IDENTIFICATION)
    decision = decide_identification(candidates, best_quality(observed), point)
    facts = {"among": " ".join(request.subjects), **decision_facts(decision)}
    event = event_of(EventKind.IDENTIFICATION, caller, observed, decision.subject, request.gallery, facts)
    return Recognition(decision, tuple(each.report() for each in observed), walk.store.record(event))


def _candidates(
    walk: Walk, observed: Sequence[Observation], subjects: Sequence[SubjectId], trace: Trace
) -> CandidateList:
    parts = compare_subjects(walk, observed, tuple(dict.fromkeys(subjects)))
    found = replace(rank(parts, (), len(parts)), searched=sum(map(len, parts.values())), complete=all(parts.values()))
    if trace is not SILENT and found.candidates:
        compare_subjects(walk, observed, [found.candidates[0].subject], trace)
    return found


def _served(walk: Walk, reference: Reference) -> bool:
    comparator = walk.comparators.get(reference.template.format.modality)
    return comparator is not None and comparator.format == reference.template.format


def _as_given(reference: Reference) -> GivenTemplate:
    return GivenTemplate(reference.template, hashlib.sha256(native.encode(reference.template)).hexdigest())
