"""Nobody who is inside is lost with a record, on every database: erased, deleted, moved, merged or past retention."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from biometric_service.errors import ErrorCode
from biometric_service.recognition.manual import expiry
from biometric_service.recognition.muster import start_muster
from biometric_service.recognition.release import check_release, confirm_release, open_release
from biometric_service.recognition.retention import Fate, expire
from biometric_service.recognition.walk import Walk
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Ground, How, Means, Passing, Replayed, Ruling
from biometric_service.vocabulary.musters import Count, CountState, NewMuster, Shown
from biometric_service.vocabulary.references import (
    CountedFrom,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    RetentionRule,
    SubjectId,
)
from biometric_service.vocabulary.releases import BlockKind, NewRelease, ReleaseKind, ReleaseState
from biometric_service.vocabulary.visits import NewVisit
from tests.prison_day import (
    DEVICE,
    DOOR,
    GATE,
    OFFICER,
    SECOND,
    VISITORS,
    WING,
    YARD,
    encounter,
    enrol,
    order,
    passes,
    place,
    set_up,
    shown,
    told,
    where,
)
from tests.stores import refused
from tests.template_walk import INMATES, event

P1, P2, P3 = (SubjectId(f"P-{number}") for number in (1, 2, 3))
ERASED, DELETED = event(EventKind.SUBJECT_ERASED), event(EventKind.ENCOUNTER_DELETED)
MERGED, MOVED = event(EventKind.SUBJECTS_MERGED), event(EventKind.ENCOUNTER_MOVED)
UNMERGED = event(EventKind.SUBJECT_UNMERGED)


@pytest.fixture
def day(opened: OpenedStore) -> DayStores:
    day = set_up(opened)
    enrol(opened, 1, 2, 3)
    place(day, 1)
    return day


def keys(opened: OpenedStore, subject: SubjectId) -> Sequence[EncounterKey]:
    return [EncounterKey(subject, each.encounter.encounter) for each in opened.encounters.encounters(subject)]


def further(opened: OpenedStore, person: int, name: str) -> EncounterKey:
    """Another encounter of a person."""
    added = replace(encounter(person), encounter=EncounterId(name))
    opened.store.add_encounter(added, event(EventKind.ENCOUNTER_ADDED))
    return EncounterKey(added.subject, added.encounter)


def test_who_is_inside_is_neither_erased_nor_deleted(opened: OpenedStore, day: DayStores) -> None:
    [first], events = keys(opened, P1), opened.store.verify_events()
    fault = refused(ErrorCode.RELEASE_REQUIRED, lambda: opened.store.erase(P1, ERASED))
    assert "release or transfer" in str(fault)
    refused(ErrorCode.RELEASE_REQUIRED, lambda: opened.encounters.delete(first, DELETED))
    assert (where(day, 1), opened.store.verify_events()) == (WING, events)
    second = further(opened, 1, "second")
    opened.encounters.delete(first, DELETED)
    assert where(day, 1) == WING
    refused(ErrorCode.RELEASE_REQUIRED, lambda: opened.encounters.delete(second, DELETED))
    opened.encounters.set_status(second, EncounterStatus.DECEASED, event(EventKind.STATUS_CHANGED))
    opened.store.erase(P1, ERASED)
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.store.subject(P1))


def test_who_was_released_and_who_was_never_seen_inside_are_erased_as_before(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    release = released(day, P1)
    check_release(walk, release, [shown(1)], OFFICER)
    confirm_release(day, release, OFFICER)
    confirm_release(day, release, SECOND)
    opened.store.erase(P1, ERASED)
    opened.store.erase(P2, ERASED)
    opened.encounters.delete(keys(opened, P3)[0], DELETED)
    assert day.movements.whereabouts(INMATES, None, None, 9) == []


def released(day: DayStores, subject: SubjectId) -> str:
    wanted = NewRelease("R", ReleaseKind.RELEASE, subject, INMATES, "order", "home", expiry(60))
    open_release(day, wanted, OFFICER)
    return wanted.id


def test_who_was_released_stays_out_of_what_is_told_late_once_the_release_is_deleted(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    decided, release = datetime.now(UTC), released(day, P1)
    check_release(walk, release, [shown(1)], OFFICER)
    for officer in (OFFICER, SECOND):
        confirm_release(day, release, officer)
    opened.day_retention.expire(0, replace(event(EventKind.RECORDS_EXPIRED), at=decided + timedelta(days=1)))
    refused(ErrorCode.RELEASE_UNKNOWN, lambda: day.releases.release(release))
    late = Passing("late", DEVICE.actor, GATE, Movement.IN, decided, Means.FACE, offline=True)
    day.movements.replay(
        [Replayed(late, Ruling(Passage.PASS, Ground.IDENTIFIED, (), P1))], event(EventKind.PASSAGE_RECORDED)
    )
    assert where(day, 1) is None


def test_a_visitor_is_let_out_before_they_are_erased(opened: OpenedStore, day: DayStores) -> None:
    opened.store.create_gallery(VISITORS, event(EventKind.GALLERY_CREATED))
    enrol(opened, 8, 9, gallery=VISITORS)
    for number, zone in ((8, None), (9, YARD)):
        visit = NewVisit(f"V-{number}", SubjectId(f"P-{number}"), VISITORS, zone=zone)
        day.visits.open(visit, event(EventKind.VISIT_OPENED))
        refused(ErrorCode.RELEASE_REQUIRED, partial(opened.store.erase, visit.visitor, ERASED))
        day.visits.leave(visit.id, event(EventKind.VISIT_CLOSED))
        opened.store.erase(visit.visitor, ERASED)


def test_two_records_of_one_human_are_inside_where_either_was(opened: OpenedStore, day: DayStores) -> None:
    opened.encounters.merge(P2, P1, MERGED)
    assert (where(day, 1), where(day, 2)) == (WING, WING)
    opened.encounters.merge(P1, P3, MERGED)
    assert (where(day, 3), where(day, 1)) == (WING, WING)
    refused(ErrorCode.RELEASE_REQUIRED, lambda: opened.store.erase(P3, ERASED))


def test_a_merge_tells_the_log_where_the_two_are(opened: OpenedStore, day: DayStores) -> None:
    opened.encounters.merge(P1, P2, MERGED)
    left, came = told(opened, EventKind.WHEREABOUTS_CHANGED)[-2:]
    assert (left.subject, left.details["zone"], left.details["record"]) == (P1, "", P2)
    assert (came.subject, came.details["zone"], came.details["record"]) == (P2, WING, P1)
    believed = day.movements.located(P2).believed
    assert believed is not None
    assert (believed.how, left.details["how"]) == (How.MERGED, "merged")


def test_an_older_sighting_moves_nobody(opened: OpenedStore, day: DayStores) -> None:
    place(day, 2, YARD)
    opened.encounters.merge(P1, P2, MERGED)
    assert where(day, 2) == YARD
    assert [(each.zone, each.people) for each in day.movements.counts(INMATES)] == [(YARD, 1), (None, 1)]


def test_the_last_active_encounter_takes_along_where_the_person_is(opened: OpenedStore, day: DayStores) -> None:
    [old] = keys(opened, P1)
    active = further(opened, 1, "active")
    started(day)
    visits_elsewhere = further(opened, 1, "moved at once")
    opened.encounters.move(visits_elsewhere, P2, MOVED)
    assert (where(day, 1), where(day, 2)) == (WING, None)
    opened.encounters.set_status(old, EncounterStatus.RELEASED, event(EventKind.STATUS_CHANGED))
    opened.encounters.move(active, P2, MOVED)
    assert (where(day, 1), where(day, 2)) == (None, WING)
    assert [each.subject for each in day.movements.whereabouts(INMATES, WING, None, 9)] == [P2]
    assert [each.subject for each in day.musters.people("m")] == [P2, P3]
    assert opened.store.subject(P1).status is EncounterStatus.RELEASED


def test_a_merge_taken_back_leaves_nobody_behind(opened: OpenedStore, day: DayStores) -> None:
    [gone] = keys(opened, P2)
    opened.encounters.set_status(gone, EncounterStatus.DECEASED, event(EventKind.STATUS_CHANGED))
    opened.encounters.merge(P1, P2, MERGED)
    assert where(day, 2) == WING
    opened.encounters.unmerge(P1, UNMERGED)
    assert (where(day, 1), where(day, 2)) == (WING, None)


def started(day: DayStores) -> None:
    start_muster(day, NewMuster("m", frozenset({INMATES}), frozenset(), Shown.EITHER), OFFICER)


def count(day: DayStores, subject: SubjectId) -> CountState | None:
    counted = event(EventKind.MUSTER_COUNTED)
    return day.musters.count("m", Count(subject, Means.FINGERPRINT, None, datetime.now(UTC)), counted).state


def test_a_count_expects_two_who_are_one_once(opened: OpenedStore, day: DayStores) -> None:
    enrol(opened, 4, 5)
    started(day)
    assert count(day, P1) is CountState.COUNTED
    opened.encounters.merge(P1, P2, MERGED)  # counted as the one that goes
    opened.encounters.merge(SubjectId("P-4"), P2, MERGED)  # counted as the one that stays
    opened.encounters.merge(P3, SubjectId("P-5"), MERGED)
    tally = day.musters.board("m", 9).tally
    assert (tally.expected, tally.counted, tally.missing) == (2, 1, 1)
    assert count(day, P3) is CountState.COUNTED
    assert {each.subject: each.state for each in day.musters.people("m")} == dict.fromkeys(
        (P2, SubjectId("P-5")), CountState.COUNTED
    )


def test_a_movement_order_is_of_the_record_that_it_came_to(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    issued = order(day, 1)
    opened.encounters.merge(P1, P2, MERGED)
    [listed] = day.orders.orders(INMATES, P2, 0, 9, over=False)
    assert (listed.id, listed.subject, day.orders.order(issued.id).subject) == (issued.id, P2, P2)
    assert passes(walk, 1, DOOR).passed.ruling.passage is Passage.PASS
    assert passes(walk, 2, DOOR, Movement.OUT).passed.ruling.passage is Passage.PASS
    opened.encounters.unmerge(P1, UNMERGED)
    assert day.orders.order(issued.id).subject == P1
    assert passes(walk, 2, DOOR).passed.ruling.ground is Ground.NO_ORDER


def test_a_release_is_of_the_record_that_it_came_to_and_the_merge_stands_against_it(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    release = released(day, P1)
    opened.encounters.merge(P1, P2, MERGED)
    assert day.releases.release(release).subject == P2
    refused(ErrorCode.RELEASE_CONFLICT, lambda: released(day, P2))
    view = check_release(walk, release, [shown(1)], OFFICER).view
    assert view.state is ReleaseState.BLOCKED
    assert BlockKind.OTHER_HIT not in {each.kind for each in view.blocks}
    assert BlockKind.MERGE_IN_HISTORY in {each.kind for each in view.blocks}


def overdue(opened: OpenedStore) -> None:
    rule = RetentionRule(INMATES, "", 0, CountedFrom.CAPTURE)
    opened.retention.set_rule(rule, event(EventKind.RETENTION_RULE_SET))


@pytest.mark.usefixtures("day")
def test_who_is_inside_is_held_back_by_a_run_of_retention_as_it_was_told(opened: OpenedStore) -> None:
    further(opened, 1, "second")
    overdue(opened)
    foretold, done = (
        [
            (each.overdue.key.subject, each.fate)
            for each in expire(opened.retention, opened.encounters, OFFICER, dry_run=dry)
        ]
        for dry in (True, False)
    )
    would = Fate.WOULD_BE_DELETED
    assert foretold == [(P1, would), (P2, would), (P3, would), (P1, Fate.HELD_BACK)]
    assert done == [(P1, Fate.DELETED), (P2, Fate.DELETED), (P3, Fate.DELETED), (P1, Fate.HELD_BACK)]
    [left] = keys(opened, P1)
    assert left.encounter == "second"
