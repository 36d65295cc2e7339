"""Cases of adjudication, on every database: two who are blind to one another, a third, and what is kept of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.errors import ErrorCode
from biometric_service.recognition.adjudication import candidate_images, follows, merge, outcome_of, review, seen_by
from biometric_service.references.key_renewal import renew
from biometric_service.references.models import CaseRow, ReviewRow
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.adjudication import Case, Consequence, Origin, Verdict
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import SubjectId
from tests.adjudication import PART, new_case
from tests.stores import refused

SAME, DIFFERENT, UNSURE = Verdict.SAME_PERSON, Verdict.DIFFERENT_PEOPLE, Verdict.UNSURE


@pytest.fixture(autouse=True)
def enrolled(opened: OpenedStore) -> None:
    for seed, name in enumerate("AB"):
        opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())


def opened_case(opened: OpenedStore, origin: Origin = Origin.KEPT, subject: str | None = "B") -> str:
    return opened.cases.open(new_case("A", GALLERY, subject=subject, origin=origin), audit_event(EventKind.CASE_OPENED))


def judged(opened: OpenedStore, case: str, reviewer: str, verdict: Verdict) -> Case:
    return review(opened.cases, case, verdict, f"{reviewer} thinks so", Caller(reviewer, "adjudication"))


def newest(opened: OpenedStore) -> AuditEvent:
    return opened.store.events(opened.store.verify_events() - 1, 1)[0].event


def test_a_case_is_read_as_it_was_opened(opened: OpenedStore) -> None:
    name = opened_case(opened)
    assert newest(opened).kind is EventKind.CASE_OPENED
    case = opened.cases.case(name)
    assert (case.subject, case.candidate, case.origin) == ("B", "A", Origin.KEPT)
    assert case.galleries == {GALLERY}
    assert (case.likeness.parts, case.likeness.score, case.likeness.threshold) == ((PART,), 4.25, 3.0)
    assert (case.opened_by, case.reviews, case.outcome, follows(case)) == ("benchmark", (), None, None)
    assert [each.data for each in opened.cases.probe(name)] == [b"image of a thumb"]
    refused(ErrorCode.CASE_UNKNOWN, lambda: opened.cases.case("none"))
    refused(ErrorCode.CASE_UNKNOWN, lambda: opened.cases.probe("none"))


def test_the_same_two_have_one_open_case(opened: OpenedStore) -> None:
    likened = new_case("A", GALLERY, subject="B", origin=Origin.KEPT).likened
    assert opened.cases.open_already(likened) is None
    first, events = opened_case(opened), opened.store.verify_events()
    assert opened.cases.open_already(likened) == first
    assert (opened_case(opened), opened.store.verify_events()) == (first, events)
    assert opened_case(opened, subject=None) not in {first, opened_case(opened, subject="C")}
    for reviewer in "xy":
        judged(opened, first, reviewer, DIFFERENT)
    assert opened.cases.open_already(likened) is None
    assert opened_case(opened) != first


def test_two_who_agree_close_a_case_and_its_images_are_destroyed(opened: OpenedStore) -> None:
    name = opened_case(opened)
    assert judged(opened, name, "x", SAME).outcome is None
    closed = judged(opened, name, "y", SAME)
    assert (closed.outcome, follows(closed), len(closed.reviews)) == (SAME, Consequence.MERGE, 2)
    assert opened.cases.probe(name) == ()
    assert opened.cases.case(name) == closed
    event = newest(opened)
    assert event.kind is EventKind.CASE_CLOSED
    assert event.details["reviews"] == "x=same_person y=same_person"
    refused(ErrorCode.CASE_CONFLICT, lambda: judged(opened, name, "z", SAME))


def test_a_case_that_is_open_for_too_long_is_closed_as_unsure_and_its_images_are_destroyed(opened: OpenedStore) -> None:
    untouched, disagreed, judged_before = (opened_case(opened, subject=each) for each in (None, "B", "C"))
    for case, verdicts in ((disagreed, (SAME, DIFFERENT)), (judged_before, (SAME, SAME))):
        for reviewer, verdict in zip("xy", verdicts, strict=True):
            judged(opened, case, reviewer, verdict)
    last = opened.cases.case(judged_before).opened_at + timedelta(seconds=1)
    event = AuditEvent(EventKind.CASE_CLOSED, last, Caller("cli:root", "retention"), details={"reason": "overdue"})
    first = opened.cases.case(untouched).opened_at
    assert (opened.cases.overdue(first), opened.cases.close_overdue(first, event)) == (0, 0)
    assert (opened.cases.overdue(last), opened.cases.close_overdue(last, event)) == (2, 2)
    told = [each.event for each in opened.store.events(opened.store.verify_events() - 2, 2)]
    assert [(each.kind, each.details["case"], each.details["reviews"]) for each in told] == [
        (EventKind.CASE_CLOSED, untouched, ""),
        (EventKind.CASE_CLOSED, disagreed, "x=same_person y=different_people"),
    ]
    for case in (untouched, disagreed):
        found = opened.cases.case(case)
        assert (found.outcome, found.closed_at, opened.cases.probe(case)) == (UNSURE, last, ())
    assert opened.cases.case(judged_before).outcome is SAME
    assert opened.cases.close_overdue(last, event) == 0
    assert opened_case(opened, subject=None) != untouched


def test_reviewers_are_blind_to_one_another_until_the_case_is_closed(opened: OpenedStore) -> None:
    name = opened_case(opened)
    judged(opened, name, "x", SAME)
    assert [each.reviewer for each in seen_by(opened.cases.case(name), Caller("x", "")).reviews] == ["x"]
    assert seen_by(opened.cases.case(name), Caller("y", "")).reviews == ()
    assert [each.reviewer for each in judged(opened, name, "y", DIFFERENT).reviews] == ["y"]
    assert not any("same_person" in str(each.event.details) for each in opened.store.events(0, 100))
    with opened.database.reading() as connection:
        sealed = connection.scalars(select(ReviewRow.sealed)).all()
    assert all(b"person" not in each and b"thinks" not in each for each in sealed)
    assert len({len(each) for each in sealed}) == 1
    assert len(judged(opened, name, "z", DIFFERENT).reviews) == 3
    assert len(seen_by(opened.cases.case(name), Caller("x", "")).reviews) == 3


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ((SAME,), None),
        ((SAME, SAME), SAME),
        ((UNSURE, UNSURE), UNSURE),
        ((SAME, DIFFERENT), None),
        ((SAME, UNSURE), None),
        ((SAME, DIFFERENT, DIFFERENT), DIFFERENT),
        ((SAME, UNSURE, SAME), SAME),
        ((SAME, DIFFERENT, UNSURE), UNSURE),
    ],
)
def test_a_third_decides_where_two_disagree(verdicts: tuple[Verdict, ...], outcome: Verdict | None) -> None:
    assert outcome_of(verdicts) is outcome


def test_nobody_judges_twice_or_what_comes_from_their_own_work(opened: OpenedStore) -> None:
    name = opened_case(opened)
    judged(opened, name, "x", UNSURE)
    events = opened.store.verify_events()
    refused(ErrorCode.CASE_CONFLICT, lambda: judged(opened, name, "x", SAME))
    refused(ErrorCode.CASE_CONFLICT, lambda: judged(opened, name, "benchmark", SAME))
    refused(ErrorCode.CASE_UNKNOWN, lambda: judged(opened, "none", "y", SAME))
    assert (opened.store.verify_events(), len(opened.cases.case(name).reviews)) == (events, 1)


def test_the_same_person_is_merged_by_hand_and_only_then(opened: OpenedStore) -> None:
    name, by = opened_case(opened), Caller("clerk", "adjudication")
    refused(ErrorCode.CASE_CONFLICT, lambda: merge(opened.encounters, opened.cases.case(name), by))
    for reviewer in "xy":
        judged(opened, name, reviewer, SAME)
    assert opened.store.subject(SubjectId("B")).merged_into is None
    merge(opened.encounters, opened.cases.case(name), by)
    assert opened.store.subject(SubjectId("B")).merged_into == "A"
    assert newest(opened).kind is EventKind.SUBJECTS_MERGED


@pytest.mark.parametrize(
    ("origin", "outcome", "consequence"),
    [
        (Origin.REFUSED, SAME, Consequence.REFUSE),
        (Origin.REFUSED, DIFFERENT, Consequence.ENROL),
        (Origin.REFUSED, UNSURE, Consequence.REFUSE),
        (Origin.KEPT, DIFFERENT, Consequence.NOTHING),
        (Origin.SEARCHED, SAME, Consequence.NOTHING),
    ],
)
def test_what_follows_is_said(opened: OpenedStore, origin: Origin, outcome: Verdict, consequence: Consequence) -> None:
    case = replace(opened.cases.case(opened_case(opened, origin)), outcome=outcome)
    assert follows(case) is consequence
    refused(ErrorCode.CASE_CONFLICT, lambda: merge(opened.encounters, case, Caller("clerk", "adjudication")))


def test_closed_cases_are_labelled_evidence(opened: OpenedStore) -> None:
    first, second = opened_case(opened), opened_case(opened, subject="C")
    for reviewer in "xy":
        judged(opened, first, reviewer, SAME)
    assert [case.id for case in opened.cases.cases(0, 10, closed=False)] == [second]
    (evidence,) = opened.cases.cases(0, 10, closed=True)
    assert (evidence.outcome, evidence.likeness.parts, evidence.likeness.evidence) == (SAME, (PART,), ("ab" * 32,))
    assert opened.cases.cases(evidence.number, 10, closed=True) == []


def test_the_candidates_image_is_shown_as_long_as_it_is_kept(opened: OpenedStore) -> None:
    case = opened.cases.case(opened_case(opened))
    (image,) = candidate_images(opened.store, case)
    assert image.data == opened.store.image(PART.reference)
    moved = replace(case, candidate=SubjectId("B"))
    assert candidate_images(opened.store, moved) == []


def test_cases_outlive_the_renewal_of_the_store_key(opened: OpenedStore) -> None:
    name = opened_case(opened)
    judged(opened, name, "x", SAME)
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert [each.data for each in opened.cases.probe(name)] == [b"image of a thumb"]
    assert judged(opened, name, "y", SAME).outcome is SAME


def test_cases_of_whoever_is_erased_are_forgotten(opened: OpenedStore) -> None:
    gone, left = opened_case(opened), opened.cases.open(new_case("B", GALLERY), audit_event(EventKind.CASE_OPENED))
    judged(opened, gone, "x", SAME)
    opened.store.erase(SubjectId("A"), audit_event(EventKind.SUBJECT_ERASED))
    refused(ErrorCode.CASE_UNKNOWN, lambda: opened.cases.case(gone))
    assert opened.cases.case(left).candidate == "B"


def test_a_moved_or_changed_verdict_does_not_open(opened: OpenedStore) -> None:
    name = opened_case(opened)
    judged(opened, name, "x", SAME)
    with opened.database.writing() as connection:
        connection.execute(update(ReviewRow).values(reviewer="y"))
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.cases.case(name))
    with opened.database.writing() as connection:
        connection.execute(update(CaseRow).values(probe=b"x" * 40))
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.cases.probe(name))
