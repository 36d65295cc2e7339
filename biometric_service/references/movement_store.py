"""Passages and whereabouts in SQL (``vocabulary.day_stores.MovementStore``): decided and kept in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.day_notes import maybe
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import (
    find_subject,
    followed,
    live_number,
    merged_into,
    subject_id,
    subject_number,
)
from biometric_service.references.models import EncounterGalleryRow, EncounterRow, SubjectRow
from biometric_service.references.movement_orders import SqlOrderStore
from biometric_service.references.place_tables import SightingRow, WhereaboutsRow, ZoneRow
from biometric_service.references.places import require_zone
from biometric_service.references.refusals import gallery_unknown
from biometric_service.references.replaying import (
    Doubt,
    came_from_elsewhere,
    doubt_of,
    doubted,
    facts_of,
    is_same,
    told_apart,
)
from biometric_service.references.sightings import Known, Seen, believed, id_of, keep_sighting, move, present
from biometric_service.references.subjects import gallery_exists, summarise
from biometric_service.vocabulary.day_stores import PostRule
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.movements import (
    Ground,
    How,
    Located,
    Means,
    Passed,
    Passing,
    Replayed,
    Ruling,
    Sighting,
    Standing,
    Whereabouts,
    ZoneCount,
)
from biometric_service.vocabulary.places import PostId, ZoneId
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.rulings import RulingCode, because


class SqlMovementStore:
    """Keeps passages and whereabouts in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, log: EventLog, orders: SqlOrderStore) -> None:
        self._database = database
        self._log = log
        self._orders = orders

    def pass_post(self, passing: Passing, identity: Ruling, rule: PostRule, event: AuditEvent) -> Passed:
        """Decide on a passage on what is known at this moment, and keep it with its event.

        A passage of the device with the same id is not made again: what was decided then is told. STORE_CONFLICT where
        that was of another person.
        """
        with self._database.writing() as connection:
            return self.decide(connection, passing, identity, rule, event)

    def decide(
        self, connection: Connection, passing: Passing, identity: Ruling, rule: PostRule, event: AuditEvent
    ) -> Passed:
        """The same within a transaction."""
        made = _made_before(connection, passing)
        if made is not None:
            _require_same(made, identity, passing)
            return made
        person = None if identity.subject is None else present_person(connection, identity.subject)
        ruling = identity
        if person is not None and identity.passage is Passage.PASS:
            ruling = rule(self._standing(connection, person, passing))
        return self._keep(connection, passing, ruling, person, event)

    def replay(self, passages: Sequence[Replayed], event: AuditEvent) -> Sequence[Passed]:
        """Keep what a device decided, in the order of the times at which it did, each once.

        What differs from what is recorded under its id is kept beside it, under an id of its own.
        """
        order = sorted(range(len(passages)), key=lambda index: passages[index].passing.at)
        kept: dict[int, Passed] = {}
        with self._database.writing() as connection:
            for index in order:
                kept[index] = self._replayed(connection, passages[index], event)
        return [kept[index] for index in range(len(passages))]

    def place(self, subject: SubjectId, zone: ZoneId, event: AuditEvent) -> Whereabouts:
        """Say where somebody is of whom nobody knew; PLACE_UNKNOWN, PLACE_CONFLICT, SUBJECT_UNKNOWN."""
        with self._database.writing() as connection:
            require_zone(connection, zone)
            person = Known(live_number(connection, subject), subject)
            if believed(connection, person) is not None:
                raise BiometricServiceError.of(ErrorCode.PLACE_CONFLICT, "known", subject=subject)
            if not is_active(connection, person):
                raise BiometricServiceError.of(ErrorCode.PLACE_CONFLICT, "not_active", subject=subject)
            move(connection, self._log, person, zone, event.at, How.PLACED, event, event.details)
            found = believed(connection, person)
            assert found is not None
            seen = Seen(
                event.caller.actor,
                uuid4().hex,
                person,
                event.at,
                event.at,
                How.PLACED,
                Means.NONE,
                Passage.PASS,
                Ground.PLACED,
                zone,
            )
            keep_sighting(connection, seen, found.event)
            return found

    def whereabouts(
        self, gallery: GalleryId, zone: ZoneId | None, after: SubjectId | None, limit: int
    ) -> Sequence[Located]:
        """Who is active in a gallery, by id, and where; in one zone, or in all and nowhere. GALLERY_UNKNOWN."""
        columns = (SubjectRow.id, WhereaboutsRow.zone, WhereaboutsRow.since, WhereaboutsRow.event, WhereaboutsRow.how)
        joined = select(*columns).outerjoin(WhereaboutsRow, WhereaboutsRow.subject == SubjectRow.number)
        wanted = joined.where(SubjectRow.number.in_(active_in({gallery}))).order_by(SubjectRow.id).limit(limit)
        if zone is not None:
            wanted = wanted.where(WhereaboutsRow.zone == zone)
        if after is not None:
            wanted = wanted.where(SubjectRow.id > after)
        with self._database.reading() as connection:
            _require_gallery(connection, gallery)
            return [_located(row) for row in connection.execute(wanted).mappings()]

    def counts(self, gallery: GalleryId) -> Sequence[ZoneCount]:
        """How many of a gallery are in each zone, and of how many nobody knows; GALLERY_UNKNOWN."""
        joined = select(WhereaboutsRow.zone, func.count()).select_from(SubjectRow)
        joined = joined.outerjoin(WhereaboutsRow, WhereaboutsRow.subject == SubjectRow.number)
        wanted = joined.where(SubjectRow.number.in_(active_in({gallery}))).group_by(WhereaboutsRow.zone)
        with self._database.reading() as connection:
            _require_gallery(connection, gallery)
            found = [ZoneCount(maybe(ZoneId, zone), people) for zone, people in connection.execute(wanted)]
        return sorted(found, key=lambda each: (each.zone is None, each.zone or ""))

    def located(self, subject: SubjectId) -> Located:
        """Where somebody, or whom they were merged into, is believed to be; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            person = present_person(connection, subject)
            return Located(person.id, believed(connection, person))

    def trail(self, subject: SubjectId, limit: int) -> Sequence[Sighting]:
        """When and where somebody, or whoever was merged into them, was seen, the newest first; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            person = present_person(connection, subject)
            records = [person.number, *merged_into(connection, person.number)]
            newest = (SightingRow.at.desc(), SightingRow.number.desc())
            rows = select(*SightingRow.__table__.columns).where(SightingRow.subject.in_(records)).order_by(*newest)
            return [_sighting(row, person.id) for row in connection.execute(rows.limit(limit)).mappings()]

    def _standing(self, connection: Connection, person: Known, passing: Passing) -> Standing:
        summary = summarise(connection, person.id)
        result = passing.post.result(passing.direction)
        return Standing(
            status=summary.status,
            believed=believed(connection, person),
            orders=self._orders.in_force(connection, person.number, summary.searched_in, passing.at),
            present=present(connection, result),
            capacity=connection.scalar(select(ZoneRow.capacity).where(ZoneRow.id == result)),
        )

    def _replayed(self, connection: Connection, replayed: Replayed, event: AuditEvent) -> Passed:
        """Kept beside what was answered under the same id, where that says something else: a gate may have opened."""
        passing, ruling = replayed.passing, replayed.ruling
        person = _known_person(connection, ruling.subject)
        answered = made = _made_before(connection, passing)
        if answered is not None and not is_same(answered, ruling, person):
            passing = told_apart(replayed)
            made = _made_before(connection, passing)
        if made is not None:
            return made
        doubt = doubt_of(connection, ruling, person, passing.at, answered)
        differs = answered is not None or doubt is not None or came_from_elsewhere(connection, ruling, person, passing)
        told = replace(ruling, discrepancy=ruling.discrepancy or differs)
        details = {**event.details, **facts_of(replayed, answered, doubt)}
        moved = doubt is not Doubt.NOT_ACTIVE
        kept = self._keep(connection, passing, told, person, replace(event, details=details), moves=moved)
        alarms = [] if doubt is None else [doubted(doubt, passing, answered, event)]
        for alarm in filter(None, (replayed.alarm, *alarms)):
            told_of = {**alarm.details, "check": str(kept.event)}
            self._log.append(connection, replace(alarm, subject=kept.ruling.subject, details=told_of))
        return kept

    def _keep(  # noqa: PLR0913 - what was decided, of whom, and whether it moves them
        self,
        connection: Connection,
        passing: Passing,
        ruling: Ruling,
        person: Known | None,
        event: AuditEvent,
        *,
        moves: bool = True,
    ) -> Passed:
        passes = ruling.passage is Passage.PASS and person is not None and moves
        zone = passing.post.result(passing.direction) if passes else None
        facts = _facts(passing, ruling, zone)
        told = replace(
            event,
            subject=id_of(person),
            gallery=event.gallery or passing.post.gallery,
            details={**event.details, **facts},
        )
        number = self._log.append(connection, told)
        how = How.OFFLINE if passing.offline else How.MANUAL if passing.means is Means.MANUAL else How.CHECK
        before = believed(connection, person) if person else None
        if zone is not None and person is not None:
            moved = {**facts, "check": str(number)}
            move(connection, self._log, person, zone, passing.at, how, event, _without(moved, "zone", "passage"))
        seen = Seen(
            passing.device,
            passing.id,
            person,
            passing.at,
            event.at,
            how,
            passing.means,
            ruling.passage,
            ruling.ground,
            zone,
            passing.post.id,
            passing.direction,
            ruling.discrepancy,
            passing.slice,
        )
        keep_sighting(connection, seen, number)
        return Passed(replace(ruling, subject=id_of(person)), zone, before, number)


