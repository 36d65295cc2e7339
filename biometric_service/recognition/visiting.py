"""Visitors: nobody comes in who is an inmate, and whoever leaves is the visitor who came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.adjudication import Doubt, refer
from biometric_service.recognition.comparing import compare
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import Given, SampleReport
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import (
    Observation,
    Walk,
    best_quality,
    observe,
    operating_point,
    require_member,
    search,
)
from biometric_service.vocabulary.adjudication import Origin
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.visits import GalleryRole, NewVisit, Visit, VisitStop

_STOPS = {GalleryRole.INMATES: VisitStop.IS_INMATE, GalleryRole.WATCH_LIST: VisitStop.ON_WATCH_LIST}
_OTHERWISE = {
    Outcome.REVIEW: VisitStop.NOT_CERTAIN,
    Outcome.INCOMPLETE: VisitStop.SEARCH_INCOMPLETE,
    Outcome.RECAPTURE: VisitStop.NOT_USABLE,
    Outcome.UNKNOWN: VisitStop.NOT_ENROLLED,
    Outcome.NO_MATCH: VisitStop.NOT_THE_VISITOR,
}
Galleries = Mapping[GalleryRole, Sequence[GalleryId]]
"""The galleries that there are, by whom they hold."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody wants to come in; ``claimed``: who they say to be, None where the visitors are to be searched."""

    images: tuple[Given, ...]
    gallery: GalleryId
    claimed: SubjectId | None = None
    host: SubjectId | None = None
    zone: ZoneId | None = None


@dataclass(frozen=True, slots=True)
class VisitCheck:
    """What became of it: the visit, or why the person is stopped and who they are, as far as that is certain.

    ``event``: of the stop, None where nobody was stopped.
    """

    visit: Visit | None
    stop: VisitStop | None
    subject: SubjectId | None
    decision: Decision
    samples: tuple[SampleReport, ...]
    event: int | None


def galleries_by_role(said: Mapping[str, str], present: Sequence[GalleryId]) -> Galleries:
    """The galleries that there are, as the settings say whom they hold."""
    return {role: tuple(gallery for gallery in present if said.get(gallery) == role.value) for role in GalleryRole}


def sign_in(walk: Walk, request: SignIn, galleries: Galleries, caller: Caller) -> VisitCheck:
    """Let a visitor in who is neither an inmate nor on the watch list, and is enrolled as a visitor.

    REQUEST_INVALID for a gallery that does not hold visitors or where none holds inmates, VISIT_CONFLICT where the
    visitor is in already, and what ``verify`` and ``identify`` raise.
    """
    _require_roles(galleries, request.gallery)
    observed = observe(walk, vouched(walk, request.images, caller, EventKind.VISIT_OPENED))
    forbidden = [(role, gallery) for role in _STOPS for gallery in galleries[role]]
    stop, decision, where = _stopped(walk, observed, forbidden, request.gallery, caller)
    if stop is None:
        decision = _visitor(walk, request, observed, caller)
        stop = None if decision.outcome is Outcome.MATCH else _OTHERWISE[decision.outcome]
    if stop is not None:
        return _refused(walk, where, observed, (stop, decision), caller)
    assert decision.subject is not None
    visit = NewVisit(uuid4().hex, decision.subject, request.gallery, request.host, request.zone)
    facts = {"visit": visit.id, "host": visit.host or "", "zone": visit.zone or "", **decision_facts(decision)}
    event = event_of(EventKind.VISIT_OPENED, caller, observed, visit.visitor, visit.gallery, facts)
    return _done(walk.day.visits.open(visit, event), decision, observed)


