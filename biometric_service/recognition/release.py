"""Nobody leaves in another's name: the record 1:1, everybody else 1:N, the past, and two officers.

What stands against a release is looked at anew whenever it is read or confirmed, in the transaction that would let the
person go. Nobody overrides it: a case is judged, a merge is confirmed by a case of the two, or the right person comes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.recognition.adjudication import Doubt, open_case
from biometric_service.recognition.comparing import compare
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import Given, SampleReport
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import Observation, Walk, best_quality, observe, operating_point, search
from biometric_service.vocabulary.adjudication import Case, Origin, Verdict
from biometric_service.vocabulary.candidates import Candidate, CandidateList
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, SubjectId
from biometric_service.vocabulary.releases import (
    Block,
    BlockKind,
    CheckOutcome,
    History,
    NewRelease,
    OtherHit,
    PastMerge,
    Release,
    ReleaseCheck,
    ReleaseState,
    ReleaseView,
    involved,
)


@dataclass(frozen=True, slots=True)
class ReleaseRecognition:
    """The biometric step: how the release stands then, and the two decisions that it rests on."""

    view: ReleaseView
    verification: Decision
    identification: Decision
    samples: tuple[SampleReport, ...]


def open_release(day: DayStores, release: NewRelease, caller: Caller) -> ReleaseView:
    """Open a release or transfer; SUBJECT_UNKNOWN, RELEASE_CONFLICT where one of the person is open."""
    facts = {"release": release.id, "kind": release.kind.value, "expires_at": release.expires_at.isoformat()}
    event = day_event(EventKind.RELEASE_OPENED, caller, release.subject, release.gallery, **facts)
    day.releases.open(release, event)
    return day.releases.view(release.id, standing)


def check_release(walk: Walk, release: str, images: Sequence[Given], caller: Caller) -> ReleaseRecognition:
    """Compare who is to go with the record, and with everybody else of all galleries.

    Whoever else is as like as asks for a look becomes a case, which blocks the release until it is judged; so does a
    merge in the past that no case confirms. Where the person is not the one of the record and somebody else is found,
    the release is over. RELEASE_UNKNOWN, RELEASE_CONFLICT where it is over, and what ``identify`` raises.
    """
    present = walk.day.releases.release(release)
    observed = observe(walk, vouched(walk, images, caller, EventKind.RELEASE_CHECKED))
    verification = decide_claim(walk, observed, present.subject, caller)
    others = _everybody_else(walk, observed, present.subject)
    point = operating_point(walk, caller, Question.DUPLICATES)
    identification = decide_identification(others, best_quality(observed), point)
    check = _check(verification, identification, complete=others.complete)
    if check.outcome is CheckOutcome.VERIFIED:
        _open_cases(walk, observed, present, (verification, identification), caller)
    facts = {"release": release, "claim": check.outcome.value, "others": str(len(check.others))}
    for name, decision in (("verification", verification), ("identification", identification)):
        facts |= {f"{name}_{fact}": value for fact, value in decision_facts(decision).items()}
    event = event_of(EventKind.RELEASE_CHECKED, caller, observed, present.subject, present.gallery, facts)
    view = walk.day.releases.checked(release, check, standing, event)
    return ReleaseRecognition(view, verification, identification, tuple(each.report() for each in observed))


def confirm_release(day: DayStores, release: str, caller: Caller) -> ReleaseView:
    """Confirm a release; the second officer's confirmation lets the person go.

    RELEASE_UNKNOWN; RELEASE_CONFLICT where something stands against it, it is over, or the caller has confirmed it.
    """
    present = day.releases.release(release)
    event = day_event(
        EventKind.RELEASE_CONFIRMED, caller, present.subject, present.gallery, release=release, kind=present.kind.value
    )
    return day.releases.confirm(release, standing, event)


def cancel_release(day: DayStores, release: str, caller: Caller) -> ReleaseView:
    """Call a release off; RELEASE_UNKNOWN, RELEASE_CONFLICT where it is over."""
    present = day.releases.release(release)
    event = day_event(EventKind.RELEASE_CANCELLED, caller, present.subject, present.gallery, release=release)
    cancelled = day.releases.cancel(release, event)
    return ReleaseView(cancelled, cancelled.state, ())


def standing(release: Release, history: History) -> ReleaseView:
    """How a release stands now, and what stands against it, or stopped it."""
    if release.ended_at is not None:
        stopped = release.state is ReleaseState.STOPPED
        return ReleaseView(release, release.state, tuple(_of_somebody_else(release.check)) if stopped else ())
    blocks = tuple(_blocks(release, history))
    return ReleaseView(release, _state(release, blocks), blocks)


def _state(release: Release, blocks: Sequence[Block]) -> ReleaseState:
    kinds = {each.kind for each in blocks}
    if BlockKind.SOMEBODY_ELSE in kinds:
        return ReleaseState.STOPPED
    if datetime.now(UTC) >= release.expires_at:
        return ReleaseState.EXPIRED
    if kinds - {BlockKind.NOT_CHECKED}:
        return ReleaseState.BLOCKED
    return release.state


def _blocks(release: Release, history: History) -> Iterator[Block]:
    if not history.active:
        yield Block(BlockKind.NOT_ACTIVE)
    yield from _blocks_of_check(release.check, release.subject, history.cases)
    yield from _blocks_of_merges(history)
    yield from _blocks_of_cases(release.subject, history)


def _blocks_of_check(check: ReleaseCheck | None, subject: SubjectId, cases: Sequence[Case]) -> Iterator[Block]:
    if check is None:
        yield Block(BlockKind.NOT_CHECKED)
        return
    verified = check.outcome is CheckOutcome.VERIFIED
    if not verified and not check.others:
        yield Block(BlockKind.NOT_VERIFIED)
    if verified and not check.complete:
        yield Block(BlockKind.SEARCH_INCOMPLETE)
    if not verified:
        yield from _of_somebody_else(check)
        return
    for other in check.others:
        if not _judged(cases, subject, other.subject, Verdict.DIFFERENT_PEOPLE):
            yield Block(BlockKind.OTHER_HIT, other.subject, _newest(cases, subject, other.subject), other.score)


def _of_somebody_else(check: ReleaseCheck | None) -> Iterator[Block]:
    for other in check.others if check else ():
        yield Block(BlockKind.SOMEBODY_ELSE, other.subject, score=other.score)


def _blocks_of_merges(history: History) -> Iterator[Block]:
    for merge in _doubtful(history):
        case = _newest(history.cases, merge.source, merge.target)
        yield Block(BlockKind.MERGE_IN_HISTORY, merge.source, case)


def _doubtful(history: History) -> Iterator[PastMerge]:
    """Merges that no case confirms, and undone ones of whose records no case says that they are of two people."""
    for merge in _latest(history.merges):
        wanted = Verdict.DIFFERENT_PEOPLE if merge.undone else Verdict.SAME_PERSON
        if not _judged(history.cases, merge.source, merge.target, wanted):
            yield merge


def _blocks_of_cases(subject: SubjectId, history: History) -> Iterator[Block]:
    joined = {frozenset({each.source, each.target}) for each in history.merges if not each.undone}
    for case in history.cases:
        other = case.candidate if case.subject == subject else case.subject
        if case.outcome is None:
            yield Block(BlockKind.PENDING_CASE, other, case.id)
        elif _two_of_one(case) and frozenset({case.subject, case.candidate}) not in joined:
            yield Block(BlockKind.SAME_PERSON, other, case.id)


def _two_of_one(case: Case) -> bool:
    """Whether two records were judged to be of one person."""
    return case.outcome is Verdict.SAME_PERSON and case.origin is Origin.KEPT and case.subject is not None


def _latest(merges: Sequence[PastMerge]) -> Sequence[PastMerge]:
    """The last of each two: what was undone and done again is done."""
    return tuple({frozenset({each.source, each.target}): each for each in merges}.values())


def _judged(cases: Sequence[Case], one: SubjectId, other: SubjectId, verdict: Verdict) -> bool:
    """Whether the newest closed case of the two came out so."""
    closed = [case for case in involved(cases, one, other) if case.outcome is not None]
    return bool(closed) and closed[-1].outcome is verdict


def _newest(cases: Sequence[Case], one: SubjectId, other: SubjectId) -> str:
    of_two = involved(cases, one, other)
    return of_two[-1].id if of_two else ""


def _everybody_else(walk: Walk, observed: Sequence[Observation], claimed: SubjectId) -> CandidateList:
    found = compare(walk, observed, search(walk, observed, ALL_GALLERIES))
    return replace(found, candidates=tuple(each for each in found.candidates if each.subject != claimed))


def _check(verification: Decision, identification: Decision, *, complete: bool) -> ReleaseCheck:
    verified = verification.outcome is Outcome.MATCH
    return ReleaseCheck(
        outcome=CheckOutcome.VERIFIED if verified else CheckOutcome.NOT_VERIFIED,
        others=tuple(OtherHit(each.subject, each.score) for each in _alike(identification)),
        complete=complete,
        at=datetime.now(UTC),
    )


def _alike(identification: Decision) -> Sequence[Candidate]:
    return [each for each in identification.candidates if each.score >= identification.review_threshold]


def _open_cases(
    walk: Walk,
    observed: Sequence[Observation],
    release: Release,
    decisions: tuple[Decision, Decision],
    caller: Caller,
) -> None:
    """Before the check is kept, so that work that is cut off leaves a case too many rather than none."""
    verification, identification = decisions
    history = walk.day.releases.history(release.subject)
    galleries = walk.store.subject(release.subject).galleries
    doubt = Doubt(observed, identification, Origin.KEPT, release.subject, galleries)
    for candidate in _alike(identification):
        if not _judged(history.cases, release.subject, candidate.subject, Verdict.DIFFERENT_PEOPLE):
            open_case(walk, doubt, candidate, caller)
    for merge in _doubtful(history):
        merged = Doubt(observed, verification, Origin.SEARCHED, merge.source, galleries)
        open_case(walk, merged, replace(verification.candidates[0], subject=merge.target), caller)
