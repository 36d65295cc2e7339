"""Musters, on every database: everybody once, by the finger that was drawn, and nobody lost in the report."""

import csv
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from biometric_service.errors import ErrorCode
from biometric_service.interchange.muster_reports import COLUMNS, muster_csv, muster_pdf
from biometric_service.interchange.outward import outward
from biometric_service.recognition.manual import confirm_manual_check, expiry, open_manual_check
from biometric_service.recognition.muster import (
    MusterCheck,
    MusterRequest,
    close_muster,
    count_person,
    draw_finger,
    start_muster,
)
from biometric_service.recognition.walk import Walk
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Means, NewManualCheck
from biometric_service.vocabulary.musters import CountState, Finding, Muster, NewMuster, Shown
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.statements import read_statement
from tests.printed import printed_words
from tests.prison_day import (
    COURT,
    INDEX,
    OFFICER,
    SALLY,
    SECOND,
    THUMB,
    VISITORS,
    WING,
    YARD,
    dies,
    enrol,
    passes,
    place,
    set_up,
    shown,
    told,
    where,
)
from tests.stores import refused
from tests.template_walk import INMATES, event

PEOPLE = (1, 2, 3, 4, 5)
STRANGER = 77


@pytest.fixture
def day(opened: OpenedStore) -> DayStores:
    """One and two are in the wing, three in the yard, four at court, and nobody knows where five is."""
    day = set_up(opened)
    enrol(opened, *PEOPLE)
    for person, zone in ((1, WING), (2, WING), (3, YARD), (4, COURT)):
        place(day, person, zone)
    return day


def started(day: DayStores, *zones: ZoneId, what: Shown = Shown.EITHER, name: str = "m") -> Muster:
    return start_muster(day, NewMuster(name, frozenset({INMATES}), frozenset(zones), what), OFFICER)


def checked(walk: Walk, person: int, zone: ZoneId | None = None, *positions: FingerPosition) -> MusterCheck:
    """Somebody shows both fingers, or the named ones."""
    given = tuple(shown(person, each) for each in positions or (THUMB, INDEX))
    return count_person(walk, MusterRequest(given, "m", zone), OFFICER)


