"""Whoever is like somebody in an identification or a movement check that ends in review is laid before reviewers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from biometric_service.app.service import settings_store
from biometric_service.decision.policy import FixedPolicy, Question
from biometric_service.recognition.identification import identify
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import IdentificationRequest, MovementCheck, MovementRequest
from biometric_service.recognition.walk import Walk
from biometric_service.settings import Settings
from biometric_service.vocabulary.adjudication import Case, Origin
from biometric_service.vocabulary.decisions import Movement, Outcome, Passage
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import SubjectId
from tests.template_walk import INMATES, encounter, event, given_template, template_walk

OFFICER = Caller("officer", "movement")


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    """Nobody leads the second candidate by enough to be a match, and every review is adjudicated."""
    chosen = Settings(data_dir=tmp_path)
    with settings_store(chosen) as opened:
        opened.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
        for finger in range(1, 5):
            opened.store.enrol(encounter(finger), event(EventKind.SUBJECT_ENROLLED))
        yield with_points(template_walk(opened, chosen), margin=50.0, adjudicate=True)


def with_points(walk: Walk, **changes: float | bool) -> Walk:
    policy = walk.policy.current()
    points = {named: replace(point, **changes) for named, point in policy.points.items()}  # type: ignore[arg-type]
    return replace(walk, policy=FixedPolicy(replace(policy, points=points)))


def moved(walk: Walk, finger: int, claimed: str | None = None) -> MovementCheck:
    claim = SubjectId(claimed) if claimed else None
    return check_movement(
        walk, MovementRequest((given_template(finger, 2),), INMATES, "gate", Movement.OUT, claim), OFFICER
    )


def open_cases(walk: Walk) -> list[Case]:
    return list(walk.cases.cases(0, 10, closed=False))


def test_a_review_of_an_identification_opens_a_case(walk: Walk) -> None:
    asked = IdentificationRequest((given_template(1, 2),), INMATES)
    assert identify(walk, asked, OFFICER).decision.outcome is Outcome.REVIEW
    [case] = open_cases(walk)
    assert (case.candidate, case.subject, case.origin, case.opened_by) == ("P-1", None, Origin.SEARCHED, "officer")
    kinds = [each.event.kind for each in walk.store.events(0, 100)][-2:]
    assert kinds == [EventKind.CASE_OPENED, EventKind.IDENTIFICATION]


def test_a_review_at_a_checkpoint_opens_a_case_and_the_same_samples_no_second_one(walk: Walk) -> None:
    assert moved(walk, 2).passage is Passage.REVIEW
    assert moved(walk, 2).passage is Passage.REVIEW
    [case] = open_cases(walk)
    assert (case.candidate, case.subject, case.origin) == ("P-2", None, Origin.SEARCHED)
    assert case.likeness.evidence == (given_template(2, 2).digest,)
    assert [each.event.kind for each in walk.store.events(0, 100)].count(EventKind.CASE_OPENED) == 1


def test_other_samples_that_are_as_like_open_a_case_of_their_own(walk: Walk) -> None:
    """Scores end at a cap, so that two probes may score the same."""
    moved(walk, 2)
    [first] = open_cases(walk)
    again = replace(given_template(2, 2), digest="other samples")
    check_movement(walk, MovementRequest((again,), INMATES, "gate", Movement.OUT), OFFICER)
    assert [case.likeness.score for case in open_cases(walk)] == [first.likeness.score] * 2


def test_a_doubtful_claim_is_a_case_of_the_claimed(walk: Walk) -> None:
    points = walk.policy.current().points
    unsure = replace(points["movement", Question.VERIFICATION], match=1e-300)
    policy = replace(walk.policy.current(), points={**points, ("movement", Question.VERIFICATION): unsure})
    check = moved(replace(walk, policy=FixedPolicy(policy)), 3, claimed="P-3")
    assert check.passage is Passage.REVIEW
    assert check.verification
    assert check.verification.outcome is Outcome.REVIEW
    assert [case.candidate for case in open_cases(walk)] == ["P-3"]


def test_who_passes_or_is_stopped_opens_none(walk: Walk) -> None:
    assert moved(walk, 1, claimed="P-1").passage is Passage.PASS
    assert moved(walk, 12).passage is Passage.STOP
    assert open_cases(walk) == []


def test_the_policy_says_which_purposes_open_cases(walk: Walk) -> None:
    walk = with_points(walk, adjudicate=False)
    assert moved(walk, 2).passage is Passage.REVIEW
    assert open_cases(walk) == []
