"""Rows of musters: who is expected and which finger by lot, how it stands, and what was found besides."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Integer, RowMapping, cast, func, insert, select

from biometric_service.references.day_notes import maybe, next_number
from biometric_service.references.day_tables import MusterFindingRow, MusterPersonRow, MusterRow
from biometric_service.references.models import EncounterRow, SampleRow, SubjectRow, TemplateRow
from biometric_service.references.movement_store import active_in
from biometric_service.references.place_tables import WhereaboutsRow, ZoneRow
from biometric_service.vocabulary.day_stores import Draw
from biometric_service.vocabulary.movements import Means
from biometric_service.vocabulary.musters import CountState, Expected, Finding, Muster, NewMuster, Noted, Shown, Tally
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality

_AT_ONCE = 500
PEOPLE = select(*MusterPersonRow.__table__.columns, SubjectRow.id.label("known_as")).join(
    SubjectRow, SubjectRow.number == MusterPersonRow.subject
)
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
    people, found = MusterPersonRow, MusterFindingRow
    manual = func.sum(cast(people.means == Means.MANUAL.value, Integer))
    nowhere = func.sum(cast(people.zone.is_(None), Integer))
    by_state = select(people.state, func.count(), manual, nowhere).where(people.muster == row["number"])
    states = {CountState(state): rest for state, *rest in connection.execute(by_state.group_by(people.state))}
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
    )


def people_of(
    connection: Connection, muster: int, state: CountState | None = None, limit: int | None = None
) -> tuple[Expected, ...]:
    """Who is expected, by id; of one state alone where it is given."""
    wanted = PEOPLE.where(MusterPersonRow.muster == muster).order_by(SubjectRow.id)
    if state is not None:
        wanted = wanted.where(MusterPersonRow.state == state.value)
    return tuple(map(expected_of, connection.execute(wanted.limit(limit)).mappings()))


def named_of(connection: Connection, muster: int, subjects: Collection[SubjectId]) -> tuple[Expected, ...]:
    """Those of some people who are expected."""
    wanted = PEOPLE.where(MusterPersonRow.muster == muster, SubjectRow.id.in_(subjects)).order_by(SubjectRow.id)
    return tuple(map(expected_of, connection.execute(wanted).mappings()))


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
