"""Who is told of what, on every database: each event once, in the order of each subject, until it is taken."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import text

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.outward import outward
from biometric_service.references.backup import create_backup, restore_backup
from biometric_service.references.database import Database
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.subscriptions import SqlSubscriptionStore
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.outward import Letter, OutwardType, Subscription, Wanted
from biometric_service.vocabulary.references import EncounterKey, EncounterStatus, GalleryId, SubjectId
from tests.stores import Opener, refused

NAME = "sub-1"
EVERYTHING = Wanted(frozenset(OutwardType), frozenset({GALLERY}))
MINUTE = 60.0
LEASE = timedelta(minutes=10)


def given(opened: OpenedStore, name: str = NAME, wanted: Wanted = EVERYTHING, after: int | None = None) -> bytes:
    subscription = Subscription(name, "Cases", "https://cases.example/hook", wanted, "sharing", "desk")
    return opened.subscriptions.create(subscription, audit_event(EventKind.SUBSCRIPTION_CREATED), after)


def moved(opened: OpenedStore, subject: str, post: str, gallery: str = GALLERY) -> int:
    facts = {"passage": "pass", "checkpoint": post}
    caller = Caller("desk", "movement")
    about = (SubjectId(subject), GalleryId(gallery))
    return opened.store.record(AuditEvent(EventKind.MOVEMENT_CHECK, datetime.now(UTC), caller, *about, facts))


def laid_out(store: SqlSubscriptionStore) -> None:
    while store.spread(outward):
        pass


def soon(later: float = 0) -> datetime:
    """A little after all that was done until now, also where a clock was set back meanwhile."""
    return datetime.now(UTC) + timedelta(seconds=10 + later)


def claimed(store: SqlSubscriptionStore, later: float = 0, most: int = 10, name: str = NAME) -> list[Letter]:
    now = soon(later)
    post = store.claim(name, now, now + LEASE, most)
    return list(post.letters) if post else []


def about(letters: list[Letter]) -> list[tuple[str | None, str]]:
    return [(each.recorded.event.subject, each.recorded.event.details.get("checkpoint", "")) for each in letters]


def test_every_event_is_laid_out_once_however_many_processes_do_it(opener: Opener, opened: OpenedStore) -> None:
    moved(opened, "A", "before")
    given(opened)
    other = opener()
    for subject, post in (("A", "1"), ("B", "1"), ("A", "2")):
        moved(opened, subject, post)
    moved(opened, "C", "elsewhere", "others")
    laid_out(opened.subscriptions)
    laid_out(other.subscriptions)
    assert not other.subscriptions.spread(outward)
    assert other.subscriptions.due(soon()) == [NAME]
    assert about(claimed(other.subscriptions)) == [("A", "1"), ("B", "1")]
    assert claimed(opened.subscriptions) == []
    other.close()


def test_what_could_not_be_laid_out_is_laid_out_by_the_next_attempt(opened: OpenedStore) -> None:
    given(opened)
    moved(opened, "A", "1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", away)
        refused(ErrorCode.STORE_UNAVAILABLE, lambda: opened.subscriptions.spread(outward))
    moved(opened, "B", "1")
    laid_out(opened.subscriptions)
    assert about(claimed(opened.subscriptions)) == [("A", "1"), ("B", "1")]


def away(database: Database) -> NoReturn:  # noqa: ARG001 - as the method that it stands for
    raise BiometricServiceError(ErrorCode.STORE_UNAVAILABLE, "The database is away.", "Try again.")


def test_an_event_that_is_not_taken_holds_back_its_own_subject_alone(opened: OpenedStore) -> None:
    given(opened)
    store = opened.subscriptions
    for subject, post in (("A", "1"), ("B", "1"), ("A", "2"), ("B", "2"), ("A", "3")):
        moved(opened, subject, post)
    laid_out(store)
    failed, taken = claimed(store)
    store.delivered([taken])
    store.undelivered(failed, "503", soon(5 * MINUTE))
    (after,) = claimed(store)
    assert about([after]) == [("B", "2")]
    store.delivered([after])
    assert store.due(soon()) == []
    (again,) = claimed(store, later=6 * MINUTE)
    assert (about([again]), again.attempt) == ([("A", "1")], 2)
    store.delivered([again])
    assert about(claimed(store)) == [("A", "2")]


def test_a_merge_waits_for_both_and_both_for_it(opened: OpenedStore) -> None:
    for seed, name in enumerate("AB"):
        opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())
    given(opened)
    store = opened.subscriptions
    moved(opened, "A", "1")
    moved(opened, "B", "1")
    opened.encounters.merge(SubjectId("A"), SubjectId("B"), merge_event("A", "B"))
    moved(opened, "B", "2")
    laid_out(store)
    first = claimed(store)
    assert about(first) == [("A", "1"), ("B", "1")]
    store.delivered(first)
    (merged,) = claimed(store)
    assert merged.recorded.event.kind is EventKind.SUBJECTS_MERGED
    store.delivered([merged])
    assert about(claimed(store)) == [("B", "2")]


def merge_event(source: str, target: str) -> AuditEvent:
    details = {"into": target}
    caller = Caller("desk", "merge")
    return AuditEvent(EventKind.SUBJECTS_MERGED, datetime.now(UTC), caller, SubjectId(source), None, details)


def test_what_a_dead_process_claimed_is_claimed_again(opened: OpenedStore) -> None:
    given(opened)
    moved(opened, "A", "1")
    laid_out(opened.subscriptions)
    (letter,) = claimed(opened.subscriptions)
    opened.subscriptions.hold([letter], soon(20 * MINUTE))
    assert claimed(opened.subscriptions, later=15 * MINUTE) == []
    (again,) = claimed(opened.subscriptions, later=21 * MINUTE)
    assert (again.recorded, again.attempt) == (letter.recorded, 2)


def test_what_is_given_up_is_listed_and_holds_nothing_back_and_can_be_replayed(opened: OpenedStore) -> None:
    given(opened)
    store = opened.subscriptions
    first, second = moved(opened, "A", "1"), moved(opened, "A", "2")
    laid_out(store)
    (letter,) = claimed(store)
    store.give_up(letter, "url_unreachable", audit_event(EventKind.DELIVERY_GIVEN_UP))
    (dead,) = store.dead_letters(NAME, 0, 10)
    assert (dead.event, dead.subject, dead.attempts, dead.answer) == (first, "A", 1, "url_unreachable")
    (after,) = claimed(store)
    assert after.recorded.number == second
    store.delivered([after])
    (state,) = store.subscriptions()
    assert (state.waiting, state.dead) == (0, 1)
    store.replay(NAME, first - 1, audit_event(EventKind.SUBSCRIPTION_CHANGED))
    laid_out(store)
    assert store.dead_letters(NAME, 0, 10) == []
    (letter,) = claimed(store)
    store.delivered([letter])
    assert [letter.recorded.number, claimed(store)[0].recorded.number] == [first, second]


def test_a_new_subscription_may_be_told_of_the_past(opened: OpenedStore) -> None:
    first = moved(opened, "A", "1")
    given(opened, after=first - 1)
    laid_out(opened.subscriptions)
    assert about(claimed(opened.subscriptions)) == [("A", "1")]


def test_what_happens_during_a_pause_is_sent_after_it(opened: OpenedStore) -> None:
    given(opened)
    store = opened.subscriptions
    moved(opened, "A", "1")
    laid_out(store)
    store.pause(NAME, audit_event(EventKind.SUBSCRIPTION_CHANGED), paused=True)
    moved(opened, "B", "1")
    laid_out(store)
    assert (store.due(soon()), claimed(store)) == ([], [])
    assert store.named(NAME).paused_at is not None
    store.pause(NAME, audit_event(EventKind.SUBSCRIPTION_CHANGED), paused=False)
    laid_out(store)
    assert about(claimed(store)) == [("A", "1"), ("B", "1")]


def test_a_deleted_one_is_told_nothing_and_its_id_is_not_given_again(opened: OpenedStore) -> None:
    given(opened)
    moved(opened, "A", "1")
    laid_out(opened.subscriptions)
    opened.subscriptions.delete(NAME, audit_event(EventKind.SUBSCRIPTION_DELETED))
    laid_out(opened.subscriptions)
    assert (opened.subscriptions.subscriptions(), opened.subscriptions.due(soon())) == ([], [])
    refused(ErrorCode.SUBSCRIPTION_UNKNOWN, lambda: claimed_at_all(opened))
    refused(ErrorCode.SUBSCRIPTION_UNKNOWN, lambda: opened.subscriptions.named(NAME))
    refused(ErrorCode.STORE_CONFLICT, lambda: given(opened))


def claimed_at_all(opened: OpenedStore) -> None:
    opened.subscriptions.rotate(NAME, datetime.now(UTC), audit_event(EventKind.SUBSCRIPTION_CHANGED))


def test_two_keys_sign_until_the_former_is_over(opened: OpenedStore) -> None:
    former = given(opened)
    moved(opened, "A", "1")
    laid_out(opened.subscriptions)
    until = datetime.now(UTC) + timedelta(minutes=30)
    new = opened.subscriptions.rotate(NAME, until, audit_event(EventKind.SUBSCRIPTION_CHANGED))
    for later, keys in ((0, (new, former)), (40 * MINUTE, (new,))):
        now = soon(later)
        post = opened.subscriptions.claim(NAME, now, now + timedelta(seconds=1), 1)
        assert post is not None
        assert post.keys == keys


def test_it_outlives_the_renewal_of_the_store_key(opened: OpenedStore) -> None:
    former = given(opened)
    new = opened.subscriptions.rotate(
        NAME, datetime.now(UTC) + timedelta(days=1), audit_event(EventKind.SUBSCRIPTION_CHANGED)
    )
    moved(opened, "A", "1")
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    laid_out(opened.subscriptions)
    now = soon()
    post = opened.subscriptions.claim(NAME, now, now, 1)
    assert post is not None
    assert post.keys == (new, former)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE subscriptions SET url = 'https://thief.example/'", ErrorCode.RECORD_TAMPERED),
        ("UPDATE subscriptions SET revoked_at = NULL, seal = seal", ErrorCode.RECORD_TAMPERED),
    ],
)
def test_a_row_changed_by_hand_sends_nothing(opened: OpenedStore, change: str, code: ErrorCode) -> None:
    given(opened)
    opened.subscriptions.delete(NAME, audit_event(EventKind.SUBSCRIPTION_DELETED))
    with opened.database.engine.begin() as connection:
        connection.execute(text(change))
    refused(code, lambda: opened.subscriptions.named(NAME))


def test_a_deleted_one_that_is_put_back_sends_nothing(opened: OpenedStore) -> None:
    given(opened)
    with opened.database.engine.begin() as connection:
        row = dict(connection.execute(text("SELECT * FROM subscriptions")).mappings().one())
    opened.subscriptions.delete(NAME, audit_event(EventKind.SUBSCRIPTION_DELETED))
    with opened.database.engine.begin() as connection:
        back = "UPDATE subscriptions SET secret = :secret, revoked_at = NULL, seal = :seal"
        connection.execute(text(back), {"secret": row["secret"], "seal": row["seal"]})
    refused(ErrorCode.RIGHTS_REPLAYED, lambda: opened.subscriptions.spread(outward))


def test_a_restored_store_goes_on_where_it_was(opened: OpenedStore, other_url: str, tmp_path: Path) -> None:
    given(opened)
    moved(opened, "A", "1")
    laid_out(opened.subscriptions)
    moved(opened, "A", "2")
    create_backup(opened, tmp_path / "file.backup", audit_event(EventKind.BACKUP_CREATED))
    key = KeyFile(tmp_path / "master.key")
    restore_backup(tmp_path / "file.backup", other_url, key, ChainedLog)
    restored = open_store(other_url, key, ChainedLog)
    laid_out(restored.subscriptions)
    (letter,) = claimed(restored.subscriptions)
    restored.subscriptions.delivered([letter])
    assert [*about([letter]), *about(claimed(restored.subscriptions))] == [("A", "1"), ("A", "2")]
    restored.close()


def test_changes_say_which_galleries_they_concern_even_of_somebody_who_is_gone(opened: OpenedStore) -> None:
    for seed, name in enumerate("AB"):
        opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event(EventKind.SUBJECT_ENROLLED))
    key = EncounterKey(SubjectId("A"), random_encounter(0, "A", "of A").encounter)
    opened.encounters.set_status(key, EncounterStatus.RELEASED, told(EventKind.STATUS_CHANGED, "A", status="released"))
    opened.encounters.delete(key, told(EventKind.ENCOUNTER_DELETED, "A"))
    opened.store.erase(SubjectId("B"), told(EventKind.SUBJECT_ERASED, "B"))
    events = [outward(each) for each in opened.store.events(0, 20)]
    seen = [(each.type, each.galleries) for each in events if each]
    within = frozenset({GALLERY})
    kinds = [OutwardType.ENROLLED, OutwardType.ENROLLED, OutwardType.RELEASED, OutwardType.ERASED, OutwardType.ERASED]
    assert seen == [(kind, within) for kind in kinds]


def told(kind: EventKind, subject: str, **facts: str) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), Caller("desk", "test"), SubjectId(subject), None, facts)
