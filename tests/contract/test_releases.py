"""Releases, on every database: nobody leaves in another's name, with a doubtful past, or by one officer's word."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.adjudication import review
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.manual import expiry
from biometric_service.recognition.release import (
    ReleaseRecognition,
    cancel_release,
    check_release,
    confirm_release,
    open_release,
    standing,
)
from biometric_service.recognition.walk import Walk, search
from biometric_service.references.day_tables import ReleaseRow
from biometric_service.references.key_renewal import renew
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.adjudication import Verdict
from biometric_service.vocabulary.candidates import Shortlist
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    SubjectId,
)
from biometric_service.vocabulary.releases import BlockKind, NewRelease, ReleaseKind, ReleaseState, ReleaseView
from tests.adjudication import new_case
from tests.prison_day import (
    OFFICER,
    SECOND,
    THIRD,
    VISITORS,
    WING,
    dies,
    encounter,
    enrol,
    place,
    set_up,
    shown,
    told,
    where,
)
from tests.stores import refused
from tests.template_walk import INMATES, event

A, TWIN = SubjectId("P-1"), SubjectId("P-1-again")


@pytest.fixture
def day(opened: OpenedStore) -> DayStores:
    day = set_up(opened)
    enrol(opened, 1, 2, 3)
    place(day, 1)
    return day


def opened_release(day: DayStores, subject: SubjectId = A, minutes: float = 60) -> str:
    release = NewRelease(
        uuid4().hex, ReleaseKind.RELEASE, subject, INMATES, "court order 12/26", "home", expiry(minutes)
    )
    assert open_release(day, release, OFFICER).state in {ReleaseState.OPEN, ReleaseState.BLOCKED, ReleaseState.EXPIRED}
    return release.id


def checked(walk: Walk, release: str, person: int = 1) -> ReleaseRecognition:
    return check_release(walk, release, [shown(person)], OFFICER)


def kinds(view: ReleaseView) -> list[BlockKind]:
    return [each.kind for each in view.blocks]


def judge(opened: OpenedStore, case: str, verdict: Verdict) -> None:
    for reviewer in ("x", "y"):
        review(opened.cases, case, verdict, "", Caller(reviewer, "adjudication"))


def test_nobody_is_let_go_by_a_word_in_the_record(opened: OpenedStore, day: DayStores) -> None:
    people, said, key = opened.encounters, event(EventKind.STATUS_CHANGED), only(opened, A)
    events = opened.store.verify_events()
    for status in (EncounterStatus.RELEASED, EncounterStatus.TRANSFERRED, EncounterStatus.INACTIVE):
        refused(ErrorCode.RELEASE_REQUIRED, partial(people.set_status, key, status, said))
    opened.store.create_gallery(GalleryId("archive"), event(EventKind.GALLERY_CREATED))
    archive = frozenset({GalleryId("archive")})
    refused(ErrorCode.RELEASE_REQUIRED, lambda: people.set_galleries(key, archive, said))
    kept = people.encounter(key).encounter
    gone = replace(kept, circumstances=replace(kept.circumstances, status=EncounterStatus.INACTIVE))
    refused(ErrorCode.RELEASE_REQUIRED, lambda: people.replace(gone, said))
    assert (where(day, 1), opened.store.verify_events()) == (WING, events + 1)
    further = replace(encounter(1), encounter=EncounterId("further"))
    opened.store.add_encounter(further, event(EventKind.ENCOUNTER_ADDED))
    people.set_status(key, EncounterStatus.RELEASED, said)
    assert where(day, 1) == WING
    last = EncounterKey(A, further.encounter)
    refused(ErrorCode.RELEASE_REQUIRED, lambda: people.set_status(last, EncounterStatus.RELEASED, said))
    people.set_status(last, EncounterStatus.DECEASED, said)
    assert where(day, 1) is None


@pytest.mark.usefixtures("day")
def test_a_word_is_enough_for_whom_no_post_is_kept_or_who_is_nowhere(opened: OpenedStore) -> None:
    people, said = opened.encounters, event(EventKind.STATUS_CHANGED)
    opened.store.create_gallery(VISITORS, event(EventKind.GALLERY_CREATED))
    enrol(opened, 9, gallery=VISITORS)
    people.set_status(only(opened, "P-9"), EncounterStatus.RELEASED, said)
    people.set_status(only(opened, "P-2"), EncounterStatus.INACTIVE, said)
    refused(ErrorCode.RELEASE_REQUIRED, lambda: people.set_status(only(opened, "P-2"), EncounterStatus.RELEASED, said))
    assert opened.store.subject(SubjectId("P-2")).status is EncounterStatus.INACTIVE


def only(opened: OpenedStore, subject: str) -> EncounterKey:
    [kept] = opened.encounters.encounters(SubjectId(subject))
    return EncounterKey(SubjectId(subject), kept.encounter.encounter)


def test_two_officers_let_the_right_person_go(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    release = opened_release(day)
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, release, OFFICER))
    assert (checked(walk, release).view.state, where(day, 1)) == (ReleaseState.CHECKED, WING)
    assert confirm_release(day, release, OFFICER).state is ReleaseState.CONFIRMED
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, release, OFFICER))
    assert opened.store.subject(A).status is EncounterStatus.ACTIVE
    done = confirm_release(day, release, SECOND)
    assert (done.state, done.release.confirmed_by) == (ReleaseState.COMPLETED, ("officer", "second"))
    assert (opened.store.subject(A).status, where(day, 1)) == (EncounterStatus.RELEASED, None)
    assert opened.store.subject(A).searched_in == frozenset()
    newest = [each.event for each in opened.store.events(0, 10_000)][-3:]
    left = EventKind.WHEREABOUTS_CHANGED
    assert [each.kind for each in newest] == [EventKind.RELEASE_CONFIRMED, EventKind.RELEASE_COMPLETED, left]
    assert (newest[1].subject, newest[1].details["confirmed_by"]) == (A, "officer second")
    assert not any("court order" in str(each.event) for each in opened.store.events(0, 10_000))
    with opened.database.reading() as connection:
        assert b"court order" not in connection.execute(ReleaseRow.__table__.select()).one().particulars
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, release, THIRD))
    refused(ErrorCode.RELEASE_CONFLICT, lambda: cancel_release(day, release, THIRD))
    opened.store.verify_events()


def test_a_swap_is_stopped_and_does_not_go_on(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    release = opened_release(day)
    view = checked(walk, release, 2).view
    assert (view.state, kinds(view)) == (ReleaseState.STOPPED, [BlockKind.SOMEBODY_ELSE])
    assert view.blocks[0].subject == "P-2"
    assert day.releases.view(release, standing).blocks == view.blocks
    refused(ErrorCode.RELEASE_CONFLICT, lambda: checked(walk, release))
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, release, SECOND))
    assert told(opened, EventKind.RELEASE_BLOCKED)[0].details["blocks"] == "somebody_else:P-2"
    again = opened_release(day)
    assert checked(walk, again).view.state is ReleaseState.CHECKED


def test_an_unknown_person_blocks_until_the_right_one_comes(day: DayStores, walk: Walk) -> None:
    release = opened_release(day)
    view = checked(walk, release, 99).view
    assert (view.state, kinds(view)) == (ReleaseState.BLOCKED, [BlockKind.NOT_VERIFIED])
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, release, SECOND))
    assert checked(walk, release).view.state is ReleaseState.CHECKED


def test_another_hit_blocks_until_reviewers_tell_the_two_apart(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    opened.store.enrol(encounter(1, subject=TWIN), event(EventKind.SUBJECT_ENROLLED))
    release = opened_release(day)
    view = checked(walk, release).view
    assert (view.state, set(kinds(view))) == (ReleaseState.BLOCKED, {BlockKind.OTHER_HIT, BlockKind.PENDING_CASE})
    hit = next(each for each in view.blocks if each.kind is BlockKind.OTHER_HIT)
    assert hit.subject == TWIN
    judge(opened, hit.case, Verdict.DIFFERENT_PEOPLE)
    assert day.releases.view(release, standing).state is ReleaseState.CHECKED
    cancel_release(day, release, SECOND)
    assert checked(walk, opened_release(day)).view.state is ReleaseState.CHECKED


def test_two_records_of_one_person_block_until_they_are_merged(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    opened.store.enrol(encounter(1, subject=TWIN), event(EventKind.SUBJECT_ENROLLED))
    release = opened_release(day)
    case = next(each.case for each in checked(walk, release).view.blocks if each.case)
    judge(opened, case, Verdict.SAME_PERSON)
    view = day.releases.view(release, standing)
    assert set(kinds(view)) == {BlockKind.OTHER_HIT, BlockKind.SAME_PERSON}
    cancel_release(day, release, OFFICER)
    opened.encounters.merge(TWIN, A, event(EventKind.SUBJECTS_MERGED))
    assert checked(walk, opened_release(day)).view.state is ReleaseState.CHECKED


def test_a_merge_that_no_case_confirms_blocks(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    opened.encounters.merge(SubjectId("P-3"), A, event(EventKind.SUBJECTS_MERGED))
    release = opened_release(day)
    view = checked(walk, release).view
    assert set(kinds(view)) == {BlockKind.MERGE_IN_HISTORY, BlockKind.PENDING_CASE}
    case = next(each.case for each in view.blocks if each.kind is BlockKind.MERGE_IN_HISTORY)
    judge(opened, case, Verdict.UNSURE)
    assert kinds(day.releases.view(release, standing)) == [BlockKind.MERGE_IN_HISTORY]
    again = checked(walk, release).view
    judge(opened, next(each.case for each in again.blocks if each.kind is BlockKind.PENDING_CASE), Verdict.SAME_PERSON)
    assert day.releases.view(release, standing).state is ReleaseState.CHECKED
    opened.encounters.unmerge(SubjectId("P-3"), event(EventKind.SUBJECT_UNMERGED))
    assert BlockKind.MERGE_IN_HISTORY in kinds(day.releases.view(release, standing))


def test_a_record_that_was_merged_wrongly_more_than_once_is_checked_all_the_same(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    for other in ("P-2", "P-3"):
        opened.encounters.merge(A, SubjectId(other), event(EventKind.SUBJECTS_MERGED))
        opened.encounters.unmerge(A, event(EventKind.SUBJECT_UNMERGED))
    blocks = checked(walk, opened_release(day)).view.blocks
    assert sum(each.kind is BlockKind.MERGE_IN_HISTORY for each in blocks) == 2
    assert {each.subject for each in blocks if each.kind is BlockKind.PENDING_CASE} == {"P-2", "P-3"}


def test_a_hit_that_is_judged_does_not_make_up_for_those_who_were_not_searched(
    opened: OpenedStore, day: DayStores, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partly(*asked: Any) -> list[Shortlist]:  # noqa: ANN401 - as it was asked
        return [replace(each, complete=False) for each in search(*asked)]

    monkeypatch.setattr("biometric_service.recognition.release.search", partly)
    opened.store.enrol(encounter(1, subject=TWIN), event(EventKind.SUBJECT_ENROLLED))
    release = opened_release(day)
    hit = next(each for each in checked(walk, release).view.blocks if each.kind is BlockKind.OTHER_HIT)
    judge(opened, hit.case, Verdict.DIFFERENT_PEOPLE)
    assert kinds(day.releases.view(release, standing)) == [BlockKind.SEARCH_INCOMPLETE]


def test_a_pending_case_blocks_also_after_the_first_confirmation(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    release = opened_release(day)
    checked(walk, release)
    confirm_release(day, release, OFFICER)
    case = opened.cases.open(new_case("P-1", INMATES, subject=None), event(EventKind.CASE_OPENED))
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, release, SECOND))
    assert day.releases.view(release, standing).state is ReleaseState.BLOCKED
    judge(opened, case, Verdict.DIFFERENT_PEOPLE)
    assert confirm_release(day, release, SECOND).state is ReleaseState.COMPLETED


def test_a_new_check_begins_the_confirmations_anew(day: DayStores, walk: Walk) -> None:
    release = opened_release(day)
    checked(walk, release)
    confirm_release(day, release, OFFICER)
    assert checked(walk, release).view.release.confirmed_by == ()
    assert confirm_release(day, release, SECOND).state is ReleaseState.CONFIRMED


def test_a_release_expires_and_one_is_open_at_a_time(day: DayStores, walk: Walk) -> None:
    old = opened_release(day, minutes=-1)
    refused(ErrorCode.RELEASE_CONFLICT, lambda: checked(walk, old))
    assert day.releases.view(old, standing).state is ReleaseState.EXPIRED
    opened_release(day)
    assert day.releases.release(old).state is ReleaseState.EXPIRED
    refused(ErrorCode.RELEASE_CONFLICT, lambda: opened_release(day))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened_release(day, SubjectId("nobody")))
    assert [each.id for each in day.releases.releases(0, 9, ended=True)] == [old]


def test_two_confirmations_at_once_are_two_and_the_same_officer_is_one(
    opened: OpenedStore, day: DayStores, walk: Walk
) -> None:
    release = opened_release(day)
    checked(walk, release)

    def confirm(officer: Caller) -> str:
        try:
            return confirm_release(day, release, officer).state.value
        except BiometricServiceError as fault:
            return fault.code.value

    with ThreadPoolExecutor(4) as threads:
        results = sorted(threads.map(confirm, (OFFICER, OFFICER, SECOND, SECOND)))
    assert results == ["completed", "confirmed", "release_conflict", "release_conflict"]
    assert len(told(opened, EventKind.RELEASE_COMPLETED)) == 1


def test_a_transfer_and_whoever_is_gone(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    transfer = NewRelease(uuid4().hex, ReleaseKind.TRANSFER, A, INMATES, "order", "Hattieville", expiry(5))
    open_release(day, transfer, OFFICER)
    checked(walk, transfer.id)
    confirm_release(day, transfer.id, OFFICER)
    confirm_release(day, transfer.id, SECOND)
    assert opened.store.subject(A).status is EncounterStatus.TRANSFERRED
    late = opened_release(day)
    assert kinds(day.releases.view(late, standing)) == [BlockKind.NOT_ACTIVE, BlockKind.NOT_CHECKED]
    refused(ErrorCode.RELEASE_CONFLICT, lambda: confirm_release(day, late, SECOND))


def test_a_release_changed_or_put_back_by_hand_is_found(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    release = opened_release(day)
    checked(walk, release)
    with opened.database.reading() as connection:
        before = dict(connection.execute(ReleaseRow.__table__.select()).mappings().one())
    cancel_release(day, release, OFFICER)
    with opened.database.writing() as connection:
        connection.execute(update(ReleaseRow).values(**before))
    refused(ErrorCode.RIGHTS_REPLAYED, lambda: confirm_release(day, release, OFFICER))
    with opened.database.writing() as connection:
        connection.execute(update(ReleaseRow).values(confirmed_by=["officer"]))
    refused(ErrorCode.RECORD_TAMPERED, lambda: confirm_release(day, release, SECOND))


def test_a_release_outlives_the_renewal_of_the_store_key(opened: OpenedStore, day: DayStores, walk: Walk) -> None:
    release = opened_release(day)
    checked(walk, release)
    list(renew(opened, event(EventKind.STORE_KEY_RENEWED)))
    kept = day.releases.release(release)
    assert (kept.legal_basis, kept.destination) == ("court order 12/26", "home")
    assert confirm_release(day, release, OFFICER).state is ReleaseState.CONFIRMED
    assert replace(kept, state=ReleaseState.CONFIRMED, confirmed_by=("officer",)) == day.releases.release(release)
    dies(opened, 1)
    opened.store.erase(A, day_event(EventKind.SUBJECT_ERASED, OFFICER, A))
    refused(ErrorCode.RELEASE_UNKNOWN, lambda: day.releases.release(release))
    assert opened.store.subjects(ALL_GALLERIES, None, 9)
