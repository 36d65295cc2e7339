"""Posts, orders and whereabouts, on every database: who passes, who is where, and what is never believed twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from biometric_service.errors import ErrorCode
from biometric_service.recognition.day_events import day_event, order_event, post_event
from biometric_service.recognition.manual import confirm_manual_check, expiry, open_manual_check
from biometric_service.recognition.passing import speaks_for
from biometric_service.recognition.walk import Walk, search
from biometric_service.references import sightings
from biometric_service.references.key_renewal import renew
from biometric_service.references.opening import OpenedStore
from biometric_service.references.place_tables import ManualCheckRow, OrderRow, PostRow, SightingRow
from biometric_service.references.sightings import KEPT_DAYS
from biometric_service.vocabulary.candidates import Shortlist
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Movement, Outcome, Passage
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.movements import (
    Ground,
    How,
    ManualCheck,
    Means,
    NewManualCheck,
    Passing,
    Replayed,
    Ruling,
)
from biometric_service.vocabulary.places import Post, PostId, Zone
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId
from tests.prison_day import (
    CLINIC,
    COURT,
    DEVICE,
    DOOR,
    GATE,
    OFFICER,
    SALLY,
    SECOND,
    WING,
    YARD,
    dies,
    enrol,
    order,
    passes,
    place,
    set_up,
    told,
    where,
)
from tests.stores import Opener, refused
from tests.template_walk import INMATES, event

PEOPLE = (1, 2, 3, 4)


@pytest.fixture
def day(opened: OpenedStore) -> DayStores:
    day = set_up(opened)
    enrol(opened, *PEOPLE)
    return day


def ruled(check: object) -> tuple[Passage, Ground]:
    ruling = check.passed.ruling  # type: ignore[attr-defined]
    return ruling.passage, ruling.ground


def test_whoever_passes_is_elsewhere_and_the_log_tells_it(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 1)
    check = passes(walk, 1)
    assert (ruled(check), check.passed.zone) == ((Passage.PASS, Ground.IDENTIFIED), YARD)
    assert where(day, 1) == YARD
    moved = told(opened, EventKind.WHEREABOUTS_CHANGED)[-1]
    assert (moved.subject, moved.details["zone"], moved.details["from"]) == ("P-1", YARD, WING)
    assert (moved.details["post"], moved.details["check"]) == ("gate", str(check.event))
    checked = told(opened, EventKind.MOVEMENT_CHECK)[-1]
    assert (checked.details["passage"], checked.details["zone"], checked.subject) == ("pass", YARD, "P-1")
    trail = day.movements.trail(SubjectId("P-1"), 10)
    assert [(each.how, each.zone, each.post) for each in trail] == [(How.CHECK, YARD, "gate"), (How.PLACED, WING, None)]
    assert [(each.zone, each.people) for each in day.movements.counts(INMATES)] == [(YARD, 1), (None, 3)]


def test_whoever_passes_after_a_clock_was_set_back_has_passed_all_the_same(day: DayStores, walk: Walk) -> None:
    person, ahead = SubjectId("P-1"), datetime.now(UTC) + timedelta(minutes=2)
    placed = replace(day_event(EventKind.WHEREABOUTS_CHANGED, OFFICER, person), at=ahead)
    day.movements.place(person, WING, placed)
    assert passes(walk, 1).passage is Passage.PASS
    found = day.movements.located(person).believed
    assert found is not None
    assert (found.zone, found.since) == (YARD, ahead)
    late = replayed("late", 1, -1)
    back = replace(late, passing=replace(late.passing, direction=Movement.OUT))
    day.movements.replay([back], day_event(EventKind.PASSAGE_RECORDED, DEVICE))
    assert where(day, 1) == YARD, "what is told late is older than what is known"


def test_whoever_is_believed_elsewhere_is_never_silently_passed(day: DayStores, walk: Walk) -> None:
    place(day, 1, CLINIC)
    check = passes(walk, 1)
    assert (ruled(check), where(day, 1)) == ((Passage.REVIEW, Ground.ELSEWHERE), CLINIC)
    assert check.passed.ruling.discrepancy
    assert "P-1 is believed to be in clinic since" in check.reasons[0]
    flagged = passes(walk, 1, SALLY)
    assert (ruled(flagged)[0], flagged.passed.ruling.discrepancy, where(day, 1)) == (Passage.PASS, True, COURT)
    assert day.movements.trail(SubjectId("P-1"), 1)[0].discrepancy


def test_a_post_that_demands_an_order_lets_nobody_pass_without(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 1)
    stopped = passes(walk, 1, DOOR)
    assert (ruled(stopped), where(day, 1)) == ((Passage.STOP, Ground.NO_ORDER), WING)
    assert stopped.reasons == ("No order lets P-1 move from wing to clinic now.",)
    issued = order(day, 1)
    passed = passes(walk, 1, DOOR)
    assert (passed.passage, passed.passed.ruling.order) == (Passage.PASS, issued.id)
    assert told(opened, EventKind.MOVEMENT_CHECK)[-1].details["order"] == issued.id
    assert passes(walk, 1, DOOR, Movement.OUT).passage is Passage.PASS
    day.orders.cancel(issued.id, order_event(EventKind.ORDER_CANCELLED, issued, SECOND))
    assert passes(walk, 1, DOOR).passage is Passage.STOP
    cancelled = day.orders.order(issued.id)
    assert (cancelled.cancelled_by, cancelled.note) == ("second", "toothache")
    assert [each.id for each in day.orders.orders(INMATES, None, 0, 10, over=True)] == [issued.id]
    assert day.orders.orders(INMATES, None, 0, 10, over=False) == []


def test_an_order_may_be_for_everybody_of_a_zone_and_runs_out(day: DayStores, walk: Walk) -> None:
    place(day, 1)
    order(day, None, zone=YARD)
    order(day, 2)
    order(day, 1, hours=-1)
    assert passes(walk, 1, DOOR).passage is Passage.STOP
    order(day, None, zone=WING)
    assert passes(walk, 1, DOOR).passage is Passage.PASS
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: order(day, 99))


def test_a_full_zone_and_whoever_is_not_active(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    for person in (1, 2, 3):
        assert passes(walk, person).passage is Passage.PASS
    assert ruled(passes(walk, 4)) == (Passage.REVIEW, Ground.ZONE_FULL)
    dies(opened, 4)
    assert ruled(passes(walk, 4))[0] is Passage.STOP
    assert where(day, 4) is None


def test_whoever_is_said_to_be_gone_takes_up_no_room(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    for person in (1, 2, 3):
        passes(walk, person)
    dies(opened, 1)
    assert (where(day, 1), passes(walk, 4).passage) == (None, Passage.PASS)
    assert told(opened, EventKind.WHEREABOUTS_CHANGED)[-2].details["status"] == "deceased"


def test_nobody_is_placed_who_is_gone(opened: OpenedStore, day: DayStores) -> None:
    dies(opened, 1)
    refused(ErrorCode.PLACE_CONFLICT, lambda: place(day, 1))
    assert where(day, 1) is None


def test_nobody_passes_on_a_search_that_left_somebody_out(
    day: DayStores, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partly(*asked: Any) -> list[Shortlist]:  # noqa: ANN401 - as it was asked
        return [replace(each, complete=False) for each in search(*asked)]

    place(day, 1)
    monkeypatch.setattr("biometric_service.recognition.movement.search", partly)
    check = passes(walk, 1)
    assert check.identification is not None
    assert check.identification.outcome is Outcome.MATCH
    assert (check.passage, check.passed.ruling.ground) == (Passage.REVIEW, Ground.SEARCH_INCOMPLETE)
    assert where(day, 1) == WING


def test_two_checks_of_one_person_at_once_move_them_once(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 1)
    with ThreadPoolExecutor(4) as threads:
        checks = list(threads.map(lambda _: passes(walk, 1), range(4)))
    assert sorted(check.passage for check in checks) == [Passage.PASS, Passage.REVIEW, Passage.REVIEW, Passage.REVIEW]
    assert len(told(opened, EventKind.WHEREABOUTS_CHANGED)) == 2


def test_a_passage_with_an_id_is_made_once(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 1)
    first, again = passes(walk, 1, passage="mine"), passes(walk, 1, passage="mine")
    assert (again.passed.repeated, again.event, again.passage) == (True, first.event, Passage.PASS)
    assert passes(walk, 1, passage="mine", caller=replace(DEVICE, actor="device:other")).passage is Passage.REVIEW
    refused(ErrorCode.STORE_CONFLICT, lambda: passes(walk, 2, passage="mine"))
    assert len(told(opened, EventKind.WHEREABOUTS_CHANGED)) == 2


def test_old_sightings_go_whatever_else_the_log_is_told(
    opened: OpenedStore, day: DayStores, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(day, 1)
    with opened.database.writing() as connection:
        connection.execute(update(SightingRow).values(at=datetime.now(UTC) - timedelta(days=KEPT_DAYS + 1)))
    monkeypatch.setattr(sightings, "EVERY", 2)
    passes(walk, 2)
    assert day.movements.trail(SubjectId("P-1"), 9) == []
    assert len(day.movements.trail(SubjectId("P-2"), 9)) == 1


def test_a_post_may_be_spoken_for_by_its_devices_alone() -> None:
    post = replace(GATE, devices=frozenset({"gate-1", "4711"}))
    assert speaks_for(GATE, OFFICER)
    assert [speaks_for(post, caller) for caller in (DEVICE, Caller("4711", "x"), OFFICER)] == [True, True, False]


def replayed(name: str, person: int, minutes: float, **ruling: Any) -> Replayed:  # noqa: ANN401
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    passing = Passing(name, DEVICE.actor, GATE, Movement.IN, at, Means.FACE, offline=True, slice=7)
    said: dict[str, Any] = {
        "passage": Passage.PASS,
        "ground": Ground.IDENTIFIED,
        "why": (),
        "subject": SubjectId(f"P-{person}"),
    }
    return Replayed(passing, Ruling(**{**said, **ruling}))


def test_what_was_decided_offline_counts_by_its_time_and_once(opened: OpenedStore, day: DayStores) -> None:
    recorded = day_event(EventKind.PASSAGE_RECORDED, DEVICE)
    late, early = replayed("b", 1, 10), replayed("a", 1, 20)
    back = replace(late, passing=replace(late.passing, direction=Movement.OUT))
    stopped = replayed("c", 2, 15, passage=Passage.STOP, ground=Ground.NO_ORDER)
    unknown = replayed("d", 99, 5)
    first = day.movements.replay([back, early, stopped, unknown], recorded)
    assert [each.zone for each in first] == [WING, YARD, None, None]
    assert not any(each.repeated for each in first)
    assert where(day, 1) == WING
    events = opened.store.verify_events()
    again = day.movements.replay([early, back, stopped, unknown], recorded)
    assert [(each.repeated, each.event) for each in again] == [
        (True, each.event) for each in (first[1], first[0], first[2], first[3])
    ]
    assert opened.store.verify_events() == events
    told_of = told(opened, EventKind.PASSAGE_RECORDED)
    assert [each.details["passage_id"] for each in told_of] == ["a", "c", "b", "d"]
    assert {each.details["decided_offline"] for each in told_of} == {"true"}
    assert (told_of[0].details["slice"], told_of[3].details["claimed"], told_of[3].subject) == ("7", "P-99", None)


def test_what_arrives_late_never_overwrites_what_is_newer(day: DayStores, walk: Walk) -> None:
    place(day, 1)
    assert passes(walk, 1).passage is Passage.PASS
    since = day.movements.located(SubjectId("P-1")).believed
    old = replayed("old", 1, 30)
    back = replace(old, passing=replace(old.passing, direction=Movement.OUT))
    day.movements.replay([back], day_event(EventKind.PASSAGE_RECORDED, DEVICE))
    assert day.movements.located(SubjectId("P-1")).believed == since
    assert [each.how for each in day.movements.trail(SubjectId("P-1"), 9)] == [How.CHECK, How.PLACED, How.OFFLINE]
    newer = replayed("newer", 1, -1)
    [passed] = day.movements.replay([newer], day_event(EventKind.PASSAGE_RECORDED, DEVICE))
    assert (passed.ruling.discrepancy, where(day, 1)) == (True, YARD)


def test_what_differs_from_what_was_answered_is_kept_beside_it_and_told_aloud(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    place(day, 1, COURT)
    answered = passes(walk, 1, passage="late")
    assert answered.passage is Passage.REVIEW
    recorded = day_event(EventKind.PASSAGE_RECORDED, DEVICE)
    opened_gate, somebody_else = replayed("late", 1, -1), replayed("late", 2, -1)
    held_back = replayed("late", 1, -1, passage=Passage.STOP, ground=Ground.NO_ORDER)
    looked_at = replayed("late", 1, -1, passage=Passage.REVIEW, ground=Ground.NOT_CERTAIN)
    for repeated in (False, True):
        told_again = day.movements.replay([opened_gate, somebody_else, held_back, looked_at], recorded)
        assert [each.repeated for each in told_again] == [repeated, repeated, repeated, True]
    assert (where(day, 1), where(day, 2)) == (YARD, YARD)
    assert [each.ruling.discrepancy for each in told_again] == [True] * 4
    kept = told(opened, EventKind.PASSAGE_RECORDED)
    assert [each.details["passage"] for each in kept] == ["pass", "pass", "stop"]
    assert {each.details["answered"] for each in kept} == {str(answered.event)}
    assert len({each.details["passage_id"] for each in kept if each.details["passage_id"].startswith("late/")}) == 3
    alarms = told(opened, EventKind.PASSAGE_DOUBTED)
    assert [(each.subject, each.details["doubt"], each.details["post"], each.gallery) for each in alarms] == [
        ("P-1", "answered_otherwise", "gate", INMATES),
        ("P-2", "answered_otherwise", "gate", INMATES),
    ]
    assert [each.details["check"] for each in alarms] == [str(each.event) for each in told_again[:2]]


def test_whoever_had_left_and_passes_offline_is_believed_nowhere_and_told_aloud(
    opened: OpenedStore, day: DayStores
) -> None:
    place(day, 1)
    recorded = day_event(EventKind.PASSAGE_RECORDED, DEVICE)
    before = replayed("before", 1, 1)
    dies(opened, 1)
    [late] = day.movements.replay([before], recorded)
    assert (late.ruling.discrepancy, told(opened, EventKind.PASSAGE_DOUBTED)) == (False, [])
    stopped = replayed("stopped", 1, -1, passage=Passage.STOP, ground=Ground.NOT_ACTIVE)
    passed = day.movements.replay([stopped, replayed("after", 1, -1)], recorded)
    assert [(each.zone, each.ruling.discrepancy) for each in passed] == [(None, False), (None, True)]
    assert where(day, 1) is None
    [alarm] = told(opened, EventKind.PASSAGE_DOUBTED)
    assert (alarm.subject, alarm.details["doubt"], alarm.details["passage_id"]) == ("P-1", "not_active", "after")
    assert told(opened, EventKind.PASSAGE_RECORDED)[-1].details["doubt"] == "not_active"


def opened_check(day: DayStores, person: int = 1, minutes: float = 5, **where_to: Any) -> ManualCheck:  # noqa: ANN401
    at = where_to or {"post": GATE.id, "direction": Movement.IN}
    name, subject = f"check-{person}-{minutes}", SubjectId(f"P-{person}")
    return open_manual_check(
        day, NewManualCheck(name, subject, INMATES, "bandaged hands", expiry(minutes), **at), OFFICER
    )


def test_two_officers_let_somebody_pass_by_hand(opened: OpenedStore, day: DayStores) -> None:
    place(day, 1, CLINIC)
    check = opened_check(day)
    assert where(day, 1) == CLINIC
    refused(ErrorCode.MANUAL_CHECK_CONFLICT, lambda: confirm_manual_check(day, check.id, OFFICER))
    confirmed, passed = confirm_manual_check(day, check.id, SECOND)
    assert (confirmed.confirmed_by, confirmed.passage, confirmed.reason) == ("second", Passage.PASS, "bandaged hands")
    assert (where(day, 1), passed.ruling.ground) == (YARD, Ground.CONFIRMED_BY_TWO)  # type: ignore[union-attr]
    assert day.movements.trail(SubjectId("P-1"), 1)[0].means is Means.MANUAL
    refused(ErrorCode.MANUAL_CHECK_CONFLICT, lambda: confirm_manual_check(day, check.id, Caller("third", "x")))
    refused(ErrorCode.MANUAL_CHECK_UNKNOWN, lambda: confirm_manual_check(day, "none", SECOND))
    kinds = [each.event.kind for each in opened.store.events(0, 1000)][-3:]
    opened_kind, confirmed_kind = EventKind.MANUAL_CHECK_OPENED, EventKind.MANUAL_CHECK_CONFIRMED
    assert kinds == [opened_kind, confirmed_kind, EventKind.WHEREABOUTS_CHANGED]
    assert not any("bandaged" in str(each.event) for each in opened.store.events(0, 1000))
    with opened.database.reading() as connection:
        assert b"bandaged" not in connection.execute(ManualCheckRow.__table__.select()).one().reason


def test_a_manual_check_lapses_and_two_confirmations_at_once_count_once(day: DayStores) -> None:
    lapsed = opened_check(day, 2, minutes=-1)
    refused(ErrorCode.MANUAL_CHECK_CONFLICT, lambda: confirm_manual_check(day, lapsed.id, SECOND))
    check = opened_check(day)
    assert [each.id for each in day.manual_checks.checks(0, 10, confirmed=False)] == [check.id]

    def confirm(name: str) -> bool:
        try:
            confirm_manual_check(day, check.id, Caller(name, "movement"))
        except Exception:  # noqa: BLE001 - whichever comes second
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(confirm, ("a", "b"))) == [False, True]
    for wrong in ({"post": GATE.id}, {"post": GATE.id, "direction": Movement.IN, "muster": "m"}, {"zone": WING}):
        refused(ErrorCode.REQUEST_INVALID, lambda wrong=wrong: opened_check(day, 3, **wrong))  # type: ignore[misc]


def test_a_manual_check_needs_an_order_where_the_post_does(day: DayStores) -> None:
    check = opened_check(day, post=DOOR.id, direction=Movement.IN)
    confirmed, _ = confirm_manual_check(day, check.id, SECOND)
    assert (confirmed.passage, where(day, 1)) == (Passage.STOP, None)


def test_nobody_is_answered_for_at_a_post_of_another_gallery(opened: OpenedStore, day: DayStores) -> None:
    staff = GalleryId("staff")
    opened.store.create_gallery(staff, event(EventKind.GALLERY_CREATED))
    staff_door = Post(PostId("staff-door"), "Staff door", WING, YARD, staff)
    day.places.set_post(staff_door, post_event(staff_door, OFFICER))
    refused(ErrorCode.REQUEST_INVALID, lambda: opened_check(day, post=staff_door.id, direction=Movement.IN))
    check = opened_check(day)
    changed = replace(GATE, gallery=staff)
    day.places.set_post(changed, post_event(changed, OFFICER))
    refused(ErrorCode.REQUEST_INVALID, lambda: confirm_manual_check(day, check.id, SECOND))
    assert (where(day, 1), day.manual_checks.check(check.id).confirmed_at) == (None, None)
    everybody = replace(GATE, gallery=ALL_GALLERIES)
    day.places.set_post(everybody, post_event(everybody, OFFICER))
    assert confirm_manual_check(day, check.id, SECOND)[0].passage is Passage.PASS


def test_zones_and_posts_are_kept_together(day: DayStores) -> None:
    dropped = day_event(EventKind.ZONE_DROPPED, OFFICER)
    refused(ErrorCode.PLACE_CONFLICT, lambda: day.places.drop_zone(YARD, dropped))
    refused(ErrorCode.PLACE_UNKNOWN, lambda: day.places.drop_zone(WING + "x", dropped))  # type: ignore[arg-type]
    spare = Zone(COURT + "room", "Court room")  # type: ignore[arg-type]
    day.places.set_zone(spare, dropped)
    place(day, 1, spare.id)
    refused(ErrorCode.PLACE_CONFLICT, lambda: day.places.drop_zone(spare.id, dropped))
    refused(ErrorCode.PLACE_CONFLICT, lambda: place(day, 1))
    lost = replace(GATE, gallery=GalleryId("none"))
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: day.places.set_post(lost, post_event(lost, OFFICER)))
    round_trip = replace(GATE, to_zone=WING)
    refused(ErrorCode.REQUEST_INVALID, lambda: day.places.set_post(round_trip, post_event(round_trip, OFFICER)))
    day.places.drop_post(GATE.id, day_event(EventKind.POST_DROPPED, OFFICER))
    refused(ErrorCode.PLACE_UNKNOWN, lambda: day.places.post(GATE.id))
    assert [each.id for each in day.places.posts()] == ["door", "sally"]


def test_a_post_or_order_changed_or_put_back_by_hand_is_found(opened: OpenedStore, day: DayStores) -> None:
    issued = order(day, 1)
    with opened.database.reading() as connection:
        before = dict(connection.execute(OrderRow.__table__.select()).mappings().one())
    day.orders.cancel(issued.id, order_event(EventKind.ORDER_CANCELLED, issued, OFFICER))
    with opened.database.writing() as connection:
        connection.execute(update(OrderRow).values(**before))
    refused(ErrorCode.RIGHTS_REPLAYED, lambda: day.orders.order(issued.id))
    with opened.database.writing() as connection:
        connection.execute(update(OrderRow).values(to_zone="yard"))
        connection.execute(update(PostRow).where(PostRow.id == "door").values(demands_order=False))
    refused(ErrorCode.RECORD_TAMPERED, lambda: day.orders.order(issued.id))
    refused(ErrorCode.RECORD_TAMPERED, lambda: day.places.post(DOOR.id))
    with opened.database.writing() as connection:
        connection.execute(delete(PostRow).where(PostRow.id == "door"))
    refused(ErrorCode.RIGHTS_REPLAYED, lambda: day.places.post(GATE.id))


def test_the_day_outlives_the_renewal_of_the_store_key(opened: OpenedStore, opener: Opener, day: DayStores) -> None:
    issued, check = order(day, 1), opened_check(day)
    list(renew(opened, event(EventKind.STORE_KEY_RENEWED)))
    other = opener()
    assert other.day.orders.order(issued.id).note == "toothache"
    assert other.day.manual_checks.check(check.id).reason == "bandaged hands"
    assert [each.id for each in other.day.places.posts()] == ["door", "gate", "sally"]
    other.close()


def test_nothing_is_left_of_whoever_is_erased(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 1)
    passes(walk, 1)
    issued, check, other = order(day, 1), opened_check(day), order(day, 2)
    dies(opened, 1)
    opened.store.erase(SubjectId("P-1"), event(EventKind.SUBJECT_ERASED))
    refused(ErrorCode.ORDER_UNKNOWN, lambda: day.orders.order(issued.id))
    refused(ErrorCode.MANUAL_CHECK_UNKNOWN, lambda: day.manual_checks.check(check.id))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: day.movements.located(SubjectId("P-1")))
    assert day.orders.order(other.id).subject == "P-2"
    assert [(each.zone, each.people) for each in day.movements.counts(INMATES)] == [(None, 3)]


def test_two_who_are_one_are_where_they_were_last_seen(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 2)
    place(day, 1)
    passes(walk, 1)
    opened.encounters.merge(SubjectId("P-1"), SubjectId("P-2"), event(EventKind.SUBJECTS_MERGED))
    assert (where(day, 2), where(day, 1)) == (YARD, YARD)
    assert [each.zone for each in day.movements.trail(SubjectId("P-2"), 9)] == [YARD, WING, WING]
    assert [(each.zone, each.people) for each in day.movements.counts(INMATES)] == [(YARD, 1), (None, 2)]


def test_a_merge_taken_back_gives_back_where_whom_was_seen(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    place(day, 2)
    passes(walk, 1, passage="p-1")
    place(day, 3)
    one, two, three = (SubjectId(f"P-{number}") for number in (1, 2, 3))
    for source, target in ((one, two), (two, three)):
        opened.encounters.merge(source, target, event(EventKind.SUBJECTS_MERGED))
    assert seen_in(day, three) == [WING, YARD, WING]
    assert passes(walk, 1, passage="p-1").passed.repeated
    opened.encounters.unmerge(two, event(EventKind.SUBJECT_UNMERGED))
    assert (seen_in(day, two), seen_in(day, three)) == ([YARD, WING], [WING])
    opened.encounters.unmerge(one, event(EventKind.SUBJECT_UNMERGED))
    assert (seen_in(day, one), seen_in(day, two)) == ([YARD], [WING])


def seen_in(day: DayStores, subject: SubjectId) -> list[str | None]:
    return [each.zone for each in day.movements.trail(subject, 9)]


def test_people_are_listed_by_zone_a_page_at_a_time(day: DayStores) -> None:
    for person in (1, 3):
        place(day, person)
    page = day.movements.whereabouts(INMATES, None, SubjectId("P-1"), 2)
    assert [(each.subject, each.believed and each.believed.zone) for each in page] == [("P-2", None), ("P-3", WING)]
    assert [each.subject for each in day.movements.whereabouts(INMATES, WING, None, 10)] == ["P-1", "P-3"]
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: day.movements.counts(GalleryId("none")))
