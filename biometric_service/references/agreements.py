"""Agreements in SQL (``vocabulary.sharing_stores.AgreementStore``): sealed, and bound against replay, like API keys.

Each version is a row. It is in force once two officers signed it, and ends with its withdrawal or the next version.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.refusals import check_name
from biometric_service.references.rights import RightsSeal
from biometric_service.references.sharing_refusals import agreement_unknown, conflict, no_agreement
from biometric_service.references.sharing_tables import AgreementRow, DisclosureRow
from biometric_service.references.terms import pack_terms, unpack_terms
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.sharing import (
    Agreement,
    DisclosureKind,
    DisclosureState,
    Signature,
    Terms,
    agencies_of,
)
from biometric_service.vocabulary.sharing import agreement_id as id_of

_COLUMNS = select(*AgreementRow.__table__.columns)
UNSENT = (DisclosureState.AWAITING_REVIEW.value, DisclosureState.PENDING.value, DisclosureState.FAILED.value)


class SqlAgreementStore:
    """Keeps agreements in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._seal = agreement_seal(lambda: keys.current.agreements)
        self._log = log
        self._anchored = AnchoredRights(AgreementRow, log)

    def propose(self, name: str, terms: Terms, event: AuditEvent) -> Agreement:
        """Keep the next version of an agreement, which nobody has signed yet; REQUEST_INVALID."""
        check_name(name, "name of the agreement")
        with self._database.writing() as connection:
            last = connection.scalar(select(func.max(AgreementRow.version)).where(AgreementRow.name == name)) or 0
            row = _new_row(name, last + 1, terms, event)
            connection.execute(insert(AgreementRow), self._seal.sealed(row))
            self._anchored.bind(connection)
            self._log.append(connection, event)
            return _agreement(_row(connection, str(row["id"])))

    def sign(self, agreement: str, event: AuditEvent) -> Agreement:
        """Put the caller's name to a version; with the second one it comes into force, in the place of earlier ones.

        AGREEMENT_UNKNOWN; SHARING_CONFLICT where the officer has signed already, or it has ended.
        """
        with self._database.writing() as connection:
            present = self._read(connection, agreement)
            if present.ended_at is not None or present.terms.until <= event.at:
                raise conflict("ended")
            if event.caller.is_one_of(*(each.officer for each in present.signatures)):
                raise conflict("signed")
            signatures = (*present.signatures, Signature(event.caller.officer, event.at))
            signed = self._write(connection, agreement, signatures=_packed(signatures))
            if signed.signed:
                self._supersede(connection, signed, event.at)
            self._anchored.bind(connection)
            self._log.append(connection, event)
            return signed

    def withdraw(self, agreement: str, event: AuditEvent) -> Agreement:
        """End a version at once: what is under way is cancelled with it; AGREEMENT_UNKNOWN, SHARING_CONFLICT."""
        with self._database.writing() as connection:
            if self._read(connection, agreement).ended_at is not None:
                raise conflict("ended_already")
            ended = self._write(connection, agreement, revoked_at=event.at.astimezone(UTC))
            self._anchored.bind(connection)
            cancel_unsent(connection, agreement, "The agreement was withdrawn.")
            self._log.append(connection, event)
            return ended

    def agreement(self, agreement: str) -> Agreement:
        """One version; AGREEMENT_UNKNOWN, RECORD_TAMPERED, RIGHTS_REPLAYED."""
        with self._database.reading() as connection:
            return self._read(connection, agreement)

    def agreements(self) -> Sequence[Agreement]:
        """Every version, by name and version."""
        with self._database.reading() as connection:
            return self._every(connection)

    def require(self, connection: Connection, agreement: str, at: datetime) -> Agreement:
        """The version, in the caller's transaction; SHARING_REFUSED unless it is in force."""
        found = self._read(connection, agreement)
        if not found.in_force(at):
            raise no_agreement()
        return found

    def agencies_of(self, connection: Connection, principal: str) -> frozenset[str]:
        """Which agencies a caller is, in the caller's transaction."""
        return agencies_of(self._every(connection), principal)

    def _supersede(self, connection: Connection, by: Agreement, at: datetime) -> None:
        earlier = select(AgreementRow.id).where(
            AgreementRow.name == by.name, AgreementRow.version < by.version, AgreementRow.revoked_at.is_(None)
        )
        for name in connection.scalars(earlier).all():
            self._write(connection, name, revoked_at=at.astimezone(UTC))
            cancel_unsent(connection, name, "A later version of the agreement took its place.")

    def _write(self, connection: Connection, agreement: str, **values: object) -> Agreement:
        """Change a row whose seal held; the head is to be bound to it then."""
        sealed = self._seal.sealed({**_row(connection, agreement), **values})
        connection.execute(update(AgreementRow).where(AgreementRow.id == agreement).values(**sealed))
        return _agreement(_row(connection, agreement))

    def _every(self, connection: Connection) -> Sequence[Agreement]:
        rows = connection.execute(_COLUMNS.order_by(AgreementRow.name, AgreementRow.version)).mappings().all()
        return [self._checked(connection, row) for row in rows]

    def _read(self, connection: Connection, agreement: str) -> Agreement:
        return self._checked(connection, _row(connection, agreement))

    def _checked(self, connection: Connection, row: RowMapping) -> Agreement:
        self._seal.in_force(row)
        self._anchored.require(connection, row["id"], row["seal"])
        return _agreement(row)


def agreement_seal(key: Callable[[], bytes]) -> RightsSeal:
    """The seal of agreements."""
    return RightsSeal(key, "An agreement")


def cancel_unsent(connection: Connection, agreement: str, note: str) -> None:
    """Let nothing more leave under a version but recalls; what was not sent yet is destroyed."""
    of_it = (DisclosureRow.agreement == agreement, DisclosureRow.kind != DisclosureKind.RECALL.value)
    cancelled = {"state": DisclosureState.CANCELLED.value, "draft": None, "payload": None, "note": note}
    connection.execute(update(DisclosureRow).where(*of_it, DisclosureRow.state.in_(UNSENT)).values(**cancelled))


def _row(connection: Connection, agreement: str) -> RowMapping:
    row = connection.execute(_COLUMNS.where(AgreementRow.id == agreement)).mappings().one_or_none()
    if row is None:
        raise agreement_unknown()
    return row


def _new_row(name: str, version: int, terms: Terms, event: AuditEvent) -> dict[str, object]:
    return {
        "id": id_of(name, version),
        "name": name,
        "version": version,
        "terms": pack_terms(terms),
        "proposed_by": event.caller.officer,
        "proposed_at": event.at.astimezone(UTC),
        "signatures": [],
        "expires_at": terms.until.astimezone(UTC),
        "revoked_at": None,
    }


def _packed(signatures: Sequence[Signature]) -> list[str]:
    return [json.dumps([each.officer, each.at.astimezone(UTC).isoformat()]) for each in signatures]


def _agreement(row: RowMapping) -> Agreement:
    signed = (json.loads(each) for each in row["signatures"])
    return Agreement(
        name=row["name"],
        version=row["version"],
        terms=unpack_terms(row["terms"]),
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        signatures=tuple(Signature(officer, datetime.fromisoformat(at)) for officer, at in signed),
        ended_at=row["revoked_at"],
    )
