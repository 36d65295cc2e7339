"""Rows of musters: who is expected and which finger by lot, how it stands, and what was found besides."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    RowMapping,
    Select,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    select,
    update,
)

from biometric_service.references.day_notes import maybe
from biometric_service.references.day_tables import MusterFindingRow, MusterPersonRow, MusterRow
from biometric_service.references.models import EncounterRow, SampleRow, SubjectRow, TemplateRow
from biometric_service.references.movement_store import active_in
from biometric_service.references.numbers import next_number
from biometric_service.references.place_tables import WhereaboutsRow, ZoneRow
from biometric_service.vocabulary.day_stores import Draw
from biometric_service.vocabulary.movements import Means
from biometric_service.vocabulary.musters import CountState, Expected, Finding, Muster, NewMuster, Noted, Shown, Tally
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality

_AT_ONCE = 500
_FINDINGS = select(*MusterFindingRow.__table__.columns, SubjectRow.id.label("known_as")).outerjoin(
    SubjectRow, SubjectRow.number == MusterFindingRow.subject
)


def expect(connection: Connection, muster: int, new: NewMuster, draw: Draw) -> int:
    """Write down everybody who is to be counted; returns how many are known to be beyond the walls instead.

    In a count of named zones those of whom nobody knows where they are belong to no zone, and are not expected.
    """
    off_site = set(connection.scalars(select(ZoneRow.id).where(ZoneRow.off_site)))
    people = list(_active(connection, new))
    within = [row for row in people if row.zone not in off_site - new.zones]
    chosen = [row for row in within if not new.zones or row.zone in new.zones]
    fingers = _fingers(connection, new) if new.shown is not Shown.FACE else {}
    rows = [
        {
            "muster": muster,
            "subject": row.number,
            "zone": row.zone,
            "since": row.since,
            "demanded": draw(fingers[row.number]) if row.number in fingers else None,
            "state": CountState.MISSING.value,
            "counted_by": "",
            "means": Means.NONE.value,
        }
        for row in chosen
    ]
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(MusterPersonRow), rows[start : start + _AT_ONCE])
    return len(people) - len(within)


def note_finding(connection: Connection, muster: int, subject: int | None, noted: Noted) -> None:
    """Keep what was found besides."""
    values = {
        "number": next_number(connection, MusterFindingRow),
        "muster": muster,
        "finding": noted.finding.value,
        "subject": subject,
        "at": noted.at,
        "zone": noted.zone,
        "event": noted.event,
    }
    connection.execute(insert(MusterFindingRow), values)


def tally_of(connection: Connection, row: RowMapping) -> Tally:
    """A muster in figures, by two counts."""
    people, found = _people(row).subquery(), MusterFindingRow
    manual = func.sum(cast(people.c.means == Means.MANUAL.value, Integer))
    nowhere = func.sum(cast(people.c.unplaced, Integer))
    by_state = select(people.c.state, func.count(), manual, nowhere).group_by(people.c.state)
    states = {CountState(state): rest for state, *rest in connection.execute(by_state)}
    by_finding = select(found.finding, func.count()).where(found.muster == row["number"]).group_by(found.finding)
    findings = {Finding(finding): count for finding, count in connection.execute(by_finding)}
    of = {state: states.get(state, [0, 0, 0]) for state in CountState}
    return Tally(
        expected=sum(counts[0] for counts in of.values()),
        counted=of[CountState.COUNTED][0],
        missing=of[CountState.MISSING][0],
        elsewhere=of[CountState.ELSEWHERE][0],
        duplicates=findings.get(Finding.DUPLICATE, 0),
        unknown=findings.get(Finding.UNKNOWN, 0),
        unexpected=findings.get(Finding.UNEXPECTED, 0),
        manual=sum(int(counts[1] or 0) for counts in of.values()),
        off_site=row["off_site"],
        unplaced=sum(int(counts[2] or 0) for counts in of.values()),
        off_site_since=of[CountState.OFF_SITE][0],
        left_since=of[CountState.LEFT][0],
    )


def people_of(
    connection: Connection, row: RowMapping, states: Collection[CountState] = (), limit: int | None = None
) -> tuple[Expected, ...]:
    """Who is expected, by id; of some states alone where they are given."""
    wanted = _people(row).order_by(SubjectRow.id)
    if states:
        wanted = wanted.where(_state(row).in_(states))
    return tuple(map(expected_of, connection.execute(wanted.limit(limit)).mappings()))


def named_of(connection: Connection, row: RowMapping, subjects: Collection[SubjectId]) -> tuple[Expected, ...]:
    """Those of some people who are expected."""
    wanted = _people(row).where(SubjectRow.id.in_(subjects)).order_by(SubjectRow.id)
    return tuple(map(expected_of, connection.execute(wanted).mappings()))


def one_of(connection: Connection, row: RowMapping, subject: int) -> Expected | None:
    """Somebody, by number, where they are expected."""
    found = connection.execute(_people(row).where(MusterPersonRow.subject == subject)).mappings().one_or_none()
    return expected_of(found) if found else None


def seen_at(expected: Expected) -> ColumnElement[datetime]:
    """When somebody was last seen, as it is kept: of those alone who were somewhere when the count began.

    That tells who was nowhere then (``unplaced``).
    """
    since = MusterPersonRow.since
    return case((since.is_not(None), literal(expected.since, since.type)))


def settle(connection: Connection, row: RowMapping) -> None:
    """Keep of an open muster how it stands with those who were not counted: nothing changes that once it is closed."""
    people = MusterPersonRow
    uncounted = _people(row).where(people.state == CountState.MISSING.value)
    for each in connection.execute(uncounted).mappings().all():
        mine = (people.muster == row["number"]) & (people.subject == each["subject"])
        stands = expected_of(each)
        values = {"state": stands.state.value, "zone": stands.zone, "since": seen_at(stands)}
        connection.execute(update(people).where(mine).values(**values))


def noted_of(connection: Connection, muster: int, limit: int | None = None) -> tuple[Noted, ...]:
    """What was found besides, the newest first."""
    wanted = _FINDINGS.where(MusterFindingRow.muster == muster).order_by(MusterFindingRow.number.desc())
    return tuple(map(_noted, connection.execute(wanted.limit(limit)).mappings()))


def muster_of(row: RowMapping) -> Muster:
    """A row as a muster."""
    return Muster(
        id=row["id"],
        galleries=frozenset(map(GalleryId, row["galleries"])),
        zones=frozenset(map(ZoneId, row["zones"])),
        shown=Shown(row["shown"]),
        number=row["number"],
        started_by=row["started_by"],
        started_at=row["started_at"],
        closed_by=row["closed_by"],
        closed_at=row["closed_at"],
        report=row["report"],
    )


def expected_of(row: RowMapping) -> Expected:
    """A row as somebody who is expected."""
    return Expected(
        subject=SubjectId(row["known_as"]),
        zone=maybe(ZoneId, row["zone"]),
        since=row["since"],
        demanded=None if row["demanded"] is None else FingerPosition(row["demanded"]),
        state=CountState(row["state"]),
        counted_at=row["counted_at"],
        counted_by=row["counted_by"],
        counted_zone=maybe(ZoneId, row["counted_zone"]),
        means=Means(row["means"]),
        event=row["event"],
    )


MUSTERS = select(*MusterRow.__table__.columns)


def _people(row: RowMapping) -> Select[Any]:
    """Everybody of a muster; who was not counted in an open one is where they are believed to be at this moment."""
    person, now = MusterPersonRow, WhereaboutsRow
    kept = [each for each in person.__table__.columns if each.name not in {"state", "zone", "since"}]
    moved = now.zone.is_not(None) if _counts_on(row) else false()
    uncounted = moved & (person.state == CountState.MISSING.value)
    columns = (
        _state(row).label("state"),
        case((uncounted, now.zone), else_=person.zone).label("zone"),
        case((uncounted, now.since), else_=person.since).label("since"),
        person.since.is_(None).label("unplaced"),
    )
    chosen = select(*kept, *columns, SubjectRow.id.label("known_as")).where(person.muster == row["number"])
    joined = chosen.join(SubjectRow, SubjectRow.number == person.subject)
    return joined.outerjoin(now, now.subject == person.subject).outerjoin(ZoneRow, ZoneRow.id == now.zone)


def _state(row: RowMapping) -> ColumnElement[str]:
    """How it stands with somebody of ``_people``."""
    person, now = MusterPersonRow, WhereaboutsRow
    if not _counts_on(row):
        return person.state.expression
    mine = EncounterRow.subject == person.subject
    active = exists().where(mine, EncounterRow.status == EncounterStatus.ACTIVE.value)
    left = ~active | (person.zone.is_not(None) & now.zone.is_(None))
    off_site = ZoneRow.off_site & now.zone.not_in(row["zones"])
    since = (left, CountState.LEFT.value), (off_site, CountState.OFF_SITE.value)
    return case((person.state != CountState.MISSING.value, person.state), *since, else_=person.state)


def _counts_on(row: RowMapping) -> bool:
    return row["closed_at"] is None


def _noted(row: RowMapping) -> Noted:
    subject = maybe(SubjectId, row["known_as"])
    return Noted(Finding(row["finding"]), subject, row["at"], maybe(ZoneId, row["zone"]), row["event"])


def _active(connection: Connection, new: NewMuster) -> Iterator[RowMapping]:
    rows = select(SubjectRow.number, WhereaboutsRow.zone, WhereaboutsRow.since)
    joined = rows.outerjoin(WhereaboutsRow, WhereaboutsRow.subject == SubjectRow.number)
    return iter(connection.execute(joined.where(SubjectRow.number.in_(active_in(new.galleries)))))  # type: ignore[arg-type]


def _fingers(connection: Connection, new: NewMuster) -> dict[int, set[FingerPosition]]:
    """Fingers of known position that everybody has a template of, by number of the subject."""
    rows = (
        select(EncounterRow.subject, SampleRow.position)
        .join(SampleRow, SampleRow.encounter == EncounterRow.number)
        .join(TemplateRow, TemplateRow.sample == SampleRow.number)
        .where(
            EncounterRow.subject.in_(active_in(new.galleries)),
            EncounterRow.status == EncounterStatus.ACTIVE.value,
            SampleRow.modality == Modality.FINGERPRINT.value,
            SampleRow.position != FingerPosition.UNKNOWN.value,
        )
        .distinct()
    )
    found: defaultdict[int, set[FingerPosition]] = defaultdict(set)
    for subject, position in connection.execute(rows):
        found[subject].add(FingerPosition(position))
    return found
