"""How long encounters are kept (``vocabulary.protocols.RetentionStore``), in SQL; nothing is decrypted for it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, insert, select

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.kept_encounters import galleries_of
from biometric_service.references.models import ConsentRow, EncounterRow, RetentionRuleRow, SubjectRow
from biometric_service.references.refusals import gallery_unknown
from biometric_service.references.sightings import Known
from biometric_service.references.staying import loses
from biometric_service.references.subjects import gallery_exists
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import (
    CONSENT,
    CountedFrom,
    EncounterId,
    EncounterKey,
    GalleryId,
    Overdue,
    RetentionRule,
    SubjectId,
)

_PAGE = 1000
_ENCOUNTERS = (
    select(*EncounterRow.__table__.columns, SubjectRow.id.label("known_as"))
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .order_by(EncounterRow.number)
    .limit(_PAGE)
)


class SqlRetentionStore:
    """Keeps the rules in the store's database, each change of them with its audit event."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    def set_rule(self, rule: RetentionRule, event: AuditEvent) -> None:
        """Keep the rule, in the place of one for the same gallery and legal basis; GALLERY_UNKNOWN."""
        with self._database.writing() as connection:
            if rule.gallery and not gallery_exists(connection, rule.gallery):
                raise gallery_unknown(rule.gallery)
            self._drop(connection, rule.gallery, rule.legal_basis)
            connection.execute(insert(RetentionRuleRow), asdict(rule))
            self._log.append(connection, event)

    def drop_rule(self, gallery: GalleryId, legal_basis: str, event: AuditEvent) -> None:
        """End a rule; REQUEST_INVALID where there is none."""
        with self._database.writing() as connection:
            if not self._drop(connection, gallery, legal_basis):
                message, action = "There is no such retention rule.", "List the rules (retention list)."
                raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
            self._log.append(connection, event)

    def rules(self) -> Sequence[RetentionRule]:
        """Every rule, by gallery and legal basis."""
        with self._database.reading() as connection:
            return _rules(connection)

    def overdue(self, now: datetime) -> Iterator[Overdue]:
        """Every encounter that may not be kept any longer, and why; no transaction is open between two pages."""
        after, rules, going = 0, self.rules(), defaultdict[int, set[int]](set)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(_ENCOUNTERS.where(EncounterRow.number > after)).mappings().all()
                over = ((row, _reason(connection, row, rules, now)) for row in rows)
                found = [_overdue(connection, row, reason, going[row["subject"]]) for row, reason in over if reason]
            yield from found
            if not rows:
                return
            after = rows[-1]["number"]

    @staticmethod
    def _drop(connection: Connection, gallery: GalleryId, legal_basis: str) -> bool:
        row = RetentionRuleRow
        dropped = connection.execute(delete(row).where(row.gallery == gallery, row.legal_basis == legal_basis))
        return bool(dropped.rowcount)


def _rules(connection: Connection) -> Sequence[RetentionRule]:
    row = RetentionRuleRow
    rows = select(row.gallery, row.legal_basis, row.days, row.counted_from).order_by(row.gallery, row.legal_basis)
    return [
        RetentionRule(GalleryId(gallery), legal_basis, days, CountedFrom(counted_from))
        for gallery, legal_basis, days, counted_from in connection.execute(rows)
    ]


def _overdue(connection: Connection, row: RowMapping, reason: str, going: set[int]) -> Overdue:
    """``going``: numbers of the person's encounters that are to be deleted, to which this one is added."""
    key = EncounterKey(SubjectId(row["known_as"]), EncounterId(row["id"]))
    held_back = loses(connection, Known(row["subject"], key.subject), going | {row["number"]})
    if not held_back:
        going.add(row["number"])
    return Overdue(key, row["version"], reason, held_back)


def _reason(connection: Connection, row: RowMapping, rules: Sequence[RetentionRule], now: datetime) -> str:
    """Why the encounter may not be kept any longer; empty where it may."""
    if row["legal_basis"] == CONSENT and not _consented(connection, row["number"]):
        return "no consent stands"
    if row["keep_until"] is not None:
        return f"to be kept until {row['keep_until']:%Y-%m-%d}" if row["keep_until"] <= now else ""
    ends = [(_end(row, rule), rule) for rule in _fitting(connection, row, rules)]
    if not ends or any(end is None or end > now for end, _ in ends):
        return ""
    rule = max(ends, key=lambda each: each[0] or now)[1]
    return f"{rule.days} days from {rule.counted_from.value}"


def _consented(connection: Connection, encounter: int) -> bool:
    standing = select(ConsentRow.purpose).where(ConsentRow.encounter == encounter, ConsentRow.withdrawn_at.is_(None))
    return connection.execute(standing.limit(1)).first() is not None


def _fitting(connection: Connection, row: RowMapping, rules: Sequence[RetentionRule]) -> Sequence[RetentionRule]:
    """The most exact of the rules that fit."""
    galleries = galleries_of(connection, row["number"]) if any(rule.gallery for rule in rules) else frozenset()
    fitting = [
        rule for rule in rules if rule.gallery in {"", *galleries} and rule.legal_basis in {"", row["legal_basis"]}
    ]
    most_exact = max((_exactness(rule) for rule in fitting), default=None)
    return [rule for rule in fitting if _exactness(rule) == most_exact]


def _exactness(rule: RetentionRule) -> tuple[bool, bool]:
    return bool(rule.legal_basis), bool(rule.gallery)


def _end(row: RowMapping, rule: RetentionRule) -> datetime | None:
    """When the period is over; None where it has not begun."""
    begun: datetime | None = row["at"] if rule.counted_from is CountedFrom.CAPTURE else row["ended_at"]
    return None if begun is None else begun + timedelta(days=rule.days)
