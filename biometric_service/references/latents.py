"""Latents in SQL (``vocabulary.latents.LatentStore``): images, records, marks and where they came from are sealed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.expiring_rows import count_due, delete_due, find_row, page_of, sealed_of
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.numbers import next_number
from biometric_service.references.refusals import latent_unknown
from biometric_service.references.transaction_seals import binding, opened_facts, sealed_facts
from biometric_service.references.transaction_tables import LatentRow as Row
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.latents import Latent, LatentContent, LatentMark, NewLatent, Region
from biometric_service.vocabulary.samples import FingerPosition


class SqlLatentStore:
    """Keeps latents in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def keep(self, latent: NewLatent, event: AuditEvent) -> Latent:
        """Keep it, unless the same image of the same transaction is kept: then that one is returned."""
        with self._database.writing() as connection:
            present = self._same(connection, latent)
            if present is None:
                number = next_number(connection, Row)
                connection.execute(insert(Row), {"number": number, **self._values(latent, event)})
                self._log.append(connection, event)
            return self._find(connection, present or latent.id)

    def latents(self, after: int, limit: int) -> Sequence[Latent]:
        """By number, after the given one."""
        with self._database.reading() as connection:
            return [self._read(row) for row in page_of(connection, Row, after, limit)]

    def latent(self, latent: str) -> Latent:
        """One; LATENT_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            return self._find(connection, latent)

    def content(self, latent: str) -> LatentContent:
        """Its image and records; LATENT_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            sealed = sealed_of(connection, Row, latent)
            return _unpacked(self._keys.current.transactions.open(sealed, binding(Row, latent, "sealed")))

    def mark(self, latent: str, mark: LatentMark, event: AuditEvent) -> Latent:
        """Say what it shows, in the place of what was said before; LATENT_UNKNOWN."""
        with self._database.writing() as connection:
            sealed = self._keys.current.transactions.seal(_packed_mark(mark), binding(Row, latent, "mark"))
            if not connection.execute(update(Row).where(Row.id == latent).values(mark=sealed)).rowcount:
                raise latent_unknown()
            self._log.append(connection, event)
            return self._find(connection, latent)

    def drop(self, latent: str, event: AuditEvent) -> None:
        """Delete it; LATENT_UNKNOWN."""
        with self._database.writing() as connection:
            if not connection.execute(delete(Row).where(Row.id == latent)).rowcount:
                raise latent_unknown()
            self._log.append(connection, event)

    def due(self, now: datetime) -> int:
        """How many ``expire`` would delete at a moment."""
        return count_due(self._database, Row, now)

    def expire(self, event: AuditEvent) -> int:
        """Delete all whose time is over; returns how many, and records nothing where there are none."""
        return delete_due(self._database, self._log, Row, event)

    def _same(self, connection: Connection, latent: NewLatent) -> str | None:
        """The id under which the same image of the same transaction is kept."""
        alike = select(Row.id, Row.facts).where(Row.digest == latent.digest)
        facts = _facts(latent)
        for name, sealed in connection.execute(alike).all():
            if opened_facts(self._keys.current, Row, name, sealed) == facts:
                return str(name)
        return None

    def _find(self, connection: Connection, latent: str) -> Latent:
        return self._read(find_row(connection, Row, latent))

    def _values(self, latent: NewLatent, event: AuditEvent) -> Mapping[str, object]:
        content = _packed(LatentContent(latent.image, latent.records))
        return {
            "id": latent.id,
            "received_at": event.at,
            "sender": event.caller.actor,
            "dpi": latent.dpi,
            "positions": " ".join(map(str, latent.positions)),
            "facts": sealed_facts(self._keys.current, Row, latent.id, _facts(latent)),
            "digest": latent.digest,
            "keep_until": latent.keep_until,
            "sealed": self._keys.current.transactions.seal(content, binding(Row, latent.id, "sealed")),
        }

    def _read(self, row: RowMapping) -> Latent:
        mark = row["mark"] and self._keys.current.transactions.open(row["mark"], binding(Row, row["id"], "mark"))
        facts = opened_facts(self._keys.current, Row, row["id"], row["facts"])
        return Latent(
            number=row["number"],
            id=row["id"],
            received_at=row["received_at"],
            sender=row["sender"],
            dpi=row["dpi"],
            positions=tuple(map(int, row["positions"].split())),
            control=facts["control"],
            origin=facts["origin"],
            digest=row["digest"],
            keep_until=row["keep_until"],
            mark=_unpacked_mark(mark) if mark else None,
        )


def _facts(latent: NewLatent) -> Mapping[str, str]:
    return {"control": latent.control, "origin": latent.origin}


def _packed(content: LatentContent) -> bytes:
    return len(content.image).to_bytes(4, "big") + content.image + content.records


def _unpacked(packed: bytes) -> LatentContent:
    end = 4 + int.from_bytes(packed[:4], "big")
    return LatentContent(packed[4:end], packed[end:])


def _packed_mark(mark: LatentMark) -> bytes:
    return json.dumps(asdict(mark) | {"at": mark.at.isoformat()}).encode()


def _unpacked_mark(packed: bytes) -> LatentMark:
    said = json.loads(packed)
    region = Region(**said["region"]) if said["region"] else None
    at = datetime.fromisoformat(said["at"])
    return LatentMark(said["examiner"], at, FingerPosition(said["position"]), region, said["note"])
