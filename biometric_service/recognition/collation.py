"""Are two sets of samples of one person? Nothing of either is kept, and nobody is searched for."""

from collections.abc import Sequence

from biometric_service.decision.open_set import decide_verification
from biometric_service.decision.policy import Question
from biometric_service.recognition.comparing import compare_references
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import CollationRequest, Recognition
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import Observation, Walk, best_quality, observe, operating_point
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import Reference, ReferenceId, SubjectId

NOBODY = SubjectId("")
"""Whose the second set is, as the decision has it."""


def collate(walk: Walk, request: CollationRequest, caller: Caller) -> Recognition:
    """Compare the one with the other, at the operating point of a verification; what ``identify`` raises."""
    first, second = (
        observe(walk, vouched(walk, images, caller, EventKind.COLLATION)) for images in (request.first, request.second)
    )
    parts = compare_references(walk, first, _as_references(second))
    point = operating_point(walk, caller, Question.VERIFICATION)
    decision = decide_verification(NOBODY, parts, _worse_quality(first, second), point)
    observed = (*first, *second)
    facts = {**decision_facts(decision), **request.terms}
    event = event_of(EventKind.COLLATION, caller, observed, None, None, facts)
    return Recognition(decision, tuple(each.report() for each in observed), walk.store.record(event))


def _worse_quality(first: Sequence[Observation], second: Sequence[Observation]) -> float | None:
    """That of the worse set by its best sample; None where one of them has no template."""
    qualities = best_quality(first), best_quality(second)
    known = [quality for quality in qualities if quality is not None]
    return min(known) if len(known) == len(qualities) else None


def _as_references(observed: Sequence[Observation]) -> list[Reference]:
    return [
        Reference(ReferenceId(number), NOBODY, frozenset(), each.template)
        for number, each in enumerate(observed)
        if each.template
    ]
