"""Manual checks in SQL (``vocabulary.day_stores.ManualCheckStore``): two officers, and what follows at once."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, and_, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.day_notes import maybe, note_of, sealed_note
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import live_number
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import SubjectRow
from biometric_service.references.movement_store import SqlMovementStore
from biometric_service.references.musters import SqlMusterStore
from biometric_service.references.numbers import next_number
from biometric_service.references.place_tables import ManualCheckRow
from biometric_service.references.places import SqlPlaceStore, require_zone
from biometric_service.references.refusals import check_name
from biometric_service.vocabulary.day_stores import MakeRule
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.movements import ManualCheck, Means, NewManualCheck, Passed, Passing, Ruling
from biometric_service.vocabulary.musters import Count, Counted
from biometric_service.vocabulary.places import PostId, ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId

_TABLE = ManualCheckRow.__tablename__
_NAMED = select(*ManualCheckRow.__table__.columns, SubjectRow.id.label("known_as")).join(
    SubjectRow, SubjectRow.number == ManualCheckRow.subject
)


class SqlManualCheckStore:
    """Keeps manual checks in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog, day: "Around") -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._places, self._movements, self._musters = day

    def open(self, check: NewManualCheck, event: AuditEvent) -> ManualCheck:
        """Keep what the first officer says; SUBJECT_UNKNOWN, PLACE_UNKNOWN, MUSTER_UNKNOWN, MUSTER_CONFLICT."""
        check_name(check.id, "id of the manual check")
        with self._database.writing() as connection:
            if check.zone is not None:
                require_zone(connection, check.zone)
            if check.muster:
                self._musters.require_open(connection, check.muster)
            connection.execute(insert(ManualCheckRow), self._values(connection, check, event))
            self._log.append(connection, event)
            return self._read(connection, check.id)

    def confirm(
        self, check: str, identity: Ruling, rule: MakeRule, event: AuditEvent
    ) -> tuple[ManualCheck, Passed | Counted]:
        """Let another officer confirm it, and do what follows: a passage, or a count; nobody is matched by it.

        MANUAL_CHECK_UNKNOWN; MANUAL_CHECK_CONFLICT where it is confirmed or over, or by the officer who opened it.
        """
        with self._database.writing() as connection:
            present = self._read(connection, check)
            require_second(present, event)
            follows = self._follow(connection, present, identity, rule, event)
            passage = follows.ruling.passage if isinstance(follows, Passed) else Passage.PASS
            confirmed = {"confirmed_by": event.caller.officer, "confirmed_at": event.at, "passage": passage.value}
            connection.execute(update(ManualCheckRow).where(ManualCheckRow.id == check).values(**confirmed))
            return self._read(connection, check), follows

    def check(self, check: str) -> ManualCheck:
        """One check; MANUAL_CHECK_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            return self._read(connection, check)

    def checks(self, after: int, limit: int, *, confirmed: bool) -> Sequence[ManualCheck]:
        """Those that wait to be confirmed and still can, or were, by number."""
        done = ManualCheckRow.confirmed_at.is_not(None)
        waits = and_(~done, ManualCheckRow.expires_at > datetime.now(UTC))
        wanted = _NAMED.where(done if confirmed else waits, ManualCheckRow.number > after)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(ManualCheckRow.number).limit(limit)).mappings().all()
            return [self._opened(row) for row in rows]

    def _follow(
        self, connection: Connection, check: ManualCheck, identity: Ruling, rule: MakeRule, event: AuditEvent
    ) -> Passed | Counted:
        if check.muster:
            self._log.append(connection, event)
            count = Count(check.subject, Means.MANUAL, check.zone, event.at)
            return self._musters.take(connection, check.muster, count, event)
        assert check.post is not None
        assert check.direction is not None
        post = self._places.read(connection, check.post)
        passing = Passing(f"manual-{check.id}", event.caller.actor, post, check.direction, event.at, Means.MANUAL)
        return self._movements.decide(connection, passing, identity, rule(post, check.direction, identity), event)

    def _values(self, connection: Connection, check: NewManualCheck, event: AuditEvent) -> dict[str, object]:
        return {
            "number": next_number(connection, ManualCheckRow),
            "id": check.id,
            "subject": live_number(connection, check.subject),
            "gallery": check.gallery,
            "post": check.post,
            "direction": check.direction and check.direction.value,
            "muster": check.muster,
            "zone": check.zone,
            "reason": sealed_note(self._keys.current, _TABLE, check.id, "reason", check.reason),
            "opened_by": event.caller.officer,
            "opened_at": event.at,
            "expires_at": check.expires_at,
            "confirmed_by": "",
        }

    def _read(self, connection: Connection, check: str) -> ManualCheck:
        row = connection.execute(_NAMED.where(ManualCheckRow.id == check)).mappings().one_or_none()
        if row is None:
            raise manual_check_unknown()
        return self._opened(row)

    def _opened(self, row: RowMapping) -> ManualCheck:
        return ManualCheck(
            id=row["id"],
            subject=SubjectId(row["known_as"]),
            gallery=GalleryId(row["gallery"]),
            reason=note_of(self._keys.current, _TABLE, row["id"], "reason", row["reason"]),
            expires_at=row["expires_at"],
            post=maybe(PostId, row["post"]),
            direction=maybe(Movement, row["direction"]),
            muster=row["muster"],
            zone=maybe(ZoneId, row["zone"]),
            number=row["number"],
            opened_by=row["opened_by"],
            opened_at=row["opened_at"],
            confirmed_by=row["confirmed_by"],
            confirmed_at=row["confirmed_at"],
            passage=maybe(Passage, row["passage"]),
        )


Around = tuple[SqlPlaceStore, SqlMovementStore, SqlMusterStore]
"""Where what follows from a manual check is kept."""


def require_second(check: ManualCheck, event: AuditEvent) -> None:
    """MANUAL_CHECK_CONFLICT unless another officer confirms it in time, and nobody did yet."""
    if check.confirmed_at is not None:
        raise _conflict("confirmed")
    if event.at >= check.expires_at:
        raise _conflict("too_late")
    if event.caller.is_one_of(check.opened_by):
        raise _conflict("own")


def manual_check_unknown() -> BiometricServiceError:
    """MANUAL_CHECK_UNKNOWN."""
    return BiometricServiceError(ErrorCode.MANUAL_CHECK_UNKNOWN, "There is no such manual check.", "Check its id.")


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.MANUAL_CHECK_CONFLICT, case, **values)
