"""Musters in SQL (``vocabulary.day_stores.MusterStore``): everybody once, and a signed report at the end."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.day_tables import MusterPersonRow, MusterRow
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.movement_store import is_active, present_person
from biometric_service.references.muster_rows import (
    MUSTERS,
    expect,
    muster_of,
    named_of,
    note_finding,
    noted_of,
    one_of,
    people_of,
    seen_at,
    settle,
    tally_of,
)
from biometric_service.references.numbers import next_number
from biometric_service.references.places import require_zone
from biometric_service.references.refusals import check_name, gallery_unknown
from biometric_service.references.sightings import Known, Seen, id_of, keep_sighting, move, number_of
from biometric_service.references.subjects import gallery_exists, summarise
from biometric_service.vocabulary.day_stores import Draw, Report
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.movements import Ground, How
from biometric_service.vocabulary.musters import (
    Board,
    Count,
    Counted,
    CountState,
    Expected,
    Finding,
    Muster,
    NewMuster,
    Noted,
)
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import ALL_GALLERIES, SubjectId
from biometric_service.vocabulary.statements import state

_NEWEST = 50


@dataclass(frozen=True, slots=True)
class _Found:
    """An open muster, who was checked, and their row in it."""

    row: RowMapping
    person: Known | None
    expected: Expected | None


class SqlMusterStore:
    """Keeps musters in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def start(self, muster: NewMuster, draw: Draw, event: AuditEvent) -> Muster:
        """Begin a count; MUSTER_CONFLICT where one of the same people is open, GALLERY_UNKNOWN, PLACE_UNKNOWN."""
        check_name(muster.id, "id of the muster")
        with self._database.writing() as connection:
            for zone in muster.zones:
                require_zone(connection, zone)
            for gallery in muster.galleries - {ALL_GALLERIES}:
                if not gallery_exists(connection, gallery):
                    raise gallery_unknown(gallery)
            _require_apart(connection, muster)
            number = next_number(connection, MusterRow)
            connection.execute(insert(MusterRow), {"number": number, **_values(muster, event)})
            off_site = expect(connection, number, muster, draw)
            connection.execute(update(MusterRow).where(MusterRow.number == number).values(off_site=off_site))
            row = _row(connection, muster.id)
            expected = tally_of(connection, row).expected
            self._log.append(connection, replace(event, details={**event.details, "expected": str(expected)}))
            return muster_of(row)

    def muster(self, muster: str) -> Muster:
        """One muster; MUSTER_UNKNOWN."""
        with self._database.reading() as connection:
            return muster_of(_row(connection, muster))

    def musters(self, after: int, limit: int) -> Sequence[Muster]:
        """Musters, the newest first; before the given number, where it is not 0."""
        wanted = MUSTERS.order_by(MusterRow.number.desc()).limit(limit)
        if after:
            wanted = wanted.where(MusterRow.number < after)
        with self._database.reading() as connection:
            return [muster_of(row) for row in connection.execute(wanted).mappings()]

    def board(self, muster: str, limit: int) -> Board:
        """How a muster stands; up to ``limit`` of each list."""
        with self._database.reading() as connection:
            return _board(connection, _row(connection, muster), limit)

    def expected(self, muster: str, subjects: Collection[SubjectId]) -> Sequence[Expected]:
        """Those of these people who are expected."""
        with self._database.reading() as connection:
            return named_of(connection, _row(connection, muster), subjects)

    def people(self, muster: str) -> Sequence[Expected]:
        """Everybody who is expected, by id."""
        with self._database.reading() as connection:
            return people_of(connection, _row(connection, muster))

    def count(self, muster: str, count: Count, event: AuditEvent) -> Counted:
        """Take a check in, each person once; MUSTER_UNKNOWN, MUSTER_CONFLICT where it is closed."""
        with self._database.writing() as connection:
            return self.take(connection, muster, count, event)

    def take(self, connection: Connection, muster: str, count: Count, event: AuditEvent) -> Counted:
        """The same within a transaction."""
        row = self.require_open(connection, muster)
        if count.zone is not None:
            require_zone(connection, count.zone)
        person = None if count.subject is None else present_person(connection, count.subject)
        found = _Found(row, person, _expected(connection, row, person))
        finding = count.finding or _finding(connection, found)
        if finding is None:
            return self._count(connection, found, count, event)
        return self._note(connection, found, replace(count, finding=finding), event)

    def require_open(self, connection: Connection, muster: str) -> RowMapping:
        """The row of a muster; MUSTER_UNKNOWN, MUSTER_CONFLICT where it is closed."""
        row = _row(connection, muster)
        if row["closed_at"] is not None:
            raise _conflict("closed")
        return row

    def close(self, muster: str, event: AuditEvent, report: Report) -> Muster:
        """End the count with a signed report; MUSTER_UNKNOWN, MUSTER_CONFLICT where that was done."""
        with self._database.writing() as connection:
            row = self.require_open(connection, muster)
            stands, people = _board(connection, row, None), people_of(connection, row)
            settle(connection, row)
            closed = {"closed_by": event.caller.actor, "closed_at": event.at}
            connection.execute(update(MusterRow).where(MusterRow.id == muster).values(**closed))
            board = _within(connection, replace(stands, muster=muster_of(_row(connection, muster))))
            statement = state(report(board, people), self._keys.current)
            connection.execute(update(MusterRow).where(MusterRow.id == muster).values(report=statement))
            self._log.append(connection, replace(event, details={**event.details, **_figures(board)}))
            return muster_of(_row(connection, muster))

    def _count(self, connection: Connection, found: _Found, count: Count, event: AuditEvent) -> Counted:
        person, expected = found.person, found.expected
        assert person is not None
        assert expected is not None
        there = count.zone in {None, expected.zone} or expected.zone is None
        within = expected.state is not CountState.OFF_SITE
        reached = CountState.COUNTED if there and within else CountState.ELSEWHERE
        number = self._tell(connection, found, count, event, {"state": reached.value})
        values = {
            "state": reached.value,
            "zone": expected.zone,
            "since": seen_at(expected),
            "counted_at": count.at,
            "counted_by": event.caller.actor,
            "counted_zone": count.zone,
            "means": count.means.value,
            "event": number,
        }
        mine = (MusterPersonRow.muster == found.row["number"]) & (MusterPersonRow.subject == person.number)
        connection.execute(update(MusterPersonRow).where(mine).values(**values))
        self._see(connection, found, count, event, number)
        return Counted(person.id, reached, None, _expected(connection, found.row, person), number)

    def _note(self, connection: Connection, found: _Found, count: Count, event: AuditEvent) -> Counted:
        assert count.finding is not None
        number = self._tell(connection, found, count, event, {"finding": count.finding.value})
        person = found.person
        noted = Noted(count.finding, id_of(person), count.at, count.zone, number)
        note_finding(connection, found.row["number"], number_of(person), noted)
        if count.finding is Finding.UNEXPECTED and is_active(connection, person):
            self._see(connection, found, count, event, number)
        return Counted(
            id_of(person), found.expected.state if found.expected else None, count.finding, found.expected, number
        )

    def _tell(
        self, connection: Connection, found: _Found, count: Count, event: AuditEvent, facts: Mapping[str, str]
    ) -> int:
        kind = EventKind.MUSTER_NOTED if count.finding else EventKind.MUSTER_COUNTED
        details = {"muster": found.row["id"], "zone": count.zone or "", "means": count.means.value, **facts}
        details["galleries"] = " ".join(_concerned(connection, found))
        person = found.person
        told = replace(event, kind=kind, subject=id_of(person), details={**event.details, **details})
        return self._log.append(connection, told)

    def _see(self, connection: Connection, found: _Found, count: Count, event: AuditEvent, number: int) -> None:
        """Whoever is seen in a zone is there."""
        person, muster = found.person, found.row["id"]
        assert person is not None
        zone = count.zone or _expected_in(found.expected)
        if count.zone is not None:
            move(connection, self._log, person, count.zone, count.at, How.COUNT, event, {"muster": muster})
        seen = Seen(
            event.caller.actor,
            uuid4().hex,
            person,
            count.at,
            event.at,
            How.COUNT,
            count.means,
            Passage.PASS,
            Ground.COUNTED,
            zone,
            muster=muster,
        )
        keep_sighting(connection, seen, number)