def sign_out(walk: Walk, visit: str, images: Sequence[Given], galleries: Galleries, caller: Caller) -> VisitCheck:
    """Let a visitor out: the one who came in, and nobody who is like an inmate.

    VISIT_UNKNOWN, VISIT_CONFLICT where the visitor has left, and what ``verify`` raises.
    """
    present = walk.day.visits.visit(visit)
    if present.left_at is not None:
        raise BiometricServiceError.of(ErrorCode.VISIT_CONFLICT, "left")
    observed = observe(walk, vouched(walk, images, caller, EventKind.VISIT_CLOSED))
    forbidden = [(GalleryRole.INMATES, gallery) for gallery in galleries[GalleryRole.INMATES]]
    stop, decision, where = _stopped(walk, observed, forbidden, present.gallery, caller)
    if stop is None:
        decision = decide_claim(walk, observed, present.visitor, caller)
        stop = None if decision.outcome is Outcome.MATCH else _OTHERWISE[decision.outcome]
    if stop is not None:
        return _refused(walk, where, observed, (stop, decision), caller, visit)
    facts = {"visit": visit, **decision_facts(decision)}
    event = event_of(EventKind.VISIT_CLOSED, caller, observed, present.visitor, present.gallery, facts)
    return _done(walk.day.visits.leave(visit, event), decision, observed)


def _stopped(
    walk: Walk,
    observed: Sequence[Observation],
    forbidden: Sequence[tuple[GalleryRole, GalleryId]],
    visitors: GalleryId,
    caller: Caller,
) -> tuple[VisitStop | None, Decision, GalleryId]:
    """Whether the person is anybody who may not be a visitor, the decision that says so, and whose affair a stop is.

    That is the gallery of whoever the decision names: who is an inmate is not for those who reach the visitors alone.
    """
    point = operating_point(walk, caller, Question.IDENTIFICATION)
    decision: Decision | None = None
    for role, gallery in forbidden:
        found = compare(walk, observed, search(walk, observed, gallery))
        decision = decide_identification(found, best_quality(observed), point)
        if decision.outcome is Outcome.REVIEW:
            refer(walk, Doubt(observed, decision, Origin.SEARCHED, None, frozenset({gallery})), caller)
        if decision.outcome is not Outcome.UNKNOWN:
            return _stop(role, decision.outcome), decision, gallery if decision.subject else visitors
    assert decision is not None
    return None, decision, visitors


def _stop(role: GalleryRole, outcome: Outcome) -> VisitStop:
    return _STOPS[role] if outcome is Outcome.MATCH else _OTHERWISE[outcome]


def _visitor(walk: Walk, request: SignIn, observed: Sequence[Observation], caller: Caller) -> Decision:
    if request.claimed is not None:
        return decide_claim(walk, observed, require_member(walk, request.claimed, request.gallery), caller)
    found = compare(walk, observed, search(walk, observed, request.gallery))
    return decide_identification(found, best_quality(observed), operating_point(walk, caller, Question.IDENTIFICATION))


def _refused(  # noqa: PLR0913, PLR0917 - all that was found
    walk: Walk,
    gallery: GalleryId,
    observed: Sequence[Observation],
    why: tuple[VisitStop, Decision],
    caller: Caller,
    visit: str = "",
) -> VisitCheck:
    stop, decision = why
    facts = {"visit": visit, "stop": stop.value, **decision_facts(decision)}
    event: AuditEvent = event_of(EventKind.VISIT_STOPPED, caller, observed, decision.subject, gallery, facts)
    number = walk.store.record(event)
    reports = tuple(each.report() for each in observed)
    return VisitCheck(None, stop, decision.subject, decision, reports, number)


def _done(visit: Visit, decision: Decision, observed: Sequence[Observation]) -> VisitCheck:
    reports = tuple(each.report() for each in observed)
    return VisitCheck(visit, None, visit.visitor, decision, reports, None)


def _require_roles(galleries: Galleries, gallery: GalleryId) -> None:
    if gallery not in galleries[GalleryRole.VISITORS]:
        message, action = f"The gallery {gallery!r} does not hold visitors.", "Say so in the setting gallery_roles."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
    if not galleries[GalleryRole.INMATES]:
        message, action = "No gallery holds inmates.", "Say which one does in the setting gallery_roles."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