def test_everybody_within_the_walls_is_expected_and_counted_once(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    started(day)
    board = day.musters.board("m", 100)
    assert (board.tally.expected, board.tally.missing, board.tally.off_site, board.tally.unplaced) == (4, 4, 1, 1)
    check = checked(walk, 1)
    assert (check.counted.subject, check.counted.state, check.counted.finding) == ("P-1", CountState.COUNTED, None)
    assert checked(walk, 1).counted.finding is Finding.DUPLICATE
    assert checked(walk, STRANGER).counted.finding is Finding.UNKNOWN
    board = day.musters.board("m", 100)
    assert [each.subject for each in board.missing] == ["P-2", "P-3", "P-5"]
    assert [(each.finding, each.subject) for each in board.noted] == [
        (Finding.UNKNOWN, None),
        (Finding.DUPLICATE, "P-1"),
    ]
    counted = told(opened, EventKind.MUSTER_COUNTED)
    assert [(each.subject, each.details["muster"], each.details["state"]) for each in counted] == [
        ("P-1", "m", "counted")
    ]
    assert [each.details["finding"] for each in told(opened, EventKind.MUSTER_NOTED)] == ["duplicate", "unknown"]


def test_others_are_told_of_those_of_their_own_gallery(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    opened.store.create_gallery(VISITORS, event(EventKind.GALLERY_CREATED))
    start_muster(day, NewMuster("m", frozenset({INMATES, VISITORS}), frozenset(), Shown.EITHER), OFFICER)
    number = checked(walk, 1).counted.event
    said = outward(opened.store.events(number - 1, 1)[0])
    assert said is not None
    assert said.galleries == {INMATES}


def test_whoever_is_in_another_place_is_told_apart_and_believed_there(day: DayStores, walk: Walk) -> None:
    started(day, WING)
    assert [each.subject for each in day.musters.people("m")] == ["P-1", "P-2"]
    assert checked(walk, 1, YARD).counted.state is CountState.ELSEWHERE
    assert checked(walk, 2, WING).counted.state is CountState.COUNTED
    assert checked(walk, 3, WING).counted.finding is Finding.UNEXPECTED
    assert checked(walk, 5, WING).counted.finding is Finding.UNEXPECTED
    assert [where(day, person) for person in (1, 2, 3, 5)] == [YARD, WING, WING, WING]
    board = day.musters.board("m", 100)
    assert (board.tally.elsewhere, board.tally.counted, board.tally.unexpected) == (1, 1, 2)
    assert [(each.subject, each.zone, each.counted_zone) for each in board.elsewhere] == [("P-1", WING, YARD)]
    assert day.movements.trail(SubjectId("P-3"), 1)[0].muster == "m"


def test_the_finger_that_was_drawn_has_to_be_shown(day: DayStores, walk: Walk) -> None:
    started(day, what=Shown.FINGER)
    [expected] = day.musters.expected("m", [SubjectId("P-1")])
    assert expected.demanded in {THUMB, INDEX}
    other = INDEX if expected.demanded is THUMB else THUMB
    wrong = checked(walk, 1, None, other)
    assert (wrong.counted.finding, wrong.demanded) == (Finding.WRONG_FINGER, expected.demanded)
    assert wrong.counted.state is CountState.MISSING
    assert checked(walk, 1, None, expected.demanded).counted.state is CountState.COUNTED


def test_a_finger_is_the_one_that_was_drawn_by_what_it_is_and_not_by_what_it_is_called(
    day: DayStores, walk: Walk
) -> None:
    started(day, what=Shown.FINGER)
    [expected] = day.musters.expected("m", [SubjectId("P-1")])
    drawn = expected.demanded
    assert drawn is not None
    other = INDEX if drawn is THUMB else THUMB
    called = count_person(walk, MusterRequest((shown(1, other), shown(STRANGER, drawn)), "m"), OFFICER)
    assert called.decision.subject == "P-1"
    assert (called.counted.finding, called.demanded) == (Finding.WRONG_FINGER, drawn)
    assert checked(walk, 1).counted.state is CountState.COUNTED


def test_whoever_has_died_meanwhile_is_not_counted(opened: OpenedStore, day: DayStores) -> None:
    started(day)
    dies(opened, 1)
    check = NewManualCheck("c", SubjectId("P-1"), INMATES, "bandaged", expiry(5), muster="m", zone=WING)
    open_manual_check(day, check, OFFICER)
    _, counted = confirm_manual_check(day, "c", SECOND)
    assert (counted.finding, where(day, 1)) == (Finding.UNEXPECTED, None)  # type: ignore[union-attr]
    assert day.musters.board("m", 9).tally.counted == 0


def test_whoever_goes_off_site_or_leaves_meanwhile_is_not_missing(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    """Two dies, three passes from the yard to court, one from the wing to the yard; nobody knew where five is."""
    started(day)
    dies(opened, 2)
    passes(walk, 3, SALLY)
    passes(walk, 1)
    passes(walk, 5)
    tally = day.musters.board("m", 9).tally
    assert (tally.expected, tally.missing, tally.off_site, tally.unplaced) == (4, 2, 1, 1)
    assert (tally.off_site_since, tally.left_since) == (1, 1)
    assert checked(walk, 5, WING).counted.state is CountState.ELSEWHERE
    before = day.musters.board("m", 9)
    assert [(each.subject, each.zone) for each in before.missing] == [("P-1", YARD)]
    assert [(each.subject, each.state, each.zone) for each in before.away] == [
        ("P-2", CountState.LEFT, WING),
        ("P-3", CountState.OFF_SITE, COURT),
    ]
    assert [(each.subject, each.zone, each.counted_zone) for each in before.elsewhere] == [("P-5", YARD, WING)]
    muster = close_muster(day, "m", SECOND)
    passes(walk, 1, SALLY)
    after = day.musters.board("m", 9)
    assert (after.tally, after.missing, after.away) == (before.tally, before.missing, before.away)
    fields = read_statement(muster.report).fields
    people = {each["subject"]: (each["state"], each["last_seen_in"]) for each in fields["people"]}
    assert people == {
        "P-1": ("missing", "yard"),
        "P-2": ("left", "wing"),
        "P-3": ("off_site", "court"),
        "P-5": ("elsewhere", "yard"),
    }
    assert (fields["figures"]["off_site_since"], fields["figures"]["left_since"]) == (1, 1)
    page = printed_words(muster_pdf(muster.report))
    assert "Off site or left since it began: 2" in page


def test_whoever_is_found_within_after_all_is_counted(day: DayStores, walk: Walk) -> None:
    started(day)
    passes(walk, 3, SALLY)
    check = checked(walk, 3)
    assert (check.counted.state, check.counted.finding) == (CountState.ELSEWHERE, None)
    assert day.movements.trail(SubjectId("P-3"), 1)[0].zone is None
    assert checked(walk, 3).counted.finding is Finding.DUPLICATE
    assert day.musters.board("m", 9).tally.off_site_since == 0


def test_the_report_names_nobody_of_galleries_that_were_not_counted(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    opened.store.create_gallery(VISITORS, event(EventKind.GALLERY_CREATED))
    enrol(opened, 9, gallery=VISITORS)
    started(day, WING)
    assert checked(walk, 9).counted.finding is Finding.UNEXPECTED
    assert checked(walk, 3).counted.finding is Finding.UNEXPECTED
    closed = close_muster(day, "m", OFFICER)
    noted = cast("list[dict[str, object]]", read_statement(closed.report).fields["noted"])
    assert [(each["finding"], each["subject"]) for each in noted] == [("unexpected", "P-3"), ("unexpected", "")]


def test_fingers_are_drawn_by_lot() -> None:
    drawn = Counter(draw_finger({THUMB, INDEX}) for _ in range(400))
    assert set(drawn) == {THUMB, INDEX}
    assert min(drawn.values()) > 120
    assert draw_finger(()) is None


def test_a_face_is_demanded_of_whoever_has_no_finger(day: DayStores) -> None:
    started(day, what=Shown.FACE)
    assert {each.demanded for each in day.musters.people("m")} == {None}


def test_two_officers_count_somebody_by_hand(opened: OpenedStore, day: DayStores) -> None:
    started(day)
    check = NewManualCheck("c", SubjectId("P-2"), INMATES, "bandaged", expiry(5), muster="m", zone=WING)
    open_manual_check(day, check, OFFICER)
    confirmed, counted = confirm_manual_check(day, "c", SECOND)
    assert (confirmed.confirmed_by, counted.state) == ("second", CountState.COUNTED)  # type: ignore[union-attr]
    [person] = day.musters.expected("m", [SubjectId("P-2")])
    assert (person.means, person.counted_by) == (Means.MANUAL, "second")
    assert day.musters.board("m", 9).tally.manual == 1
    assert told(opened, EventKind.MUSTER_COUNTED)[-1].details["means"] == "manual"


SAID = {
    "en": ("Muster m", "Missing: 2", "Noted: 1", "Signature"),
    "es": ("Recuento m", "Faltan: 2", "vista por última vez en", "Anotado: 1", "Firma"),
}


def test_a_closed_muster_says_who_was_missing_and_stays_closed(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    started(day)
    checked(walk, 1, YARD)
    checked(walk, 2)
    checked(walk, STRANGER)
    muster = close_muster(day, "m", SECOND)
    for act in (lambda: checked(walk, 3), lambda: close_muster(day, "m", OFFICER)):
        refused(ErrorCode.MUSTER_CONFLICT, act)
    statement = read_statement(muster.report)
    assert statement.public_key == opened.keys.current.public_key.hex()
    fields = statement.fields
    assert (fields["figures"]["missing"], fields["closed_by"]) == (2, "second")
    missing = [(each["subject"], each["last_seen_in"]) for each in fields["people"] if each["state"] == "missing"]
    assert missing == [("P-3", "yard"), ("P-5", "")]
    assert told(opened, EventKind.MUSTER_CLOSED)[0].details["missing"] == "2"
    changed = muster.report.replace("P-3", "P-4")
    for write in (muster_csv, muster_pdf):
        refused(ErrorCode.SIGNATURE_INVALID, lambda write=write: write(changed))  # type: ignore[misc]
    rows = list(csv.reader(io.StringIO(muster_csv(muster.report))))
    assert rows[0] == list(COLUMNS)
    assert [row[:3] for row in rows[1:]] == [
        ["P-1", "elsewhere", "wing"],
        ["P-2", "counted", "wing"],
        ["P-3", "missing", "yard"],
        ["P-5", "missing", ""],
        ["", "unknown", ""],
    ]
    in_spanish = list(csv.reader(io.StringIO(muster_csv(muster.report, "es"))))
    assert in_spanish[0][:3] == ["persona", "estado", "vista por última vez en"]
    assert in_spanish[1:] == rows[1:]
    for language, words in SAID.items():
        page = printed_words(muster_pdf(muster.report, language))
        assert [each for each in words if each not in page] == []


def test_one_muster_of_the_same_people_is_open_at_a_time(day: DayStores, opened: OpenedStore) -> None:
    started(day, WING)
    refused(ErrorCode.MUSTER_CONFLICT, lambda: started(day, name="n"))
    refused(ErrorCode.MUSTER_CONFLICT, lambda: started(day, WING, YARD, name="n"))
    refused(ErrorCode.MUSTER_CONFLICT, lambda: started(day, YARD, name="m"))
    started(day, YARD, name="n")
    other = NewMuster("staff", frozenset({GalleryId("staff")}), frozenset(), Shown.FACE)
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: start_muster(day, other, OFFICER))
    opened.store.create_gallery(GalleryId("staff"), event(EventKind.GALLERY_CREATED))
    assert start_muster(day, other, OFFICER).is_open
    refused(ErrorCode.PLACE_UNKNOWN, lambda: started(day, ZoneId("nowhere"), name="o"))
    assert [each.id for each in day.musters.musters(0, 2)] == ["staff", "n"]
    close_muster(day, "m", OFFICER)
    assert started(day, WING, name="again").is_open


def test_two_checks_of_one_person_at_once_count_once(day: DayStores, walk: Walk) -> None:
    started(day)
    with ThreadPoolExecutor(4) as threads:
        checks = list(threads.map(lambda _: checked(walk, 1), range(4)))
    assert sorted(check.counted.finding or "" for check in checks) == ["", *["duplicate"] * 3]
    assert day.musters.board("m", 9).tally.counted == 1


def test_nobody_is_counted_for_whom_somebody_else_is_more_like(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    """The person is enrolled, though not expected: never the best of those who are expected."""
    started(day, WING)
    found = checked(walk, 4).counted
    assert (found.subject, found.finding) == ("P-4", Finding.UNEXPECTED)
    assert day.musters.board("m", 9).tally.counted == 0
    dies(opened, 1)
    opened.store.erase(SubjectId("P-1"), event(EventKind.SUBJECT_ERASED))
    assert [each.subject for each in day.musters.people("m")] == ["P-2"]
    assert checked(walk, 2).counted.state is CountState.COUNTED
