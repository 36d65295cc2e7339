"""Disclosures in SQL (``vocabulary.sharing_stores.DisclosureStore``).

What left, how far it got, and what was sent after it. A disclosure is its own entry in the queue of deliveries: whoever
claims it holds it until a moment. It is made, with its audit event, in a transaction that sees its agreement in force
and the person as the message tells of them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, insert, select, update
from sqlalchemy.orm import aliased

from biometric_service.references.agreements import UNSENT, SqlAgreementStore
from biometric_service.references.database import Database
from biometric_service.references.disclosure_rows import (
    about_person,
    binding,
    copy_people,
    disclosures_of,
    new_values,
    note_people,
    row_of,
)
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.leases import is_free
from biometric_service.references.numbers import next_number
from biometric_service.references.refusals import require_version
from biometric_service.references.sharing_refusals import conflict, disclosure_unknown
from biometric_service.references.sharing_tables import ApprovalRow, DisclosureRow
from biometric_service.references.subjects import summarise
from biometric_service.vocabulary.events import AuditEvent, Caller
from biometric_service.vocabulary.references import Guard, SubjectId
from biometric_service.vocabulary.sharing import (
    OFFICERS,
    Channel,
    Disclosure,
    DisclosureKind,
    DisclosureState,
    Manifest,
    Message,
    Outgoing,
)
from biometric_service.vocabulary.statements import Signer

LEFT = (DisclosureState.SENT.value, DisclosureState.ACKNOWLEDGED.value)
_RECALL = DisclosureRow.kind == DisclosureKind.RECALL.value
_TO_DELIVER = DisclosureRow.state.in_([DisclosureState.PENDING.value, DisclosureState.SENT.value])


class SqlDisclosureStore:
    """Keeps disclosures in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog, agreements: SqlAgreementStore) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._agreements = agreements

    @property
    def signer(self) -> Signer:
        """What messages, receipts and manifests are signed with; another key once the store key was renewed."""
        return self._keys.current

    def add(self, message: Message, event: AuditEvent) -> Disclosure:
        """Keep what is to leave; made by the same cause before, that one is returned and nothing is written.

        SHARING_REFUSED unless its agreement is in force, VERSION_MISMATCH where the person was changed since it was
        read, SUBJECT_UNKNOWN where the person was erased.
        """
        with self._database.writing() as connection:
            before = _caused_by(connection, message.cause)
            if before is not None:
                return disclosures_of(connection, [before])[0]
            self._agreements.require(connection, message.agreement.id, event.at)
            if message.subject is not None and message.subject_version is not None:
                version = summarise(connection, message.subject).version
                require_version(version, Guard(version=message.subject_version))
            made = self._insert(connection, message, event)
            if message.subject is not None:
                note_people(connection, made.number, message.subject)
            return made

    def recall(self, disclosure: Disclosure, message: Message, note: str, event: AuditEvent) -> None:
        """Stop what waits, and send a recall after what left or may have; done once for each disclosure."""
        with self._database.writing() as connection:
            row = row_of(connection, disclosure.id)
            if row["state"] in UNSENT:
                stopped = {"state": DisclosureState.CANCELLED.value, "draft": None, "payload": None, "note": note}
                self._set(connection, disclosure.id, **stopped)
            if not _may_have_left(row):
                if row["state"] in UNSENT:
                    self._log.append(connection, event)
            elif _caused_by(connection, message.cause) is None:
                self._set(connection, disclosure.id, payload=None)
                copy_people(connection, disclosure.number, self._insert(connection, message, event).number)

    def approve(self, disclosure: str, event: AuditEvent) -> Disclosure:
        """Let it go, each officer once and nobody their own work; with the second one it is sent.

        DISCLOSURE_UNKNOWN, SHARING_CONFLICT, SHARING_REFUSED where its agreement is no longer in force.
        """
        with self._database.writing() as connection:
            row = _awaiting(connection, disclosure, event.caller)
            self._agreements.require(connection, row["agreement"], event.at)
            approval = {"disclosure": row["number"], "officer": event.caller.officer, "at": event.at}
            connection.execute(insert(ApprovalRow), approval)
            count = select(func.count()).select_from(ApprovalRow).where(ApprovalRow.disclosure == row["number"])
            if (connection.scalar(count) or 0) >= OFFICERS:
                self._set(connection, disclosure, state=DisclosureState.PENDING.value, draft=None, due_at=event.at)
            self._log.append(connection, event)
            return _read(connection, disclosure)

    def refuse(self, disclosure: str, note: str, event: AuditEvent) -> Disclosure:
        """Hold it back for good; DISCLOSURE_UNKNOWN, SHARING_CONFLICT."""
        with self._database.writing() as connection:
            _awaiting(connection, disclosure, event.caller)
            refused = {"state": DisclosureState.REFUSED.value, "draft": None, "payload": None, "note": note}
            self._set(connection, disclosure, **refused)
            self._log.append(connection, event)
            return _read(connection, disclosure)

    def draft(self, disclosure: str) -> bytes:
        """What it says, as long as it waits for its review; DISCLOSURE_UNKNOWN, SHARING_CONFLICT, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            sealed = row_of(connection, disclosure)["draft"]
            if sealed is None:
                raise conflict("not_to_be_seen")
            return self._keys.current.sharing.open(sealed, binding(disclosure))

    def disclosure(self, disclosure: str) -> Disclosure:
        """One; DISCLOSURE_UNKNOWN."""
        with self._database.reading() as connection:
            return _read(connection, disclosure)

    def of_subject(self, subject: SubjectId) -> Sequence[Disclosure]:
        """Everything that was shared of a person under any of their ids, and the recalls of it, oldest first."""
        with self._database.reading() as connection:
            about = about_person(connection, subject)
        return self._listed(about)

    def of_agreement(self, agreement: str) -> Sequence[Disclosure]:
        """Everything under one version of an agreement, oldest first."""
        return self._listed(DisclosureRow.agreement == agreement)

    def listed(
        self,
        after: int,
        limit: int,
        state: DisclosureState | None,
        agreement: str | None = None,
        *,
        newest: bool = False,
    ) -> Sequence[Disclosure]:
        """A page by number, after the given one; in one state, or all; under one agreement, or all.

        ``newest``: the newest first, from before the given number on, 0 for from the last.
        """
        wanted = DisclosureRow.number < after if newest and after else DisclosureRow.number > after
        if state is not None:
            wanted &= DisclosureRow.state == state.value
        if agreement is not None:
            wanted &= DisclosureRow.agreement == agreement
        return self._listed(wanted, limit, newest=newest)

    def waiting_for(self, principal: str, after: int, limit: int) -> Sequence[Disclosure]:
        """What an agency has still to sign for, whatever its channel, by number after the given one."""
        with self._database.reading() as connection:
            agencies = self._agreements.agencies_of(connection, principal)
        own = DisclosureRow.agency.in_(agencies) & _TO_DELIVER & (DisclosureRow.number > after)
        return self._listed(own, limit)

    def take(self, disclosure: str, principal: str, event: AuditEvent) -> Outgoing:
        """What is for the agency that the caller is; DISCLOSURE_UNKNOWN, SHARING_REFUSED."""
        with self._database.writing() as connection:
            row = row_of(connection, disclosure)
            own = row["agency"] in self._agreements.agencies_of(connection, principal)
            if not own or row["state"] not in {DisclosureState.PENDING.value, *LEFT}:
                raise disclosure_unknown()
            self._require_allowed(connection, row, event.at)
            if row["payload"] is None:
                raise conflict("not_kept")
            if row["state"] == DisclosureState.PENDING.value:
                self._set(connection, disclosure, state=DisclosureState.SENT.value, sent_at=event.at)
            self._log.append(connection, event)
            return Outgoing(_read(connection, disclosure), row["payload"].decode())

    def claim(self, now: datetime, until: datetime) -> Outgoing | None:
        """The next to be delivered or, where a receipt is still to be fetched, to be looked after.

        A recall waits while somebody delivers what it is of, so that it does not come before it.
        """
        original = aliased(DisclosureRow)
        under_way = select(original.id).where(original.id == DisclosureRow.about, original.claimed_until > now)
        pushed = (DisclosureRow.channel != Channel.PULL.value) & _TO_DELIVER & DisclosureRow.payload.is_not(None)
        following = (
            select(DisclosureRow.id)
            .where(pushed, is_free(DisclosureRow, now), DisclosureRow.due_at <= now, ~under_way.exists())
            .order_by(DisclosureRow.due_at, DisclosureRow.number)
            .limit(1)
        )
        with self._database.reading() as connection:
            if connection.scalar(following) is None:
                return None
        with self._database.writing() as connection:
            found = connection.scalar(following)
            if found is None:
                return None
            row = row_of(connection, found)
            self._set(connection, found, claimed_until=until, attempts=row["attempts"] + 1)
            return Outgoing(_read(connection, found), row["payload"].decode())

    def sent(self, disclosure: str, at: datetime, due: datetime) -> None:
        """It left; its receipt is looked for from ``due`` on."""
        with self._database.writing() as connection:
            left = {"state": DisclosureState.SENT.value, "sent_at": at, "due_at": due, "claimed_until": None}
            self._set(connection, disclosure, **left)

    def postponed(self, disclosure: str, due: datetime | None, note: str) -> None:
        """It was not taken: it is tried again then, or given up until somebody has it sent again."""
        with self._database.writing() as connection:
            values: dict[str, Any] = {"note": note, "claimed_until": None}
            values |= {"due_at": due} if due else {"state": DisclosureState.FAILED.value}
            self._set(connection, disclosure, **values)

    def acknowledged(self, disclosure: str, receipt: str, event: AuditEvent) -> Disclosure:
        """The receiver signed for it."""
        with self._database.writing() as connection:
            row = row_of(connection, disclosure)
            signed = {
                "state": DisclosureState.ACKNOWLEDGED.value,
                "receipt": receipt,
                "acknowledged_at": event.at,
                "sent_at": row["sent_at"] or event.at,
                "claimed_until": None,
                "note": "",
            }
            self._set(connection, disclosure, **signed)
            self._log.append(connection, event)
            return _read(connection, disclosure)

    def redeliver(self, disclosure: str, event: AuditEvent) -> Disclosure:
        """Send it once more; DISCLOSURE_UNKNOWN, SHARING_REFUSED, SHARING_CONFLICT where it is no longer kept."""
        with self._database.writing() as connection:
            row = row_of(connection, disclosure)
            self._require_allowed(connection, row, event.at)
            if row["payload"] is None or row["state"] == DisclosureState.AWAITING_REVIEW.value:
                raise conflict("not_again")
            tried = min(row["attempts"], 1)
            again = {"state": DisclosureState.PENDING.value, "attempts": tried, "due_at": event.at}
            self._set(connection, disclosure, **again, claimed_until=None, receipt="", note="")
            self._log.append(connection, event)
            return _read(connection, disclosure)

    def manifest(self, agency: str, day: str) -> Manifest:
        """What left to an agency of what was made on a day."""
        left = (DisclosureRow.agency == agency, DisclosureRow.day == day, DisclosureRow.sent_at.is_not(None))
        rows = select(DisclosureRow.id, DisclosureRow.digest).where(*left).order_by(DisclosureRow.id)
        with self._database.reading() as connection:
            return Manifest(day, dict(connection.execute(rows).all()))

    def days(self, agency: str, first: str, before: str) -> Sequence[str]:
        """The days of which anything left to an agency by now, from the first to the last one before another."""
        left = (DisclosureRow.agency == agency, DisclosureRow.sent_at.is_not(None))
        between = (DisclosureRow.day >= first, DisclosureRow.day < before)
        found = select(DisclosureRow.day).where(*left, *between).distinct().order_by(DisclosureRow.day)
        with self._database.reading() as connection:
            return connection.scalars(found).all()

    def purge(self, before: datetime) -> int:
        """Destroy what was sent and signed for before a moment; returns how many."""
        old = (DisclosureRow.acknowledged_at < before, DisclosureRow.payload.is_not(None))
        with self._database.writing() as connection:
            return connection.execute(update(DisclosureRow).where(*old).values(payload=None)).rowcount

    def _require_allowed(self, connection: Connection, row: RowMapping, at: datetime) -> None:
        """Recalls leave also under an agreement that has ended."""
        if row["kind"] != DisclosureKind.RECALL.value:
            self._agreements.require(connection, row["agreement"], at)

    def _insert(self, connection: Connection, message: Message, event: AuditEvent) -> Disclosure:
        number = next_number(connection, DisclosureRow)
        draft = self._keys.current.sharing.seal(message.plain, binding(message.id)) if message.reviewed else None
        row = {"number": number, "draft": draft, "event": self._log.append(connection, event)}
        connection.execute(insert(DisclosureRow), {**row, **new_values(message, event)})
        return _read(connection, message.id)

    def _listed(
        self, which: ColumnElement[bool], limit: int | None = None, *, newest: bool = False
    ) -> Sequence[Disclosure]:
        order = DisclosureRow.number.desc() if newest else DisclosureRow.number
        wanted: Select[Any] = select(DisclosureRow.id).where(which).order_by(order).limit(limit)
        with self._database.reading() as connection:
            return disclosures_of(connection, connection.scalars(wanted).all())

    def _set(self, connection: Connection, disclosure: str, **values: object) -> None:
        connection.execute(update(DisclosureRow).where(DisclosureRow.id == disclosure).values(**values))


def _read(connection: Connection, disclosure: str) -> Disclosure:
    return disclosures_of(connection, [disclosure])[0]


def _caused_by(connection: Connection, cause: str | None) -> str | None:
    return cause and connection.scalar(select(DisclosureRow.id).where(DisclosureRow.cause == cause))


def _may_have_left(row: RowMapping) -> bool:
    """Whether the receiver has it, or may have: an attempt that failed may have failed after it came there."""
    return row["state"] in LEFT or row["sent_at"] is not None or row["attempts"] > 0


def _awaiting(connection: Connection, disclosure: str, caller: Caller) -> RowMapping:
    row = row_of(connection, disclosure)
    if row["state"] != DisclosureState.AWAITING_REVIEW.value:
        raise conflict("not_waiting")
    if caller.is_one_of(row["made_by"]):
        raise conflict("own")
    approved = select(ApprovalRow.officer).where(ApprovalRow.disclosure == row["number"])
    if caller.is_one_of(*connection.scalars(approved).all()):
        raise conflict("approved")
    return row
