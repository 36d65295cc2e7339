"""Held transactions and latents in the store, on every database: sealed, found again, and gone when they are over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from benchmarks.throughput.random_encounters import audit_event
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import ErrorCode
from biometric_service.interchange.quarantine import due
from biometric_service.references.backup import create_backup, restore_backup
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.schema import downgrade
from biometric_service.references.transaction_seals import binding
from biometric_service.references.transaction_tables import HeldTransactionRow
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.latents import LatentMark, NewLatent, Region
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.transactions import Hold, HoldState, NewHold, Refusal
from tests.stores import refused

NOW = datetime.now(UTC)
DATA = b"1.001:42 who it is about"
REFUSAL = Refusal.said(Hold.CUT_SHORT, "Its Type-14 record is cut short.")
MARK = LatentMark("examiner", NOW, FingerPosition.LEFT_THUMB, Region(1, 2, 3, 4), "from a door")


def event(kind: EventKind = EventKind.TRANSACTION_HELD, at: datetime = NOW, actor: str = "police") -> AuditEvent:
    return AuditEvent(kind, at, Caller(actor, "intake"))


def hold(name: str = "h1", days: int = 30) -> NewHold:
    return NewHold(name, DATA, REFUSAL, "card.an2", "belize", NOW + timedelta(days=days))


def latent(name: str = "l1", days: int = 30) -> NewLatent:
    return NewLatent(
        name, b"image", 500.0, b"13.001:records", (2, 7), "TCN", "BZPOLICE", "ab" * 32, NOW + timedelta(days)
    )


def test_what_is_held_is_found_again_with_its_reason_and_who_sent_it(opened: OpenedStore) -> None:
    held = opened.quarantine.hold(hold(), event())
    assert (held.sender, held.received_at, held.refusal, held.size) == ("police", NOW, REFUSAL, len(DATA))
    assert (held.state, held.attempts, held.name, held.profile) == (HoldState.HELD, 1, "card.an2", "belize")
    assert opened.quarantine.find("h1") == held
    assert opened.quarantine.data("h1") == DATA
    assert list(opened.quarantine.held(0, 10, settled=False)) == [held]
    assert opened.quarantine.held(held.number, 10, settled=False) == []
    assert opened.store.events(0, 10)[-1].event.kind is EventKind.TRANSACTION_HELD


def test_the_same_bytes_of_one_sender_are_held_once(opened: OpenedStore) -> None:
    opened.quarantine.hold(hold(), event())
    again = opened.quarantine.hold(hold("h2"), event())
    assert (again.id, again.attempts) == ("h1", 2)
    assert opened.quarantine.hold(hold("h3"), event(actor="courts")).id == "h3"
    other = Refusal.said(Hold.IMAGE_UNREADABLE, "Record 2: damaged.")
    assert opened.quarantine.tried("h1", other, event()).refusal == other


def test_why_it_is_held_is_kept_to_be_said_in_any_language_and_was_kept_in_english(opened: OpenedStore) -> None:
    exact = Refusal.of(Hold.FIELD_MISSING, "missing", field="2.010", name="Name")
    held = opened.quarantine.hold(replace(hold(), refusal=exact), event())
    assert (held.refusal, held.refusal.why.told("es")) == (exact, "Falta el campo 2.010 (Name).")
    earlier = opened.keys.current.transactions.seal(b"It ends.", binding(HeldTransactionRow, "h1", "why"))
    with opened.database.writing() as connection:
        connection.execute(update(HeldTransactionRow).values(why=earlier))
    found = opened.quarantine.find("h1").refusal
    assert (str(found.why), found.why.told("es")) == (
        "It ends.",
        "Falta un campo que exige la norma o el perfil.",
    )


@pytest.mark.parametrize("state", [HoldState.RELEASED, HoldState.TAKEN_IN])
def test_what_is_settled_has_no_bytes_any_more_and_is_not_settled_twice(opened: OpenedStore, state: HoldState) -> None:
    opened.quarantine.hold(hold(), event())
    settled = opened.quarantine.settle("h1", state, event(EventKind.TRANSACTION_RELEASED))
    assert (settled.state, settled.settled_at) == (state, NOW)
    assert list(opened.quarantine.held(0, 10, settled=True)) == [settled]
    for act in (
        lambda: opened.quarantine.data("h1"),
        lambda: opened.quarantine.settle("h1", state, event()),
        lambda: opened.quarantine.tried("h1", REFUSAL, event()),
        lambda: opened.quarantine.find("h9"),
    ):
        refused(ErrorCode.TRANSACTION_UNKNOWN, act)


def test_what_is_over_is_deleted_and_only_then_told_of(opened: OpenedStore) -> None:
    opened.quarantine.hold(hold(), event())
    opened.latents.keep(latent(), event(EventKind.LATENT_RECEIVED))
    before = len(opened.store.events(0, 100))
    early, late = event(EventKind.TRANSACTIONS_EXPIRED), event(EventKind.TRANSACTIONS_EXPIRED, NOW + timedelta(31))
    assert due(opened.quarantine, opened.latents, early.at) == (0, 0)
    assert due(opened.quarantine, opened.latents, late.at) == (1, 1)
    assert (opened.quarantine.expire(early), opened.latents.expire(early)) == (0, 0)
    assert len(opened.store.events(0, 100)) == before
    assert (opened.quarantine.expire(late), opened.latents.expire(late)) == (1, 1)
    assert len(opened.store.events(0, 100)) == before + 2
    refused(ErrorCode.TRANSACTION_UNKNOWN, lambda: opened.quarantine.find("h1"))
    refused(ErrorCode.LATENT_UNKNOWN, lambda: opened.latents.latent("l1"))


def test_a_latent_is_kept_once_and_marked_as_often_as_need_be(opened: OpenedStore) -> None:
    kept = opened.latents.keep(latent(), event(EventKind.LATENT_RECEIVED))
    assert (kept.positions, kept.dpi, kept.control, kept.origin) == ((2, 7), 500.0, "TCN", "BZPOLICE")
    assert kept.mark is None
    assert opened.latents.keep(latent("l2"), event()) == kept
    content = opened.latents.content("l1")
    assert (content.image, content.records) == (b"image", b"13.001:records")
    marked = opened.latents.mark("l1", MARK, event(EventKind.LATENT_MARKED))
    assert marked.mark == MARK
    assert list(opened.latents.latents(0, 10)) == [marked]
    opened.latents.drop("l1", event(EventKind.LATENT_DELETED))
    for act in (
        lambda: opened.latents.content("l1"),
        lambda: opened.latents.mark("l1", MARK, event()),
        lambda: opened.latents.drop("l1", event()),
    ):
        refused(ErrorCode.LATENT_UNKNOWN, act)


def test_nothing_of_it_lies_in_the_clear_and_a_renewal_seals_it_anew(opened: OpenedStore) -> None:
    opened.quarantine.hold(hold(), event())
    opened.latents.keep(latent(), event(EventKind.LATENT_RECEIVED))
    opened.latents.mark("l1", MARK, event(EventKind.LATENT_MARKED))
    before = blobs(opened)
    told = b"".join([*before, *clear(opened)])
    secrets = (DATA, str(REFUSAL.why).encode(), b"card.an2", b"BZPOLICE", b"TCN", b"image", b"records", b"door")
    assert not [each for each in secrets if each in told]
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert not set(before) & set(blobs(opened))
    assert opened.quarantine.data("h1") == DATA
    assert (opened.quarantine.find("h1").refusal, opened.quarantine.find("h1").name) == (REFUSAL, "card.an2")
    assert opened.latents.latent("l1").origin == "BZPOLICE"
    assert opened.latents.content("l1").image == b"image"
    assert opened.latents.latent("l1").mark == MARK


def test_a_backup_carries_it(opened: OpenedStore, tmp_path: Path) -> None:
    opened.quarantine.hold(hold(), event())
    opened.latents.keep(latent(), event(EventKind.LATENT_RECEIVED))
    opened.latents.mark("l1", MARK, event(EventKind.LATENT_MARKED))
    key, backup, url = KeyFile(tmp_path / "master.key"), tmp_path / "one.backup", f"sqlite:///{tmp_path}/again/store.db"
    create_backup(opened, backup, audit_event(EventKind.BACKUP_CREATED))
    restore_backup(backup, url, key, ChainedLog)
    again = open_store(url, key, ChainedLog)
    assert again.quarantine.data("h1") == DATA
    assert (again.latents.content("l1").image, again.latents.latent("l1").mark) == (b"image", MARK)
    again.close()


def test_a_blob_that_was_moved_does_not_open(opened: OpenedStore) -> None:
    opened.quarantine.hold(hold(), event())
    opened.quarantine.hold(hold("h2"), event(actor="courts"))
    with opened.database.writing() as connection:
        connection.execute(
            text("UPDATE held_transactions SET sealed = (SELECT sealed FROM held_transactions WHERE id = 'h2')")
        )
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.quarantine.data("h1"))


def test_what_a_store_of_before_has_in_the_clear_is_sealed_when_it_is_opened(tmp_path: Path) -> None:
    url, key = f"sqlite:///{tmp_path}/store.db", KeyFile(tmp_path / "master.key")
    opened = open_store(url, key, ChainedLog)
    opened.quarantine.hold(hold(), event())
    opened.latents.keep(latent(), event(EventKind.LATENT_RECEIVED))
    with opened.database.writing() as connection:
        downgrade(connection, "17")
        connection.execute(text("UPDATE held_transactions SET name = 'card.an2'"))
        connection.execute(text("UPDATE latents SET control = 'TCN', origin = 'BZPOLICE'"))
    opened.close()
    again = open_store(url, key, ChainedLog)
    assert again.quarantine.find("h1").name == "card.an2"
    assert (again.latents.latent("l1").control, again.latents.latent("l1").origin) == ("TCN", "BZPOLICE")
    told = b"".join([*blobs(again), *clear(again)])
    assert not [each for each in (b"card.an2", b"TCN", b"BZPOLICE") if each in told]
    again.close()


def clear(opened: OpenedStore) -> list[bytes]:
    """Everything in the rows but blobs."""
    with opened.database.reading() as connection:
        rows = [
            row
            for table in ("held_transactions", "latents")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    return [str([each for each in row if not isinstance(each, bytes | memoryview)]).encode() for row in rows]


def blobs(opened: OpenedStore) -> list[bytes]:
    queries = (
        "SELECT sealed FROM held_transactions",
        "SELECT why FROM held_transactions",
        "SELECT facts FROM held_transactions",
        "SELECT facts FROM latents",
        "SELECT sealed FROM latents",
        "SELECT mark FROM latents",
    )
    with opened.database.reading() as connection:
        return [bytes(blob) for query in queries for blob in connection.scalars(text(query)) if blob]
