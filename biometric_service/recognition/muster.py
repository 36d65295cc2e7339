"""A muster: everybody who is expected is found by face or by a finger drawn by lot, and counted once.

Whoever stands there is looked for among those expected first, then among everybody ever enrolled, so that nobody is
taken for somebody who is expected while somebody else is more like them.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from biometric_service.decision.open_set import decide_identification, decide_verification
from biometric_service.decision.policy import Question
from biometric_service.recognition.comparing import compare, compare_references
from biometric_service.recognition.day_events import day_event, means_of
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import Given, SampleReport
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import (
    Observation,
    Walk,
    best_quality,
    observe,
    operating_point,
    search,
    with_template,
)
from biometric_service.vocabulary.candidates import CandidateList
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.musters import (
    Board,
    Count,
    Counted,
    Expected,
    Finding,
    Muster,
    NewMuster,
    Noted,
    Shown,
)
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import ALL_GALLERIES, Reference, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import position_of

KIND = "muster"
"""What the report of a muster is a statement of."""
_FOUND_OTHERWISE = {
    Outcome.UNKNOWN: Finding.UNKNOWN,
    Outcome.REVIEW: Finding.NOT_CERTAIN,
    Outcome.INCOMPLETE: Finding.NOT_CERTAIN,
    Outcome.RECAPTURE: Finding.NOT_USABLE,
}


@dataclass(frozen=True, slots=True)
class MusterRequest:
    """Somebody stands before the officer who counts; ``zone``: where that is, None where nobody said."""

    images: tuple[Given, ...]
    muster: str
    zone: ZoneId | None = None


@dataclass(frozen=True, slots=True)
class MusterCheck:
    """What became of it; ``demanded``: the finger that the person is to show instead, None for none."""

    counted: Counted
    decision: Decision
    demanded: FingerPosition | None
    samples: tuple[SampleReport, ...]


def draw_finger(enrolled: Collection[FingerPosition]) -> FingerPosition | None:
    """One of the fingers by lot, so that nobody knows beforehand which one to bring; None where there is none."""
    return secrets.choice(sorted(enrolled)) if enrolled else None


def start_muster(day: DayStores, muster: NewMuster, caller: Caller) -> Muster:
    """Begin a count; MUSTER_CONFLICT where one of the same people is open, GALLERY_UNKNOWN, PLACE_UNKNOWN."""
    facts = {
        "muster": muster.id,
        "galleries": " ".join(sorted(muster.galleries)),
        "zones": " ".join(sorted(muster.zones)),
        "shown": muster.shown.value,
    }
    return day.musters.start(muster, draw_finger, day_event(EventKind.MUSTER_STARTED, caller, **facts))


def count_person(walk: Walk, request: MusterRequest, caller: Caller) -> MusterCheck:
    """Find out who stands there, and count the person where they are expected and show what they are to show.

    MUSTER_UNKNOWN, MUSTER_CONFLICT where it is closed, PLACE_UNKNOWN, and what ``identify`` raises.
    """
    muster = walk.day.musters.muster(request.muster)
    observed = observe(walk, vouched(walk, request.images, caller, EventKind.MUSTER_COUNTED))
    decision, expected = _who(walk, muster, observed, caller)
    demanded = _owed(walk, muster, expected.get(decision.subject) if decision.subject else None, observed, caller)
    finding = Finding.WRONG_FINGER if demanded else _FOUND_OTHERWISE.get(decision.outcome)
    count = Count(decision.subject, means_of(observed), request.zone, datetime.now(UTC), finding)
    event = event_of(EventKind.MUSTER_COUNTED, caller, observed, decision.subject, None, decision_facts(decision))
    counted = walk.day.musters.count(request.muster, count, event)
    return MusterCheck(counted, decision, demanded, tuple(each.report() for each in observed))


def close_muster(day: DayStores, muster: str, caller: Caller) -> Muster:
    """End a count with its signed report; MUSTER_UNKNOWN, MUSTER_CONFLICT where that was done."""
    return day.musters.close(muster, day_event(EventKind.MUSTER_CLOSED, caller, muster=muster), report_of)


def report_of(board: Board, people: Sequence[Expected]) -> Mapping[str, object]:
    """What the report says: the figures, who was missing or gone and where they were last seen, and who was counted.

    ``people``: all who were expected.
    """
    muster, tally = board.muster, board.tally
    return {
        "kind": KIND,
        "muster": muster.id,
        "galleries": sorted(muster.galleries),
        "zones": sorted(muster.zones),
        "shown": muster.shown.value,
        "started_at": _stamp(muster.started_at),
        "started_by": muster.started_by,
        "closed_at": _stamp(muster.closed_at),
        "closed_by": muster.closed_by,
        "figures": {name: getattr(tally, name) for name in tally.__dataclass_fields__},
        "people": [_person(each) for each in people],
        "noted": [_noted(each) for each in board.noted],
    }


def _who(
    walk: Walk, muster: Muster, observed: Sequence[Observation], caller: Caller
) -> tuple[Decision, Mapping[SubjectId, Expected]]:
    """Who it is, and which of those who came into question are expected."""
    (gallery,) = muster.galleries if len(muster.galleries) == 1 else (ALL_GALLERIES,)
    found = compare(walk, observed, search(walk, observed, gallery))
    expected = _expected(walk, muster, found)
    candidates = tuple(each for each in found.candidates if each.subject in expected)
    within = replace(found, candidates=candidates, incomparable=False)  # everybody is looked at below
    point = operating_point(walk, caller, Question.IDENTIFICATION)
    decision = decide_identification(within, best_quality(observed), point)
    if decision.outcome is Outcome.RECAPTURE or (decision.outcome is Outcome.MATCH and _best(found, decision)):
        return decision, expected
    everybody = found if gallery == ALL_GALLERIES else _everybody(walk, observed)
    return decide_identification(everybody, best_quality(observed), point), _expected(walk, muster, everybody)


def _everybody(walk: Walk, observed: Sequence[Observation]) -> CandidateList:
    return compare(walk, observed, search(walk, observed, ALL_GALLERIES))


def _expected(walk: Walk, muster: Muster, found: CandidateList) -> Mapping[SubjectId, Expected]:
    named = walk.day.musters.expected(muster.id, [each.subject for each in found.candidates])
    return {each.subject: each for each in named}


def _best(found: CandidateList, decision: Decision) -> bool:
    """Whether nobody who is not expected is more like the person."""
    return found.candidates[0].subject == decision.subject


def _owed(
    walk: Walk, muster: Muster, expected: Expected | None, observed: Sequence[Observation], caller: Caller
) -> FingerPosition | None:
    """The finger that was demanded and not shown: what a sample is said to be of proves nothing."""
    if expected is None or expected.demanded is None or muster.shown is Shown.FACE:
        return None
    faces, fingers = (
        [each for each in with_template(observed) if each.image.modality is modality]
        for modality in (Modality.FACE, Modality.FINGERPRINT)
    )
    formats = {each.template.format for each in observed if each.template}
    references = walk.store.references_of([expected.subject], formats)
    kept = references.get(expected.subject, ())
    drawn = [each for each in kept if position_of(each.template) is expected.demanded]
    faced = muster.shown is Shown.EITHER and _is_of(walk, expected.subject, faces, kept, caller)
    return None if faced or _is_of(walk, expected.subject, fingers, drawn, caller) else expected.demanded


def _is_of(
    walk: Walk, subject: SubjectId, shown: Sequence[Observation], references: Sequence[Reference], caller: Caller
) -> bool:
    """Whether what is shown matches these references of the person, and not some other ones."""
    parts = compare_references(walk, shown, references)
    point = operating_point(walk, caller, Question.VERIFICATION)
    return decide_verification(subject, parts, best_quality(shown), point).outcome is Outcome.MATCH


def _person(expected: Expected) -> dict[str, object]:
    return {
        "subject": expected.subject,
        "state": expected.state.value,
        "last_seen_in": expected.zone or "",
        "last_seen_at": _stamp(expected.since),
        "counted_in": expected.counted_zone or "",
        "counted_at": _stamp(expected.counted_at),
        "counted_by": expected.counted_by,
        "means": expected.means.value,
    }


def _noted(noted: Noted) -> dict[str, object]:
    return {
        "finding": noted.finding.value,
        "subject": noted.subject or "",
        "zone": noted.zone or "",
        "at": _stamp(noted.at),
        "event": noted.event,
    }


def _stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
