"""Quarantine in SQL (``vocabulary.transactions.QuarantineStore``): what could not be taken in, sealed, with the reason.

What is wrong and the name of its file are sealed as well: they tell of the record. Once a transaction is settled its
bytes are gone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.expiring_rows import count_due, delete_due, find_row, page_of, sealed_of
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.numbers import next_number
from biometric_service.references.refusals import transaction_unknown
from biometric_service.references.transaction_seals import binding, opened_facts, sealed_facts
from biometric_service.references.transaction_tables import HeldTransactionRow as Row
from biometric_service.texts.sentences import pack_sentence, unpack_sentence
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.transactions import HeldTransaction, Hold, HoldState, NewHold, Refusal


class SqlQuarantineStore:
    """Keeps held transactions in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def hold(self, held: NewHold, event: AuditEvent) -> HeldTransaction:
        """Keep it, unless the same bytes of the same sender are held: then that one is returned, tried once more."""
        digest = hashlib.sha256(held.data).hexdigest()
        with self._database.writing() as connection:
            same = (Row.digest == digest, Row.sender == event.caller.actor, Row.state == HoldState.HELD)
            present = connection.scalar(select(Row.id).where(*same))
            if present is not None:
                return self._try_again(connection, present, held.refusal, event)
            number = next_number(connection, Row)
            row = {"number": number, "digest": digest, **self._values(held, event)}
            connection.execute(insert(Row), row)
            self._log.append(connection, event)
            return self._find(connection, held.id)

    def held(self, after: int, limit: int, *, settled: bool) -> Sequence[HeldTransaction]:
        """Held or settled ones by number, after the given one."""
        state = Row.state != HoldState.HELD if settled else Row.state == HoldState.HELD
        with self._database.reading() as connection:
            return [self._read(row) for row in page_of(connection, Row, after, limit, state)]

    def find(self, held: str) -> HeldTransaction:
        """One; TRANSACTION_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            return self._find(connection, held)

    def data(self, held: str) -> bytes:
        """Its bytes as they came; TRANSACTION_UNKNOWN, also where it is settled; RECORD_TAMPERED."""
        with self._database.reading() as connection:
            sealed = sealed_of(connection, Row, held)
            return self._keys.current.transactions.open(sealed, binding(Row, held, "sealed"))

    def settle(self, held: str, state: HoldState, event: AuditEvent) -> HeldTransaction:
        """Forget its bytes and note what became of it; TRANSACTION_UNKNOWN where it is not held."""
        with self._database.writing() as connection:
            self._change(connection, held, {"state": state.value, "settled_at": event.at, "sealed": None})
            self._log.append(connection, event)
            return self._find(connection, held)

    def tried(self, held: str, refusal: Refusal, event: AuditEvent) -> HeldTransaction:
        """Note another attempt that failed, and why; TRANSACTION_UNKNOWN where it is not held."""
        with self._database.writing() as connection:
            return self._try_again(connection, held, refusal, event)

    def due(self, now: datetime) -> int:
        """How many ``expire`` would delete at a moment."""
        return count_due(self._database, Row, now)

    def expire(self, event: AuditEvent) -> int:
        """Delete all whose time is over; returns how many, and records nothing where there are none."""
        return delete_due(self._database, self._log, Row, event)

    def _try_again(self, connection: Connection, held: str, refusal: Refusal, event: AuditEvent) -> HeldTransaction:
        values = {"attempts": Row.attempts + 1, **self._refused(held, refusal)}
        self._change(connection, held, values)
        self._log.append(connection, event)
        return self._find(connection, held)

    @staticmethod
    def _change(connection: Connection, held: str, values: Mapping[str, object]) -> None:
        which = update(Row).where(Row.id == held, Row.state == HoldState.HELD)
        if not connection.execute(which.values(**values)).rowcount:
            raise transaction_unknown()

    def _find(self, connection: Connection, held: str) -> HeldTransaction:
        return self._read(find_row(connection, Row, held))

    def _values(self, held: NewHold, event: AuditEvent) -> Mapping[str, object]:
        return {
            "id": held.id,
            "received_at": event.at,
            "sender": event.caller.actor,
            "facts": sealed_facts(self._keys.current, Row, held.id, {"name": held.name}),
            "profile": held.profile,
            "size": len(held.data),
            "state": HoldState.HELD.value,
            "attempts": 1,
            "keep_until": held.keep_until,
            "sealed": self._keys.current.transactions.seal(held.data, binding(Row, held.id, "sealed")),
            **self._refused(held.id, held.refusal),
        }

    def _refused(self, held: str, refusal: Refusal) -> Mapping[str, object]:
        why = self._keys.current.transactions.seal(pack_sentence(refusal.why), binding(Row, held, "why"))
        return {"reason": refusal.reason.value, "why": why}

    def _read(self, row: RowMapping) -> HeldTransaction:
        why = self._keys.current.transactions.open(row["why"], binding(Row, row["id"], "why"))
        return HeldTransaction(
            number=row["number"],
            id=row["id"],
            received_at=row["received_at"],
            sender=row["sender"],
            name=opened_facts(self._keys.current, Row, row["id"], row["facts"])["name"],
            profile=row["profile"],
            digest=row["digest"],
            size=row["size"],
            refusal=_refusal(Hold(row["reason"]), why),
            state=HoldState(row["state"]),
            attempts=row["attempts"],
            keep_until=row["keep_until"],
            settled_at=row["settled_at"],
        )


def _refusal(reason: Hold, why: bytes) -> Refusal:
    """Earlier versions kept words in English."""
    try:
        return Refusal(reason, unpack_sentence(why))
    except ValueError:
        return Refusal.said(reason, why.decode())
