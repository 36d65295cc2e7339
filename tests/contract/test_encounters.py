"""Encounters one by one and whose they are: what every store must do, on every database that there is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from benchmarks.throughput.random_encounters import GALLERY, NOW, audit_event, random_encounter
from biometric_service.errors import ErrorCode
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    CaptureException,
    ChangeNumber,
    Circumstances,
    Consent,
    Encounter,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    EnrolledSample,
    ExceptionKind,
    GalleryId,
    Guard,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition
from tests.stores import Opener, refused, replay, templates_equal

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, C = SubjectId("A"), SubjectId("B"), SubjectId("C")
BLOCK = GalleryId("block b")
CIRCUMSTANCES = Circumstances(
    kind="booking",
    legal_basis="Prisons Act, s. 12",
    consents=(Consent("research", NOW), Consent("visits", NOW, NOW + timedelta(days=1))),
    keep_until=datetime(2031, 1, 1, tzinfo=UTC),
    contextual={"officer": "Ö. 7", "cell": 12},
    biographic={"name": "Ängström", "marks": [{"arm": "left"}], "height": 1.8, "twin": None},
    client_data=b"\x00\xff",
)


def key(subject: SubjectId, encounter: str = "first") -> EncounterKey:
    return EncounterKey(subject, EncounterId(encounter))


def full_encounter() -> Encounter:
    exceptions = (
        CaptureException(FingerPosition.LEFT_THUMB, ExceptionKind.AMPUTATED, date(2019, 3, 1)),
        CaptureException(FingerPosition.LEFT_LITTLE, ExceptionKind.BANDAGED),
    )
    given = replace(random_encounter(1, "A"), exceptions=exceptions, circumstances=CIRCUMSTANCES)
    noted = replace(given.samples[0], notes={"impression": "rolled", "comment": "ü"})
    unread = EnrolledSample(given.samples[1].sample, b"no image at all", (), 0.0)
    return replace(given, samples=(noted, unread, *given.samples[1:]))


def searched(opened: OpenedStore) -> dict[str, set[frozenset[str]]]:
    """Whose references an index holds that followed the store from its beginning, and in which galleries."""
    held: dict[str, set[frozenset[str]]] = {}
    for reference in replay(opened.store.changes(ChangeNumber(0))).values():
        held.setdefault(reference.subject, set()).add(frozenset(reference.galleries))
    return held


def check_everything_opens(opened: OpenedStore) -> None:
    for summary in opened.store.subjects(ALL_GALLERIES, None, 100):
        kept = opened.encounters.encounters(summary.subject)
        references = opened.store.references(summary.subject)
        assert len(references) == sum(len(s.templates) for each in kept for s in each.encounter.samples)
        assert all(opened.store.image(reference.id) for reference in references)
    opened.store.verify_events()


def test_an_encounter_comes_back_with_all_that_was_given(opener: Opener, opened: OpenedStore) -> None:
    given = full_encounter()
    opened.store.enrol(given, audit_event())
    again = opener()
    kept = again.encounters.encounter(key(A))
    again.close()
    assert (kept.version, kept.encounter.circumstances) == (1, CIRCUMSTANCES)
    assert set(kept.encounter.exceptions) == set(given.exceptions)
    assert replace(kept.encounter, samples=(), exceptions=()) == replace(given, samples=(), exceptions=())
    for one, other in zip(kept.encounter.samples, given.samples, strict=True):
        assert replace(one, templates=()) == replace(other, templates=())
        assert all(templates_equal(*pair) for pair in zip(one.templates, other.templates, strict=True))


def test_all_encounters_of_a_subject_are_read_oldest_first(opened: OpenedStore) -> None:
    opened.store.enrol(replace(random_encounter(1, "A"), at=NOW), audit_event())
    earlier = replace(random_encounter(2, "A", "earlier"), at=NOW - timedelta(days=1))
    opened.store.add_encounter(earlier, audit_event())
    assert [each.encounter.encounter for each in opened.encounters.encounters(A)] == ["earlier", "first"]
    refused(ErrorCode.ENCOUNTER_UNKNOWN, lambda: opened.encounters.encounter(key(A, "third")))
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.encounters.encounters(B))


def test_only_an_active_encounter_is_searched_in_its_galleries(opened: OpenedStore) -> None:
    opened.store.enrol(random_encounter(1, "A"), audit_event())
    released = opened.encounters.set_status(key(A), EncounterStatus.RELEASED, audit_event(EventKind.STATUS_CHANGED))
    assert searched(opened) == {"A": {frozenset()}}
    summary = opened.store.subject(A)
    assert (summary.status, summary.galleries, summary.searched_in) == (
        EncounterStatus.RELEASED,
        frozenset({GALLERY}),
        frozenset(),
    )
    assert opened.encounters.encounter(key(A)).encounter.circumstances.status is EncounterStatus.RELEASED
    opened.encounters.set_status(key(A), EncounterStatus.ACTIVE, audit_event())
    assert searched(opened) == {"A": {frozenset({GALLERY})}}
    assert opened.store.subject(A).searched_in == {GALLERY}
    (told,) = [change for number, change in opened.store.changes(ChangeNumber(0)) if number == released]
    assert len(told.removed) == 3
    check_everything_opens(opened)


def test_an_encounter_goes_from_gallery_to_gallery_alone(opened: OpenedStore) -> None:
    opened.store.create_gallery(BLOCK, audit_event(EventKind.GALLERY_CREATED))
    opened.store.enrol(random_encounter(1, "A"), audit_event())
    opened.store.add_encounter(random_encounter(2, "A", "second"), audit_event())
    opened.encounters.set_galleries(key(A, "second"), frozenset({BLOCK}), audit_event())
    assert searched(opened) == {"A": {frozenset({GALLERY}), frozenset({BLOCK})}}
    assert opened.encounters.encounter(key(A, "second")).encounter.galleries == {BLOCK}
    before = opened.store.last_change()
    nowhere = frozenset({GalleryId("nowhere")})
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: opened.encounters.set_galleries(key(A), nowhere, audit_event()))
    assert opened.store.last_change() == before
    check_everything_opens(opened)


def test_an_encounter_is_replaced_as_a_whole(opened: OpenedStore) -> None:
    opened.store.enrol(full_encounter(), audit_event())
    early = replay(opened.store.changes(ChangeNumber(0)))
    given = random_encounter(7, "A")
    opened.encounters.replace(given, audit_event())
    kept = opened.encounters.encounter(key(A))
    assert (kept.version, kept.encounter.exceptions, kept.encounter.circumstances) == (2, (), Circumstances())
    assert [each.image for each in kept.encounter.samples] == [each.image for each in given.samples]
    late = replay(opened.store.changes(ChangeNumber(0)))
    assert len(late) == 3
    assert early.keys().isdisjoint(late)
    missing = random_encounter(8, "A", "second")
    refused(ErrorCode.ENCOUNTER_UNKNOWN, lambda: opened.encounters.replace(missing, audit_event()))


def test_with_its_last_encounter_a_subject_is_deleted(opened: OpenedStore) -> None:
    opened.store.enrol(random_encounter(1, "A"), audit_event())
    opened.store.add_encounter(random_encounter(2, "A", "second"), audit_event())
    opened.encounters.delete(key(A), audit_event())
    assert len(opened.store.subject(A).encounters) == 1
    assert len(replay(opened.store.changes(ChangeNumber(0)))) == 3
    opened.encounters.delete(key(A, "second"), audit_event())
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.store.subject(A))
    assert searched(opened) == {}


def test_a_gallerys_encounters_are_listed_in_pages(opened: OpenedStore) -> None:
    opened.store.create_gallery(BLOCK, audit_event())
    for seed, name in enumerate(["A", "B"]):
        opened.store.enrol(random_encounter(seed, name), audit_event())
        opened.store.add_encounter(random_encounter(seed, name, "second", galleries=[BLOCK]), audit_event())
    every = [key(A), key(A, "second"), key(B), key(B, "second")]
    first = opened.encounters.members(ALL_GALLERIES, None, 3)
    assert [*first, *opened.encounters.members(ALL_GALLERIES, first[-1], 3)] == every
    assert opened.encounters.members(BLOCK, None, 9) == [every[1], every[3]]
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: opened.encounters.members(GalleryId("x"), None, 9))


def two_people(opened: OpenedStore) -> None:
    opened.store.enrol(full_encounter(), audit_event())
    opened.store.add_encounter(random_encounter(3, "A", "second"), audit_event())
    opened.store.enrol(random_encounter(2, "B", "at b"), audit_event())


def test_a_moved_encounter_opens_at_its_new_subject_and_is_searched_there(opened: OpenedStore) -> None:
    two_people(opened)
    before = opened.encounters.encounter(key(A)).encounter
    opened.encounters.move(key(A), B, audit_event(EventKind.ENCOUNTER_MOVED))
    after = opened.encounters.encounter(key(B))
    assert (after.version, after.encounter.circumstances) == (2, before.circumstances)
    assert [s.image for s in after.encounter.samples] == [s.image for s in before.samples]
    assert [s.notes for s in after.encounter.samples] == [s.notes for s in before.samples]
    assert {name: len(opened.store.subject(name).encounters) for name in (A, B)} == {A: 1, B: 2}
    held = replay(opened.store.changes(ChangeNumber(0)))
    assert sorted(reference.subject for reference in held.values()) == ["A"] * 3 + ["B"] * 6
    check_everything_opens(opened)


def test_what_can_not_be_moved_stays_whole_where_it_is(opened: OpenedStore) -> None:
    two_people(opened)
    opened.store.enrol(random_encounter(4, "C"), audit_event())
    before = (opened.store.last_change(), opened.store.verify_events())
    moves: list[tuple[ErrorCode, Callable[[], object]]] = [
        (ErrorCode.ENCOUNTER_EXISTS, lambda: opened.encounters.move(key(A), C, audit_event())),
        (ErrorCode.ENCOUNTER_EXISTS, lambda: opened.encounters.merge(A, C, audit_event())),
        (ErrorCode.SUBJECT_UNKNOWN, lambda: opened.encounters.move(key(A), SubjectId("D"), audit_event())),
        (ErrorCode.ENCOUNTER_UNKNOWN, lambda: opened.encounters.move(key(A, "x"), C, audit_event())),
        (ErrorCode.REQUEST_INVALID, lambda: opened.encounters.merge(A, A, audit_event())),
        (ErrorCode.REQUEST_INVALID, lambda: opened.encounters.move(key(A), A, audit_event())),
        (ErrorCode.STORE_CONFLICT, lambda: opened.encounters.unmerge(A, audit_event())),
    ]
    for code, act in moves:
        refused(code, act)
    assert (opened.store.last_change(), opened.store.verify_events()) == before
    check_everything_opens(opened)


def test_a_merged_subject_keeps_answering_with_where_it_went(opened: OpenedStore) -> None:
    two_people(opened)
    opened.encounters.merge(B, A, audit_event(EventKind.SUBJECTS_MERGED))
    summary = opened.store.subject(B)
    assert (summary.subject, summary.merged_into, len(summary.encounters)) == (B, A, 3)
    assert {reference.subject for reference in opened.store.references(B)} == {A}
    assert opened.encounters.encounter(key(B, "at b")).encounter.subject == A
    assert [each.subject for each in opened.store.subjects(ALL_GALLERIES, None, 9)] == [A]
    assert set(searched(opened)) == {"A"}
    for act in (
        lambda: opened.store.add_encounter(random_encounter(9, "B", "new"), audit_event()),
        lambda: opened.encounters.merge(A, B, audit_event()),
        lambda: opened.encounters.set_status(key(B, "at b"), EncounterStatus.RELEASED, audit_event()),
        lambda: opened.store.erase(B, audit_event()),
    ):
        assert "'A'" in refused(ErrorCode.SUBJECT_MERGED, act).message
    refused(ErrorCode.SUBJECT_EXISTS, lambda: opened.store.enrol(random_encounter(9, "B"), audit_event()))
    check_everything_opens(opened)


def test_a_merge_is_taken_back(opened: OpenedStore) -> None:
    two_people(opened)
    before = [each.encounter for each in opened.encounters.encounters(B)]
    opened.encounters.merge(B, A, audit_event())
    opened.encounters.unmerge(B, audit_event(EventKind.SUBJECT_UNMERGED))
    after = [each.encounter for each in opened.encounters.encounters(B)]
    assert [replace(each, samples=()) for each in after] == [replace(each, samples=()) for each in before]
    assert {name: len(opened.store.subject(name).encounters) for name in (A, B)} == {A: 2, B: 1}
    assert opened.store.subject(B).merged_into is None
    assert set(searched(opened)) == {"A", "B"}
    check_everything_opens(opened)
    opened.encounters.merge(B, A, audit_event())
    assert opened.store.subject(B).merged_into == A


def test_merges_on_merges_are_taken_back_in_any_order(opened: OpenedStore) -> None:
    for seed, name in enumerate("ABC"):
        opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())
    opened.encounters.merge(A, B, audit_event())
    opened.encounters.merge(B, C, audit_event())
    assert opened.store.subject(A).merged_into == C
    opened.encounters.unmerge(A, audit_event())
    assert [each.encounter.encounter for each in opened.encounters.encounters(A)] == ["of A"]
    opened.encounters.unmerge(B, audit_event())
    assert [each.encounter.encounter for each in opened.encounters.encounters(B)] == ["of B"]
    assert len(opened.store.subject(C).encounters) == 1
    check_everything_opens(opened)


def test_who_gave_its_last_encounter_is_known_as_where_it_went(opened: OpenedStore) -> None:
    two_people(opened)
    opened.encounters.move(key(B, "at b"), A, audit_event())
    assert opened.store.subject(B).merged_into == A
    opened.encounters.unmerge(B, audit_event())
    assert len(opened.store.subject(B).encounters) == 1
    check_everything_opens(opened)


def test_taking_back_the_last_encounters_leaves_nobody_empty(opened: OpenedStore) -> None:
    two_people(opened)
    opened.encounters.merge(B, A, audit_event())
    for name in ("first", "second"):
        opened.encounters.delete(key(A, name), audit_event())
    opened.encounters.unmerge(B, audit_event())
    assert (opened.store.subject(A).merged_into, opened.store.subject(B).merged_into) == (B, None)
    opened.store.erase(B, audit_event())
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.store.subject(A))


def test_nothing_is_taken_back_that_is_no_more(opened: OpenedStore) -> None:
    two_people(opened)
    opened.encounters.merge(B, A, audit_event())
    opened.encounters.delete(key(A, "at b"), audit_event())
    refused(ErrorCode.STORE_CONFLICT, lambda: opened.encounters.unmerge(B, audit_event()))
    assert opened.store.subject(B).merged_into == A


def test_an_erasure_takes_the_ids_that_were_merged_along(opened: OpenedStore) -> None:
    two_people(opened)
    opened.encounters.merge(B, A, audit_event())
    opened.store.erase(A, audit_event())
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.store.subject(B))
    opened.store.enrol(random_encounter(5, "B"), audit_event())
    assert searched(opened) == {"B": {frozenset({GALLERY})}}


@pytest.mark.parametrize("version", [0, 2])
def test_a_write_on_what_somebody_else_changed_is_refused_and_leaves_nothing(opened: OpenedStore, version: int) -> None:
    opened.store.enrol(random_encounter(1, "A"), audit_event())
    opened.store.enrol(random_encounter(2, "B", "at b"), audit_event())
    stale, status = Guard(version), EncounterStatus.RELEASED
    for act in (
        lambda: opened.store.add_encounter(random_encounter(3, "A", "second"), audit_event(), stale),
        lambda: opened.store.erase(A, audit_event(), stale),
        lambda: opened.encounters.replace(random_encounter(3, "A"), audit_event(), stale),
        lambda: opened.encounters.delete(key(A), audit_event(), stale),
        lambda: opened.encounters.set_status(key(A), status, audit_event(), stale),
        lambda: opened.encounters.set_galleries(key(A), frozenset(), audit_event(), stale),
        lambda: opened.encounters.move(key(A), B, audit_event(), stale),
        lambda: opened.encounters.merge(A, B, audit_event(), stale),
        lambda: opened.encounters.unmerge(A, audit_event(), stale),
    ):
        refused(ErrorCode.VERSION_MISMATCH, act)
    assert opened.store.last_change() == 2
    opened.encounters.set_status(key(A), status, audit_event(), Guard(1))
    assert (opened.store.subject(A).version, opened.encounters.encounter(key(A)).version) == (2, 2)
    refused(ErrorCode.VERSION_MISMATCH, lambda: opened.encounters.delete(key(A), audit_event(), Guard(1)))
