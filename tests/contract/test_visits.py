"""Visits, on every database: no inmate comes in as a visitor, and nobody leaves as somebody else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from biometric_service.errors import ErrorCode
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.visiting import SignIn, VisitCheck, galleries_by_role, sign_in, sign_out
from biometric_service.recognition.walk import Walk
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Ground, Means, Passing, Replayed, Ruling
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.visits import NewVisit, VisitStop
from tests.prison_day import CLINIC, DEVICE, GATE, OFFICER, VISITORS, YARD, enrol, set_up, shown, told, where
from tests.stores import refused
from tests.template_walk import INMATES, event

WATCHED = GalleryId("watch-list")
ROLES = {"inmates": "inmates", "visitors": "visitors", "watch-list": "watch_list", "not-there": "inmates"}


@pytest.fixture
def day(opened: OpenedStore) -> DayStores:
    """One and two are inmates, eleven and twelve visitors, and twelve is watched for."""
    day = set_up(opened)
    for gallery in (VISITORS, WATCHED):
        opened.store.create_gallery(gallery, event(EventKind.GALLERY_CREATED))
    enrol(opened, 1, 2)
    enrol(opened, 11, gallery=VISITORS)
    enrol(opened, 12, gallery=WATCHED)
    return day


def comes(walk: Walk, person: int, claimed: str | None = None) -> VisitCheck:
    claim = None if claimed is None else SubjectId(claimed)
    request = SignIn((shown(person),), VISITORS, claim, SubjectId("P-1"), CLINIC)
    return sign_in(walk, request, galleries_by_role(ROLES, walk.store.galleries()), OFFICER)


def leaves(walk: Walk, visit: str, person: int) -> VisitCheck:
    return sign_out(walk, visit, [shown(person)], galleries_by_role(ROLES, walk.store.galleries()), OFFICER)


def test_a_visitor_comes_in_and_leaves(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    check = comes(walk, 11)
    assert check.visit is not None
    assert (check.stop, check.visit.visitor, check.visit.host, where(day, 11)) == (None, "P-11", "P-1", CLINIC)
    refused(ErrorCode.VISIT_CONFLICT, lambda: comes(walk, 11, "P-11"))
    assert [each.id for each in day.visits.visits(0, 9, left=False)] == [check.visit.id]
    gone = leaves(walk, check.visit.id, 11)
    assert gone.visit is not None
    assert (gone.visit.left_at is None, where(day, 11)) == (False, None)
    refused(ErrorCode.VISIT_CONFLICT, lambda: leaves(walk, check.visit.id, 11))  # type: ignore[union-attr]
    refused(ErrorCode.VISIT_UNKNOWN, lambda: leaves(walk, "none", 11))
    visits = [
        each.details["visit"]
        for kind in (EventKind.VISIT_OPENED, EventKind.VISIT_CLOSED)
        for each in told(opened, kind)
    ]
    assert visits == [check.visit.id] * 2


@pytest.mark.parametrize(
    ("person", "claimed", "stop"),
    [
        (1, "P-11", VisitStop.IS_INMATE),
        (12, None, VisitStop.ON_WATCH_LIST),
        (99, None, VisitStop.NOT_ENROLLED),
        (99, "P-11", VisitStop.NOT_THE_VISITOR),
    ],
)
def test_nobody_else_comes_in(
    opened: OpenedStore, walk: Walk, person: int, claimed: str | None, stop: VisitStop
) -> None:
    check = comes(walk, person, claimed)
    assert (check.visit, check.stop) == (None, stop)
    assert opened.day.visits.visits(0, 9, left=False) == []
    stopped = told(opened, EventKind.VISIT_STOPPED)[0]
    assert stopped.details["stop"] == stop.value
    assert stopped.gallery == {1: INMATES, 12: WATCHED}.get(person, VISITORS), "whose affair a stop is"


def test_whoever_has_left_is_in_no_zone_whatever_is_told_late(day: DayStores, walk: Walk) -> None:
    decided = datetime.now(UTC) - timedelta(hours=1)
    visit = comes(walk, 11).visit
    assert visit is not None
    leaves(walk, visit.id, 11)
    late = Passing("late", DEVICE.actor, GATE, Movement.IN, decided, Means.FACE, offline=True)
    inmate = Replayed(late, Ruling(Passage.PASS, Ground.IDENTIFIED, (), SubjectId("P-1")))
    visitor = Replayed(replace(late, id="later"), replace(inmate.ruling, subject=SubjectId("P-11")))
    day.movements.replay([inmate, visitor], day_event(EventKind.PASSAGE_RECORDED, DEVICE))
    assert (where(day, 1), where(day, 11)) == (YARD, None)


def test_a_visitor_whose_record_is_merged_meanwhile_leaves_all_the_same(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    visit = comes(walk, 11).visit
    assert visit is not None
    enrol(opened, 13, gallery=VISITORS)
    opened.encounters.merge(SubjectId("P-11"), SubjectId("P-13"), event(EventKind.SUBJECTS_MERGED))
    assert (leaves(walk, visit.id, 11).stop, where(day, 13)) == (None, None)


def test_a_visitor_is_in_once_under_whatever_id(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    enrol(opened, 13, gallery=VISITORS)
    visit = comes(walk, 11).visit
    assert visit is not None
    opened.encounters.merge(SubjectId("P-11"), SubjectId("P-13"), event(EventKind.SUBJECTS_MERGED))
    opened.encounters.merge(SubjectId("P-1"), SubjectId("P-2"), event(EventKind.SUBJECTS_MERGED))
    refused(ErrorCode.VISIT_CONFLICT, lambda: comes(walk, 13))
    assert day.visits.visit(visit.id).visitor == "P-13"
    assert leaves(walk, visit.id, 13).stop is None
    again = NewVisit("again", SubjectId("P-11"), VISITORS, SubjectId("P-1"))  # told by ids that led elsewhere since
    opened_again = day.visits.open(again, day_event(EventKind.VISIT_OPENED, OFFICER, again.visitor))
    assert (opened_again.visitor, opened_again.host) == ("P-13", "P-2")


def test_an_inmate_does_not_leave_as_the_visitor(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    visit = comes(walk, 11).visit
    assert visit is not None
    assert leaves(walk, visit.id, 1).stop is VisitStop.IS_INMATE
    assert leaves(walk, visit.id, 99).stop is VisitStop.NOT_THE_VISITOR
    assert day.visits.visit(visit.id).left_at is None
    assert [each.details["visit"] for each in told(opened, EventKind.VISIT_STOPPED)] == [visit.id] * 2


def test_the_settings_say_whom_a_gallery_holds(walk: Walk) -> None:
    request = SignIn((shown(11),), INMATES)
    refused(ErrorCode.REQUEST_INVALID, lambda: sign_in(walk, request, galleries_by_role(ROLES, [INMATES]), OFFICER))
    nobody = galleries_by_role({"visitors": "visitors"}, walk.store.galleries())
    request = SignIn((shown(11),), VISITORS)
    refused(ErrorCode.REQUEST_INVALID, lambda: sign_in(walk, request, nobody, OFFICER))
