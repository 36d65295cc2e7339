"""Cards on every database: a code says nothing by itself, and one that was revoked cannot be brought back."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import delete, insert, select

from benchmarks.throughput.random_encounters import audit_event, random_encounter
from biometric_service.errors import ErrorCode
from biometric_service.references.card_tables import CardRow
from biometric_service.references.key_renewal import renew
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.cards import Card
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from tests.stores import refused

SUBJECT = SubjectId("P-1")
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def enrolled(opened: OpenedStore) -> None:
    for seed, name in enumerate(("P-1", "P-2")):
        opened.store.enrol(random_encounter(seed, name, f"of {name}"), audit_event())


def issued(opened: OpenedStore, lasts: timedelta = YEAR) -> Card:
    return opened.cards.issue(SUBJECT, datetime.now(UTC) + lasts, audit_event(EventKind.CARD_ISSUED))


def invalid(opened: OpenedStore, code: str) -> None:
    refused(ErrorCode.CARD_INVALID, lambda: opened.cards.resolve(code))


def rows(opened: OpenedStore) -> list[Mapping[str, Any]]:
    with opened.database.reading() as connection:
        return [dict(row) for row in connection.execute(select(CardRow.__table__)).mappings()]


def test_a_code_leads_to_its_subject_and_says_nothing_itself(opened: OpenedStore) -> None:
    card, other = issued(opened), issued(opened)
    assert opened.cards.resolve(card.code).subject == SUBJECT
    assert {each.id for each in opened.cards.cards(SUBJECT)} == {card.id, other.id}
    assert b"P-1" not in base64.b32decode(card.code.removeprefix("BSC1.") + "=")
    assert len(card.code) < 150
    assert set(card.code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.1")


def test_anybody_can_check_a_code_with_the_public_key(opened: OpenedStore) -> None:
    code = base64.b32decode(issued(opened).code.removeprefix("BSC1.") + "=")
    key = Ed25519PublicKey.from_public_bytes(opened.keys.current.public_key)
    key.verify(code[20:], b"biometric-card-1\n" + code[:20])
    expiry = datetime.fromtimestamp(int.from_bytes(code[16:20]), UTC)
    assert timedelta(days=364) < expiry - datetime.now(UTC) < timedelta(days=366)


def test_a_code_that_was_changed_made_up_or_cut_is_none(opened: OpenedStore) -> None:
    code = issued(opened).code
    forged = [code[:-1], code[:40] + ("A" if code[40] != "A" else "B") + code[41:], code.lower(), "BSC1.", "", "P-1"]
    forged += [code.replace("BSC1.", ""), code[:5] + "AAAA" + code[9:], "BSC1." + "A" * 135, code + "A"]
    for each in forged:
        invalid(opened, each)


def test_a_card_ends_when_it_is_revoked_and_when_its_time_is_over(opened: OpenedStore) -> None:
    card, over = issued(opened), issued(opened, timedelta(hours=-1))
    invalid(opened, over.code)
    opened.cards.revoke(card.id, audit_event(EventKind.CARD_REVOKED))
    invalid(opened, card.code)
    refused(ErrorCode.CARD_INVALID, lambda: opened.cards.revoke(card.id, audit_event()))
    assert opened.cards.cards(SUBJECT) == []


def test_a_revoked_card_cannot_be_put_back_and_none_given_to_another(opened: OpenedStore) -> None:
    card = issued(opened)
    (before,) = rows(opened)
    opened.cards.revoke(card.id, audit_event(EventKind.CARD_REVOKED))
    with opened.database.writing() as connection:
        connection.execute(delete(CardRow))
        connection.execute(insert(CardRow), before)
    refused(ErrorCode.RIGHTS_REPLAYED, lambda: opened.cards.resolve(card.code))
    with opened.database.writing() as connection:
        connection.execute(delete(CardRow))
    issued(opened)
    with opened.database.writing() as connection:
        connection.execute(CardRow.__table__.update().values(subject=2))  # type: ignore[attr-defined]
    (changed,) = rows(opened)
    refused(ErrorCode.RECORD_TAMPERED, lambda: opened.cards.revoke(changed["id"], audit_event()))


def test_a_card_outlives_a_renewal_of_the_keys_and_a_merge_but_not_its_subject(opened: OpenedStore) -> None:
    card = issued(opened)
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert opened.cards.resolve(card.code).subject == SUBJECT
    opened.encounters.merge(SUBJECT, SubjectId("P-2"), audit_event())
    assert opened.cards.resolve(card.code).subject == "P-2"
    opened.store.erase(SubjectId("P-2"), audit_event())
    invalid(opened, card.code)
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: issued(opened))
