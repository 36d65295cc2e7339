"""Releases in SQL (``vocabulary.day_stores.ReleaseStore``): what stands against one is looked at as it is confirmed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.cases import SqlCaseStore
from biometric_service.references.database import Database
from biometric_service.references.day_notes import note_of, sealed_note
from biometric_service.references.day_tables import ReleaseRow
from biometric_service.references.departures import history_of, let_go
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import holder_of, live_number, merged_into, of_holders
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.movement_store import present_person
from biometric_service.references.numbers import next_number
from biometric_service.references.refusals import check_name
from biometric_service.references.rights import RightsSeal
from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.day_stores import ReleaseRule
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.releases import (
    CONFIRMATIONS,
    Block,
    CheckOutcome,
    History,
    NewRelease,
    OtherHit,
    Release,
    ReleaseCheck,
    ReleaseKind,
    ReleaseState,
    ReleaseView,
)

_TABLE = ReleaseRow.__tablename__
_OWN = tuple(column.key for column in ReleaseRow.__table__.columns)
_NAMED = of_holders(ReleaseRow)


class SqlReleaseStore:
    """Keeps releases in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog, cases: SqlCaseStore) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._cases = cases
        self._seal = RightsSeal(lambda: keys.current.day_rights, "A release")
        self._anchored = AnchoredRights(ReleaseRow, log)

    def open(self, release: NewRelease, event: AuditEvent) -> Release:
        """Open one; SUBJECT_UNKNOWN, SUBJECT_MERGED, RELEASE_CONFLICT where one of the same person is open."""
        check_name(release.id, "id of the release")
        with self._database.writing() as connection:
            subject = live_number(connection, release.subject)
            self._end_expired(connection, event.at)
            records = [subject, *merged_into(connection, subject)]
            standing = ReleaseRow.subject.in_(records) & ReleaseRow.ended_at.is_(None)
            if connection.scalar(select(ReleaseRow.number).where(standing)) is not None:
                raise _conflict("open", subject=release.subject)
            connection.execute(insert(ReleaseRow), self._seal.sealed(self._values(connection, release, subject, event)))
            self._anchored.bind(connection)
            self._log.append(connection, event)
            return self._read(connection, release.id)

    def release(self, release: str) -> Release:
        """One release; RELEASE_UNKNOWN, RECORD_TAMPERED, RIGHTS_REPLAYED."""
        with self._database.reading() as connection:
            return self._read(connection, release)

    def releases(self, after: int, limit: int, *, ended: bool) -> Sequence[Release]:
        """Open or ended releases by number."""
        over = ReleaseRow.ended_at.is_not(None)
        wanted = _NAMED.where(over if ended else ~over, ReleaseRow.number > after).order_by(ReleaseRow.number)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.limit(limit)).mappings().all()
            return [self._opened(connection, row) for row in rows]

    def view(self, release: str, rule: ReleaseRule) -> ReleaseView:
        """A release as it stands; RELEASE_UNKNOWN."""
        with self._database.reading() as connection:
            return self._view(connection, self._read(connection, release), rule)

    def history(self, subject: SubjectId) -> History:
        """What may stand against the release of somebody; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            return history_of(connection, self._cases, present_person(connection, subject))

    def checked(self, release: str, check: ReleaseCheck, rule: ReleaseRule, event: AuditEvent) -> ReleaseView:
        """Keep the biometric step, after which confirmations begin anew; RELEASE_CONFLICT where it is over.

        Where it says that somebody else came, the release is over.
        """
        with self._database.writing() as connection:
            present = self._standing(connection, release, event.at)
            number = self._log.append(connection, event)
            note = _pack_check(replace(check, event=number))
            sealed = sealed_note(self._keys.current, _TABLE, release, "checked", note)
            self._change(connection, present, checked=sealed, state=ReleaseState.CHECKED.value, confirmed_by=[])
            view = self._view(connection, self._read(connection, release), rule)
            if view.state is ReleaseState.STOPPED:
                self._change(connection, view.release, state=view.state.value, ended_at=event.at.astimezone(UTC))
            if view.blocks:
                self._log.append(connection, _blocked(event, view.blocks))
            return replace(view, release=self._read(connection, release))

    def confirm(self, release: str, rule: ReleaseRule, event: AuditEvent) -> ReleaseView:
        """Let an officer confirm it; with the second one the person is released and nowhere any more.

        RELEASE_CONFLICT where something stands against it, it is over, or the officer has confirmed it already.
        """
        with self._database.writing() as connection:
            present = self._standing(connection, release, event.at)
            view = self._view(connection, present, rule)
            if view.state not in {ReleaseState.CHECKED, ReleaseState.CONFIRMED}:
                raise _blocked_conflict(view)
            if event.caller.is_one_of(*present.confirmed_by):
                raise _conflict("confirmed")
            officers = [*present.confirmed_by, event.caller.officer]
            told = {**event.details, "confirmations": str(len(officers))}
            self._log.append(connection, replace(event, details=told))
            self._change(connection, present, state=ReleaseState.CONFIRMED.value, confirmed_by=officers)
            if len(officers) >= CONFIRMATIONS:
                self._complete(connection, present, officers, event)
            done = self._read(connection, release)
            return ReleaseView(done, done.state, ())

    def cancel(self, release: str, event: AuditEvent) -> Release:
        """Call it off; RELEASE_UNKNOWN, RELEASE_CONFLICT where it is over."""
        with self._database.writing() as connection:
            present = self._read(connection, release)
            if present.ended_at is not None:
                raise _conflict("over")
            ended = event.at.astimezone(UTC)
            self._change(connection, present, state=ReleaseState.CANCELLED.value, ended_at=ended)
            self._log.append(connection, event)
            return self._read(connection, release)

    def _complete(self, connection: Connection, release: Release, officers: Sequence[str], event: AuditEvent) -> None:
        self._change(connection, release, state=ReleaseState.COMPLETED.value, ended_at=event.at.astimezone(UTC))
        details = {"release": release.id, "kind": release.kind.value, "confirmed_by": " ".join(officers)}
        completed = replace(event, kind=EventKind.RELEASE_COMPLETED, details=details)
        let_go(connection, self._keys, self._log, release, completed)

    def _view(self, connection: Connection, release: Release, rule: ReleaseRule) -> ReleaseView:
        return rule(release, history_of(connection, self._cases, present_person(connection, release.subject)))

    def _standing(self, connection: Connection, release: str, now: datetime) -> Release:
        present = self._read(connection, release)
        if present.ended_at is not None or now >= present.expires_at:
            raise _conflict("over_still_due")
        return present

    def _end_expired(self, connection: Connection, now: datetime) -> None:
        past = _NAMED.where(ReleaseRow.ended_at.is_(None), ReleaseRow.expires_at <= now)
        for row in connection.execute(past).mappings().all():
            release = self._opened(connection, row)
            ended = release.expires_at.astimezone(UTC)
            self._change(connection, release, state=ReleaseState.EXPIRED.value, ended_at=ended)

    def _change(self, connection: Connection, release: Release, **changes: object) -> None:
        this = ReleaseRow.id == release.id
        row = connection.execute(select(*ReleaseRow.__table__.columns).where(this)).mappings().one()
        connection.execute(update(ReleaseRow).where(this).values(**self._seal.sealed({**row, **changes})))
        self._anchored.bind(connection)

    def _values(
        self, connection: Connection, release: NewRelease, subject: int, event: AuditEvent
    ) -> dict[str, object]:
        particulars = json.dumps([release.legal_basis, release.destination])
        return {
            "number": next_number(connection, ReleaseRow),
            "id": release.id,
            "kind": release.kind.value,
            "subject": subject,
            "gallery": release.gallery,
            "particulars": sealed_note(self._keys.current, _TABLE, release.id, "particulars", particulars),
            "checked": None,
            "opened_by": event.caller.officer,
            "opened_at": event.at.astimezone(UTC),
            "expires_at": release.expires_at.astimezone(UTC),
            "state": ReleaseState.OPEN.value,
            "confirmed_by": [],
            "ended_at": None,
        }

    def _read(self, connection: Connection, release: str) -> Release:
        row = connection.execute(_NAMED.where(ReleaseRow.id == release)).mappings().one_or_none()
        if row is None:
            raise release_unknown()
        return self._opened(connection, row)

    def _opened(self, connection: Connection, row: RowMapping) -> Release:
        self._seal.require_intact({name: row[name] for name in _OWN})
        if row["ended_at"] is None:
            self._anchored.require(connection, row["id"], row["seal"])
        key = self._keys.current
        particulars = json.loads(note_of(key, _TABLE, row["id"], "particulars", row["particulars"]))
        sealed = row["checked"]
        check = _unpack_check(note_of(key, _TABLE, row["id"], "checked", sealed)) if sealed else None
        return _release(row, holder_of(connection, row), particulars, check)


def release_unknown() -> BiometricServiceError:
    """RELEASE_UNKNOWN."""
    return BiometricServiceError(ErrorCode.RELEASE_UNKNOWN, "There is no such release.", "Check its id.")


def _release(row: RowMapping, subject: SubjectId, particulars: Sequence[str], check: ReleaseCheck | None) -> Release:
    legal_basis, destination = particulars
    return Release(
        id=row["id"],
        kind=ReleaseKind(row["kind"]),
        subject=subject,
        gallery=GalleryId(row["gallery"]),
        legal_basis=legal_basis,
        destination=destination,
        expires_at=row["expires_at"],
        number=row["number"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        state=ReleaseState(row["state"]),
        check=check,
        confirmed_by=tuple(row["confirmed_by"]),
        ended_at=row["ended_at"],
    )


def _pack_check(check: ReleaseCheck) -> str:
    others = [[each.subject, each.score] for each in check.others]
    return json.dumps([check.outcome.value, others, check.complete, check.at.isoformat(), check.event])


def _unpack_check(text: str) -> ReleaseCheck:
    outcome, others, complete, at, event = json.loads(text)
    hits = tuple(OtherHit(SubjectId(subject), score) for subject, score in others)
    return ReleaseCheck(CheckOutcome(outcome), hits, complete, datetime.fromisoformat(at), event)


def _blocked(event: AuditEvent, blocks: Sequence[Block]) -> AuditEvent:
    told = " ".join(":".join(filter(None, (each.kind.value, each.subject, each.case))) for each in blocks)
    return replace(
        event, kind=EventKind.RELEASE_BLOCKED, details={**event.details, "blocks": told}, evidence=event.evidence
    )


def _blocked_conflict(view: ReleaseView) -> BiometricServiceError:
    why = ", ".join(dict.fromkeys(each.kind.value for each in view.blocks)) or view.state.value
    what = Sentence("faults.release_conflict.blocked.what", english=f"The release cannot be confirmed: {why}.")
    return BiometricServiceError(ErrorCode.RELEASE_CONFLICT, what, Sentence("faults.release_conflict.blocked.do"))


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.RELEASE_CONFLICT, case, **values)
