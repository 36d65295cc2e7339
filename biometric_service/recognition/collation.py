"""Are two sets of samples of one person? Nothing of either is kept, and nobody is searched for."""

from collections.abc import Sequence

from biometric_service.decision.open_set import decide_verification
from biometric_service.recognition.comparing import compare_references
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import CollationRequest, Recognition
from biometric_service.recognition.walk import Observation, Walk, observe, with_template
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import Reference, ReferenceId, SubjectId

NOBODY = SubjectId("")
"""Whose the second set is, as the decision has it."""


def collate(walk: Walk, request: CollationRequest, caller: Caller) -> Recognition:
    """Compare the one with the other, at the operating point of a verification; what ``identify`` raises."""
    first, second = observe(walk, request.first), observe(walk, request.second)
    parts = compare_references(walk, first, _as_references(second))
    usable = bool(with_template(first)) and bool(with_template(second))
    decision = decide_verification(NOBODY, parts, usable, walk.policy.verification)
    observed = (*first, *second)
    event = event_of(EventKind.COLLATION, caller, observed, None, None, decision_facts(decision))
    return Recognition(decision, tuple(each.report() for each in observed), walk.store.record(event))


def _as_references(observed: Sequence[Observation]) -> list[Reference]:
    return [
        Reference(ReferenceId(number), NOBODY, frozenset(), each.template)
        for number, each in enumerate(observed)
        if each.template
    ]
