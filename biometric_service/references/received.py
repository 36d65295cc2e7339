"""What other agencies sent, in SQL (``vocabulary.sharing_stores.ReceivedStore``): sealed, and destroyed by a recall.

Beside it, how far the audit log was followed for recalls of our own, and what was reconciled day by day.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from biometric_service.references.database import Database
from biometric_service.references.disclosure_rows import received_binding
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.sharing_refusals import conflict, disclosure_unknown
from biometric_service.references.sharing_tables import ReceivedRow, ReconciliationRow, SharingProgressRow
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.sharing import DisclosureKind, Manifest, Received, Reconciliation, day_of

_ONLY = 1
_SHOWN = select(*(column for column in ReceivedRow.__table__.columns if column.key != "content"))
_COLUMNS = select(*ReceivedRow.__table__.columns)


class SqlReceivedStore:
    """Keeps what comes in in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def add(self, received: Received, event: AuditEvent) -> None:
        """Keep what came; sent again, it is kept once. SHARING_CONFLICT for another content under the same id.

        Recalled before it came, it is kept without its content.
        """
        with self._database.writing() as connection:
            if not self._is_new(connection, received):
                return
            recalls = (ReceivedRow.agency == received.agency, ReceivedRow.about == received.id)
            recalled = connection.scalar(select(ReceivedRow.received_at).where(*recalls))
            kept = replace(received, content=None, recalled_at=recalled) if recalled else received
            self._insert(connection, kept)
            self._log.append(connection, event)

    def recall(self, recall: Received, about: str, event: AuditEvent) -> None:
        """Destroy what a recall is of, and keep that it came, also where the other never did; done once."""
        of_it = (ReceivedRow.agency == recall.agency, ReceivedRow.id == about)
        with self._database.writing() as connection:
            if not self._is_new(connection, recall):
                return
            gone = {"content": None, "recalled_at": event.at}
            connection.execute(update(ReceivedRow).where(*of_it).values(**gone))
            self._insert(connection, recall, about)
            self._log.append(connection, event)

    def received(self, agency: str, disclosure: str) -> Received:
        """One with its content; DISCLOSURE_UNKNOWN, RECORD_TAMPERED."""
        one = (ReceivedRow.agency == agency, ReceivedRow.id == disclosure)
        with self._database.reading() as connection:
            row = connection.execute(_COLUMNS.where(*one)).mappings().one_or_none()
            if row is None:
                raise disclosure_unknown()
            bound = received_binding(agency, disclosure)
            content = None if row["content"] is None else self._keys.current.sharing.open(row["content"], bound)
        return _received(row, content)

    def listed(self, limit: int) -> Sequence[Received]:
        """The newest, without their contents."""
        newest = _SHOWN.order_by(ReceivedRow.received_at.desc(), ReceivedRow.id).limit(limit)
        with self._database.reading() as connection:
            return [_received(row, None) for row in connection.execute(newest).mappings().all()]

    def manifest(self, agency: str, day: str) -> Manifest:
        """What came from an agency of what it sent on a day, recalls and what was recalled since too."""
        came = (ReceivedRow.agency == agency, ReceivedRow.day == day)
        rows = select(ReceivedRow.id, ReceivedRow.digest).where(*came).order_by(ReceivedRow.id)
        with self._database.reading() as connection:
            return Manifest(day, dict(connection.execute(rows).all()))

    def progress(self) -> int:
        """Up to which event the audit log was followed."""
        with self._database.reading() as connection:
            return connection.scalar(select(SharingProgressRow.event)) or 0

    def followed(self, event: int) -> None:
        """The audit log was followed up to this event."""
        with self._database.writing() as connection:
            present = connection.scalar(select(SharingProgressRow.event).with_for_update())
            if present is None:
                connection.execute(insert(SharingProgressRow), {"id": _ONLY, "event": event})
            elif present < event:
                connection.execute(update(SharingProgressRow).values(event=event))

    def reconciled(self, found: Reconciliation, event: AuditEvent) -> None:
        """Keep what a reconciliation found, in the place of an earlier one of the same day."""
        one = (ReconciliationRow.agency == found.agency, ReconciliationRow.day == found.day)
        values = {"at": event.at, "proven": found.proven, "found": json.dumps(asdict(found))}
        with self._database.writing() as connection:
            if not connection.execute(update(ReconciliationRow).where(*one).values(**values)).rowcount:
                connection.execute(insert(ReconciliationRow), {"agency": found.agency, "day": found.day, **values})
            self._log.append(connection, event)

    def reconciliation(self, agency: str, day: str) -> Reconciliation | None:
        """What was found last of a day, None where nobody compared it yet."""
        one = (ReconciliationRow.agency == agency, ReconciliationRow.day == day)
        with self._database.reading() as connection:
            text = connection.scalar(select(ReconciliationRow.found).where(*one))
        if text is None:
            return None
        said: dict[str, Any] = json.loads(text)
        said |= {name: tuple(said[name]) for name in ("missing", "unknown", "differing")}
        return Reconciliation(**said)

    def _is_new(self, connection: Connection, received: Received) -> bool:
        one = (ReceivedRow.agency == received.agency, ReceivedRow.id == received.id)
        there = connection.scalar(select(ReceivedRow.digest).where(*one))
        if there is not None and there != received.digest:
            raise conflict("received_before")
        return there is None

    def _insert(self, connection: Connection, received: Received, about: str = "") -> None:
        bound = received_binding(received.agency, received.id)
        content = None if received.content is None else self._keys.current.sharing.seal(received.content, bound)
        row = {
            "agency": received.agency,
            "id": received.id,
            "kind": received.kind.value,
            "agreement": received.agreement,
            "at": received.at,
            "day": day_of(received.at),
            "digest": received.digest,
            "received_at": received.received_at,
            "recalled_at": received.recalled_at,
            "content": content,
            "about": about,
        }
        connection.execute(insert(ReceivedRow), row)


def _received(row: RowMapping, content: bytes | None) -> Received:
    return Received(
        agency=row["agency"],
        id=row["id"],
        kind=DisclosureKind(row["kind"]),
        agreement=row["agreement"],
        at=row["at"],
        digest=row["digest"],
        received_at=row["received_at"],
        recalled_at=row["recalled_at"],
        content=content,
    )
