"""How long encounters are kept, on every database that there is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.errors import ErrorCode
from biometric_service.recognition.manual import expiry
from biometric_service.recognition.muster import close_muster, start_muster
from biometric_service.recognition.release import cancel_release, open_release
from biometric_service.recognition.retention import Expiry, Fate, expire
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.musters import NewMuster, Shown
from biometric_service.vocabulary.references import (
    CONSENT,
    Circumstances,
    Consent,
    CountedFrom,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    RetentionRule,
    SubjectId,
)
from biometric_service.vocabulary.releases import NewRelease, ReleaseKind, ReleaseState
from biometric_service.vocabulary.sharing import DisclosureKind, Received
from tests.prison_day import OFFICER, enrol, set_up
from tests.stores import refused
from tests.template_walk import INMATES

TODAY = datetime.now(UTC)
OFFICE = Caller("office", "retention")
BLOCK = GalleryId("block b")
ANY = GalleryId("")


def keep(opened: OpenedStore, name: str, age_days: int, *galleries: GalleryId, **circumstances: object) -> EncounterKey:
    given = replace(
        random_encounter(1, name, galleries=galleries or [GALLERY]),
        at=TODAY - timedelta(days=age_days),
        circumstances=Circumstances(**circumstances),  # type: ignore[arg-type]
        samples=(),
    )
    opened.store.enrol(given, audit_event())
    return EncounterKey(SubjectId(name), EncounterId("first"))


def rule(opened: OpenedStore, days: int, gallery: GalleryId = ANY, basis: str = "", start: str = "capture") -> None:
    kept = RetentionRule(gallery, basis, days, CountedFrom(start))
    opened.retention.set_rule(kept, audit_event(EventKind.RETENTION_RULE_SET))


def due(opened: OpenedStore) -> dict[str, str]:
    return {each.key.subject: each.reason for each in opened.retention.overdue(TODAY)}


def run(opened: OpenedStore) -> list[Expiry]:
    return list(expire(opened.retention, opened.encounters, OFFICE, dry_run=False))


def test_without_a_rule_everything_is_kept(opened: OpenedStore) -> None:
    keep(opened, "A", 10_000)
    assert due(opened) == {}


def test_the_most_exact_rule_holds_and_of_two_galleries_the_longer(opened: OpenedStore) -> None:
    opened.store.create_gallery(BLOCK, audit_event())
    keep(opened, "plain", 20)
    keep(opened, "young", 5)
    keep(opened, "act", 20, legal_basis="act")
    keep(opened, "both", 20, GALLERY, BLOCK)
    keep(opened, "exact", 20, BLOCK, legal_basis="act")
    for days, gallery, basis in ((10, GALLERY, ""), (30, BLOCK, ""), (40, ANY, "act"), (15, BLOCK, "act")):
        rule(opened, days, gallery, basis)
    assert due(opened) == {"plain": "10 days from capture", "exact": "15 days from capture"}


def test_a_period_that_counts_from_the_release_begins_with_it(opened: OpenedStore) -> None:
    here, gone = keep(opened, "here", 500), keep(opened, "gone", 500)
    rule(opened, 30, start="end")
    status = EncounterStatus.RELEASED
    opened.encounters.set_status(gone, status, replace(audit_event(), at=TODAY - timedelta(days=31)))
    opened.encounters.set_status(here, status, replace(audit_event(), at=TODAY - timedelta(days=31)))
    assert set(due(opened)) == {"here", "gone"}
    opened.encounters.set_status(here, EncounterStatus.ACTIVE, audit_event())
    assert due(opened) == {"gone": "30 days from end"}


def test_a_date_of_its_own_goes_before_every_rule(opened: OpenedStore) -> None:
    keep(opened, "longer", 50, keep_until=TODAY + timedelta(days=1))
    keep(opened, "over", 1, keep_until=TODAY - timedelta(days=1))
    rule(opened, 10)
    assert set(due(opened)) == {"over"}


def test_what_is_kept_on_consent_goes_with_the_last_one(opened: OpenedStore) -> None:
    consents = (Consent("visits", TODAY), Consent("research", TODAY))
    key = keep(opened, "A", 1, legal_basis=CONSENT, consents=consents)
    opened.encounters.withdraw_consent(key, "visits", audit_event(EventKind.CONSENT_WITHDRAWN))
    assert due(opened) == {}
    opened.encounters.withdraw_consent(key, "research", audit_event(EventKind.CONSENT_WITHDRAWN))
    assert due(opened) == {"A": "no consent stands"}
    kept = opened.encounters.encounter(key).encounter.circumstances.consents
    assert all(each.withdrawn_at is not None for each in kept)
    refused(ErrorCode.REQUEST_INVALID, lambda: opened.encounters.withdraw_consent(key, "visits", audit_event()))


def test_a_run_deletes_each_with_its_event_and_can_be_cut_off_anywhere(opened: OpenedStore) -> None:
    for name in "ABC":
        keep(opened, name, 20)
    rule(opened, 10)
    dry = list(expire(opened.retention, opened.encounters, OFFICE, dry_run=True))
    assert [each.fate for each in dry] == [Fate.WOULD_BE_DELETED] * 3
    assert opened.store.last_change() == 3
    cut_off = expire(opened.retention, opened.encounters, OFFICE, dry_run=False)
    next(cut_off)
    cut_off.close()  # type: ignore[attr-defined] # it is a generator
    assert [each.overdue.key.subject for each in run(opened)] == ["B", "C"]
    events = [each.event for each in opened.store.events(0, 100) if each.event.kind is EventKind.ENCOUNTER_EXPIRED]
    assert [(each.subject, each.caller, each.details["reason"]) for each in events] == [
        (name, OFFICE, "10 days from capture") for name in "ABC"
    ]
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: opened.store.subject(SubjectId("A")))
    opened.store.verify_events()


def test_what_was_changed_since_it_was_looked_at_is_left_for_the_next_run(
    opened: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keep(opened, "A", 20)
    rule(opened, 10)
    seen = list(opened.retention.overdue(TODAY))
    opened.encounters.set_galleries(key, frozenset(), audit_event())

    def as_seen(_: datetime) -> Iterator[object]:
        return iter(seen)

    monkeypatch.setattr(opened.retention, "overdue", as_seen)
    assert [each.fate for each in run(opened)] == [Fate.CHANGED_MEANWHILE]
    assert len(opened.store.subject(SubjectId("A")).encounters) == 1


def test_rules_are_listed_replaced_and_dropped(opened: OpenedStore) -> None:
    rule(opened, 10, GALLERY)
    rule(opened, 20, GALLERY)
    assert opened.retention.rules() == [RetentionRule(GALLERY, "", 20, CountedFrom.CAPTURE)]
    opened.retention.drop_rule(GALLERY, "", audit_event(EventKind.RETENTION_RULE_DROPPED))
    assert opened.retention.rules() == []
    refused(ErrorCode.REQUEST_INVALID, lambda: opened.retention.drop_rule(GALLERY, "", audit_event()))
    refused(ErrorCode.GALLERY_UNKNOWN, lambda: rule(opened, 1, BLOCK))


def test_what_has_long_been_over_of_the_day_is_deleted_and_nothing_that_is_open(opened: OpenedStore) -> None:
    day = set_up(opened)
    enrol(opened, 1)
    closed = start_muster(day, NewMuster("m", frozenset({INMATES}), frozenset(), Shown.EITHER), OFFICER)
    close_muster(day, closed.id, OFFICER)
    start_muster(day, NewMuster("open", frozenset({INMATES}), frozenset(), Shown.EITHER), OFFICER)
    sent = Received("police", "d-1", DisclosureKind.RECORD, "p:1", TODAY, "ab", TODAY, None, b"{}")
    opened.received.add(sent, audit_event(EventKind.DISCLOSURE_RECEIVED))
    soon, late = (replace(audit_event(EventKind.RECORDS_EXPIRED), at=TODAY + timedelta(days=each)) for each in (29, 31))
    before = len(opened.store.events(0, 100))
    assert not any(opened.day_retention.expire(30, soon).values())
    assert len(opened.store.events(0, 100)) == before
    gone = opened.day_retention.expire(30, late)
    assert {name: number for name, number in gone.items() if number} == {"musters": 1, "received_disclosures": 1}
    refused(ErrorCode.MUSTER_UNKNOWN, lambda: day.musters.muster("m"))
    assert day.musters.muster("open").closed_at is None
    refused(ErrorCode.DISCLOSURE_UNKNOWN, lambda: opened.received.received("police", "d-1"))
    told = opened.store.events(before, 1)[0].event
    assert (told.kind, told.details["musters"]) == (EventKind.RECORDS_EXPIRED, "1")


def test_a_release_is_kept_as_long_as_it_stands_and_then_for_so_long(opened: OpenedStore) -> None:
    day = set_up(opened)
    enrol(opened, 1, 2)
    for person, minutes in ((1, 60), (2, -1)):
        wanted = NewRelease(
            f"r-{person}", ReleaseKind.RELEASE, SubjectId(f"P-{person}"), INMATES, "", "", expiry(minutes)
        )
        open_release(day, wanted, OFFICER)
    late = replace(audit_event(EventKind.RECORDS_EXPIRED), at=TODAY + timedelta(days=31))
    assert not any(opened.day_retention.due(30, late.at).values()), "that one ran out was not seen yet"
    cancel_release(day, "r-1", OFFICER)
    again = NewRelease("again", ReleaseKind.RELEASE, SubjectId("P-1"), INMATES, "", "", expiry(60))
    open_release(day, again, OFFICER)
    assert not any(opened.day_retention.due(30, TODAY + timedelta(days=29)).values())
    due = opened.day_retention.due(30, late.at)
    assert ({name: number for name, number in due.items() if number}) == {"releases": 2}
    assert opened.day_retention.expire(30, late) == due
    for gone in ("r-1", "r-2"):
        refused(ErrorCode.RELEASE_UNKNOWN, partial(day.releases.release, gone))
    assert day.releases.release("again").state is ReleaseState.OPEN
    opened.store.verify_events()