def active_in(galleries: set[GalleryId] | frozenset[GalleryId]) -> Select[int]:
    """The numbers of subjects with an active encounter in one of the galleries, or in any for ALL_GALLERIES."""
    active = select(EncounterRow.subject).where(EncounterRow.status == EncounterStatus.ACTIVE.value)
    if ALL_GALLERIES in galleries:
        return active
    joined = active.join(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number)
    return joined.where(EncounterGalleryRow.gallery.in_(galleries))


def present_person(connection: Connection, subject: SubjectId) -> Known:
    """Who is known under the id today; SUBJECT_UNKNOWN."""
    number = followed(connection, subject_number(connection, subject))
    return Known(number, subject_id(connection, number))


def _known_person(connection: Connection, claimed: SubjectId | None) -> Known | None:
    """Who is known under the id today; None of nobody, and of an id that nobody has."""
    known_here = claimed is not None and find_subject(connection, claimed) is not None
    return present_person(connection, claimed) if claimed is not None and known_here else None


def is_active(connection: Connection, person: Known | None) -> bool:
    """Whether the person was neither released nor transferred, nor is dead; False of nobody."""
    return person is not None and summarise(connection, person.id).status is EncounterStatus.ACTIVE


def _require_gallery(connection: Connection, gallery: GalleryId) -> None:
    if gallery != ALL_GALLERIES and not gallery_exists(connection, gallery):
        raise gallery_unknown(gallery)


