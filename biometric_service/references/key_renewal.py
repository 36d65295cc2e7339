"""Everything sealed anew, under new data keys and a new store key, while the store is in use.

The new store key is kept beside the old one until no data key is under the old one any more; then, in one transaction,
it takes over whatever is derived from it. Each subject is one transaction, so that a renewal that was cut off at any
moment goes on where it was. Who has the old store key and a copy of the store learns nothing written afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from biometric_service.references.agreements import agreement_seal
from biometric_service.references.anchored import bind_all
from biometric_service.references.api_keys import api_key_seal
from biometric_service.references.card_tables import CardRow
from biometric_service.references.cases import reseal_cases
from biometric_service.references.day_notes import reseal_day
from biometric_service.references.disclosure_rows import reseal_sharing
from biometric_service.references.idempotency import reseal_answers
from biometric_service.references.intakes import reseal_intakes
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import ApiKeyRow, DataKeyRow, DeviceRow, StoreRow, SubjectRow
from biometric_service.references.numbers import STORE
from biometric_service.references.opening import OpenedStore
from biometric_service.references.protection import KEY_ID_BYTES, SEALED_KEY_BYTES, DataKey, StoreKey
from biometric_service.references.rights import RightsSeal, reseal
from biometric_service.references.sealed_columns import SEALED_COLUMNS
from biometric_service.references.sharing_tables import AgreementRow
from biometric_service.references.snapshot_keys import destroy_snapshot_key
from biometric_service.references.subscriptions import reseal_subscriptions
from biometric_service.references.tasks import reseal_tasks
from biometric_service.references.transaction_seals import reseal_transactions
from biometric_service.references.witness import FORMER_KEY
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import SubjectId


@dataclass(frozen=True, slots=True)
class Progress:
    """How many subjects are under the new key, of how many."""

    done: int
    of: int


def renew(opened: OpenedStore, event: AuditEvent) -> Iterator[Progress]:
    """Begin a renewal or go on with one; the store is under its new key once the iterator has ended.

    RECORD_TAMPERED where something does not open: the renewal stops there and can be gone on with.
    """
    new = _begun(opened)
    yield _progress(opened, new)
    while True:
        done = _renew_next(opened, new) or _finish(opened, new, event)
        yield _progress(opened, new)
        if done == _FINISHED:
            break
    opened.database.shed()


_FINISHED = -1


def _begun(opened: OpenedStore) -> StoreKey:
    with opened.database.writing() as connection:
        if opened.keys.next is None:
            following = opened.keys.master.new_store_key()
            connection.execute(update(StoreRow).where(StoreRow.id == STORE).values(next_store_key=following))
            opened.keys.sync(connection)
    assert opened.keys.next
    return opened.keys.next


def _progress(opened: OpenedStore, new: StoreKey) -> Progress:
    with opened.database.reading() as connection:
        everyone = connection.scalar(select(func.count()).select_from(DataKeyRow)) or 0
        left = connection.scalar(select(func.count()).select_from(DataKeyRow).where(_not_under(new))) or 0
    return Progress(everyone - left, everyone)


def _renew_next(opened: OpenedStore, new: StoreKey) -> int:
    """Seal one subject anew; returns its number, 0 where there is none left."""
    with opened.database.writing() as connection:
        subject = connection.scalar(_left(new).limit(1)) or 0
        if subject:
            _renew_subject(connection, opened.keys, new, subject)
    return subject


def _finish(opened: OpenedStore, new: StoreKey, event: AuditEvent) -> int:
    """Let the new key take over; returns 0 where somebody was enrolled meanwhile under the old one."""
    with opened.database.writing() as connection:
        if connection.scalar(_left(new).limit(1)) is not None:
            return 0
        present = opened.keys.current
        reseal(connection, ApiKeyRow, api_key_seal(lambda: present.api_keys), api_key_seal(lambda: new.api_keys))
        reseal(
            connection, DeviceRow, RightsSeal(lambda: present.devices, "A device"), RightsSeal(lambda: new.devices, "")
        )
        present_seal, new_seal = agreement_seal(lambda: present.agreements), agreement_seal(lambda: new.agreements)
        reseal(connection, AgreementRow, present_seal, new_seal)
        reseal_sharing(connection, present, new)
        reseal(connection, CardRow, RightsSeal(lambda: present.cards, "A card"), RightsSeal(lambda: new.cards, ""))
        reseal_answers(connection, present, new)
        reseal_tasks(connection, present, new)
        reseal_cases(connection, present, new)
        reseal_subscriptions(connection, present, new)
        reseal_day(connection, present, new)
        reseal_transactions(connection, present, new)
        reseal_intakes(connection, present, new)
        destroy_snapshot_key(connection)
        bind_all(connection, opened.log, new)
        opened.log.append(connection, replace(event, details={**event.details, FORMER_KEY: present.public_key.hex()}))
        opened.log.reclose(connection, new.audit)
        taken_over = {"store_key": StoreRow.next_store_key, "next_store_key": None}
        connection.execute(update(StoreRow).where(StoreRow.id == STORE).values(taken_over))
    return _FINISHED


def _renew_subject(connection: Connection, keys: KeyRing, new: StoreKey, subject: int) -> None:
    row = select(SubjectRow.id, DataKeyRow.wrapped).join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    known_as, wrapped = connection.execute(row.where(SubjectRow.number == subject)).one()
    old = keys.data_key(wrapped, subject, SubjectId(known_as))
    fresh = new.new_data_key(subject, SubjectId(known_as))
    _reseal_blobs(connection, subject, old, new.data_key(fresh, subject, SubjectId(known_as)))
    connection.execute(update(DataKeyRow).where(DataKeyRow.subject == subject).values(wrapped=fresh))


def _reseal_blobs(connection: Connection, subject: int, old: DataKey, new: DataKey) -> None:
    for column in SEALED_COLUMNS:
        for number, blob, *belonging in connection.execute(column.of(subject)).all():
            binding = column.binding(*belonging)
            sealed = new.seal(old.open(blob, binding), binding)
            connection.execute(column.put(number, sealed))


def _left(new: StoreKey) -> Select[int]:
    return select(DataKeyRow.subject).where(_not_under(new)).order_by(DataKeyRow.subject)


def _not_under(new: StoreKey) -> ColumnElement[bool]:
    """Not wrapped by this key: another id before it, or, in what is older than ids, none."""
    length = func.length(DataKeyRow.wrapped)
    whole = length == KEY_ID_BYTES + SEALED_KEY_BYTES
    return ~and_(whole, func.substr(DataKeyRow.wrapped, 1, KEY_ID_BYTES) == new.id)