def _concerned(connection: Connection, found: _Found) -> Sequence[str]:
    """Those galleries of the count that the person is in: who reaches another one is not told of them."""
    counted = frozenset(found.row["galleries"])
    if found.person is None:
        return sorted(counted)
    own = summarise(connection, found.person.id).galleries
    return sorted(own if ALL_GALLERIES in counted else own & counted)


def _finding(connection: Connection, found: _Found) -> Finding | None:
    """Why somebody is not to be counted, None where they are; who left or died since it began is not expected."""
    if found.person is None:
        return Finding.UNKNOWN
    if found.expected is None or not is_active(connection, found.person):
        return Finding.UNEXPECTED
    counted = found.expected.state in {CountState.COUNTED, CountState.ELSEWHERE}
    return Finding.DUPLICATE if counted else None


def _expected_in(expected: Expected | None) -> ZoneId | None:
    """Where somebody is who was counted without a word of where; nobody is counted beyond the walls by that."""
    return None if expected is None or expected.state is CountState.OFF_SITE else expected.zone


def _expected(connection: Connection, row: RowMapping, person: Known | None) -> Expected | None:
    return None if person is None else one_of(connection, row, person.number)


def _board(connection: Connection, row: RowMapping, limit: int | None) -> Board:
    return Board(
        muster_of(row),
        tally_of(connection, row),
        people_of(connection, row, {CountState.MISSING}, limit),
        people_of(connection, row, {CountState.ELSEWHERE}, limit),
        people_of(connection, row, {CountState.OFF_SITE, CountState.LEFT}, limit),
        noted_of(connection, row["number"], None if limit is None else min(limit, _NEWEST)),
    )