def _made_before(connection: Connection, passing: Passing) -> Passed | None:
    same: ColumnElement[bool] = (SightingRow.device == passing.device) & (SightingRow.id == passing.id)
    columns = select(*SightingRow.__table__.columns, SubjectRow.id.label("known_as"))
    joined = columns.outerjoin(SubjectRow, SubjectRow.number == SightingRow.subject)
    row = connection.execute(joined.where(same)).mappings().one_or_none()
    if row is None:
        return None
    subject = _known_person(connection, maybe(SubjectId, row["known_as"]))
    why = because(RulingCode.RECORDED_BEFORE)
    ruling = Ruling(Passage(row["passage"]), Ground(row["ground"]), why, id_of(subject), "", row["discrepancy"])
    return Passed(ruling, maybe(ZoneId, row["zone"]), None, row["event"], repeated=True)


def _require_same(made: Passed, identity: Ruling, passing: Passing) -> None:
    """STORE_CONFLICT where a passage of the same id was of another person: nobody passes on what was said of them."""
    if made.ruling.subject != identity.subject:
        message, action = f"The passage {passing.id!r} was of another person.", "Give each passage an id of its own."
        raise BiometricServiceError(ErrorCode.STORE_CONFLICT, message, action)


def _facts(passing: Passing, ruling: Ruling, zone: ZoneId | None) -> dict[str, str]:
    facts = {
        "passage": ruling.passage.value,
        "ground": ruling.ground.value,
        "passage_id": passing.id,
        "post": passing.post.id,
        "direction": passing.direction.value,
        "means": passing.means.value,
        "zone": zone or "",
    }
    if ruling.order:
        facts["order"] = ruling.order
    if ruling.discrepancy:
        facts["discrepancy"] = "true"
    return facts


def _without(facts: dict[str, str], *names: str) -> dict[str, str]:
    return {name: fact for name, fact in facts.items() if name not in names}


def _located(row: RowMapping) -> Located:
    subject = SubjectId(row["id"])
    if row["zone"] is None:
        return Located(subject, None)
    return Located(subject, Whereabouts(subject, ZoneId(row["zone"]), row["since"], row["event"], How(row["how"])))


def _sighting(row: RowMapping, subject: SubjectId) -> Sighting:
    return Sighting(
        number=row["number"],
        subject=subject,
        at=row["at"],
        received_at=row["received_at"],
        how=How(row["how"]),
        means=Means(row["means"]),
        passage=Passage(row["passage"]),
        ground=row["ground"],
        zone=maybe(ZoneId, row["zone"]),
        post=maybe(PostId, row["post"]),
        direction=maybe(Movement, row["direction"]),
        device=row["device"],
        discrepancy=row["discrepancy"],
        muster=row["muster"],
        event=row["event"],
    )