def _within(connection: Connection, board: Board) -> Board:
    """The board, naming nobody who is in none of the galleries that are counted: their readers get the report."""
    counted = board.muster.galleries
    if ALL_GALLERIES in counted:
        return board
    named = {each.subject for each in board.noted if each.subject is not None}
    foreign = {each for each in named if not summarise(connection, each).galleries & counted}
    noted = tuple(replace(each, subject=None) if each.subject in foreign else each for each in board.noted)
    return replace(board, noted=noted)


def _figures(board: Board) -> dict[str, str]:
    tally = board.tally
    return {
        "expected": str(tally.expected),
        "counted": str(tally.counted),
        "elsewhere": str(tally.elsewhere),
        "missing": str(tally.missing),
        "off_site_since": str(tally.off_site_since),
        "left_since": str(tally.left_since),
        "manual": str(tally.manual),
        "duplicates": str(tally.duplicates),
        "unknown": str(tally.unknown),
        "unexpected": str(tally.unexpected),
    }


def _values(muster: NewMuster, event: AuditEvent) -> dict[str, object]:
    return {
        "id": muster.id,
        "galleries": sorted(muster.galleries),
        "zones": sorted(muster.zones),
        "shown": muster.shown.value,
        "off_site": 0,
        "started_by": event.caller.actor,
        "started_at": event.at,
        "closed_by": "",
        "report": "",
    }


def _row(connection: Connection, muster: str) -> RowMapping:
    row = connection.execute(MUSTERS.where(MusterRow.id == muster)).mappings().one_or_none()
    if row is None:
        raise muster_unknown()
    return row


def _require_apart(connection: Connection, muster: NewMuster) -> None:
    """MUSTER_CONFLICT where an open muster may be of the same people."""
    if connection.scalar(select(MusterRow.number).where(MusterRow.id == muster.id)) is not None:
        raise _conflict("exists", muster=muster.id)
    rows = connection.execute(MUSTERS.where(MusterRow.closed_at.is_(None))).mappings().all()
    for other in map(muster_of, rows):
        galleries = other.galleries & muster.galleries or ALL_GALLERIES in other.galleries | muster.galleries
        zones = other.zones & muster.zones or not other.zones or not muster.zones
        if galleries and zones:
            raise _conflict("open", muster=other.id)


def muster_unknown() -> BiometricServiceError:
    """MUSTER_UNKNOWN."""
    return BiometricServiceError(ErrorCode.MUSTER_UNKNOWN, "There is no such muster.", "Check its id.")


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.MUSTER_CONFLICT, case, **values)
