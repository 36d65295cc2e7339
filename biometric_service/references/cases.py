"""Cases in SQL (``vocabulary.protocols.CaseStore``): every change of one is one transaction with its audit event.

The probe's images and the verdicts are sealed. No event tells a verdict before the case is closed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.case_details import (
    pack_parts,
    pack_probe,
    pack_verdict,
    unpack_parts,
    unpack_probe,
    unpack_verdict,
)
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import CaseRow, ReviewRow, SubjectRow
from biometric_service.references.numbers import next_number
from biometric_service.references.protection import Binding, StoreKey
from biometric_service.references.refusals import case_unknown
from biometric_service.vocabulary.adjudication import (
    Case,
    Likened,
    Likeness,
    NewCase,
    Origin,
    ProbeImage,
    Review,
    Verdict,
)
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId

_COLUMNS = select(*(column for column in CaseRow.__table__.columns if column.key != CaseRow.probe.key))
_OPEN = CaseRow.outcome.is_(None)
_OVERDUE = select(CaseRow.id).where(_OPEN, CaseRow.opened_at < bindparam("before")).order_by(CaseRow.number)
_IMAGES = (CaseRow.__tablename__,)
_OPEN_OF_TWO = select(CaseRow.id).where(
    _OPEN, CaseRow.candidate == bindparam("candidate"), CaseRow.subject == bindparam("subject")
)
_OPEN_UNNAMED = select(CaseRow.id, CaseRow.evidence).where(
    _OPEN, CaseRow.candidate == bindparam("candidate"), CaseRow.subject.is_(None)
)


class SqlCaseStore:
    """Keeps cases in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def open(self, case: NewCase, event: AuditEvent) -> str:
        """Open the case, unless one of the same two is open; returns the id of the one that is then open."""
        with self._database.writing() as connection:
            present = _open_already(connection, case.likened)
            if present is not None:
                return present
            number = next_number(connection, CaseRow)
            sealed = self._keys.current.cases.seal(pack_probe(case.probe), _probe_binding(case.id))
            connection.execute(insert(CaseRow), {"number": number, "probe": sealed, **_values(case, event)})
            self._log.append(connection, event)
        return case.id

    def open_already(self, likened: Likened) -> str | None:
        """The id of the open case of the same two, None where there is none."""
        with self._database.reading() as connection:
            return _open_already(connection, likened)

    def case(self, case: str) -> Case:
        """The case with all that was said of it; CASE_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            return self._read(connection, _row(connection, case))

    def cases(self, after: int, limit: int, *, closed: bool) -> Sequence[Case]:
        """Open or closed cases by number, after the given one."""
        state = ~_OPEN if closed else _OPEN
        wanted = _COLUMNS.where(state, CaseRow.number > after).order_by(CaseRow.number).limit(limit)
        with self._database.reading() as connection:
            return [self._read(connection, row) for row in connection.execute(wanted).mappings().all()]

    def about(self, connection: Connection, subjects: Collection[SubjectId]) -> Sequence[Case]:
        """Every case of any of these, open or closed, by number; within a transaction."""
        of_them = or_(CaseRow.subject.in_(subjects), CaseRow.candidate.in_(subjects))
        rows = connection.execute(_COLUMNS.where(of_them).order_by(CaseRow.number)).mappings().all()
        return [self._read(connection, row) for row in rows]

    def probe(self, case: str) -> Sequence[ProbeImage]:
        """The images of the probe, none once the case is closed; CASE_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            _row(connection, case)
            sealed = connection.scalar(select(CaseRow.probe).where(CaseRow.id == case))
            return unpack_probe(self._keys.current.cases.open(sealed, _probe_binding(case))) if sealed else ()

    def review(
        self, case: str, review: Review, event: AuditEvent, rule: Callable[[Sequence[Verdict]], Verdict | None]
    ) -> Case:
        """Keep what a reviewer says, and close the case where the rule finds an outcome in all that was said.

        CASE_UNKNOWN; CASE_CONFLICT where the case is closed or the reviewer opened it or has spoken already.
        """
        with self._database.writing() as connection:
            present = self._read(connection, _row(connection, case))
            require_free(present, event.caller)
            binding = _review_binding(case, review.reviewer)
            sealed = self._keys.current.cases.seal(pack_verdict(review.verdict, review.note), binding)
            row = {"case": present.number, "reviewer": review.reviewer, "at": review.at, "sealed": sealed}
            connection.execute(insert(ReviewRow), row)
            self._log.append(connection, event)
            reviewed = self._read(connection, _row(connection, case))
            outcome = rule([each.verdict for each in reviewed.reviews])
            done = self._close(connection, reviewed, outcome, event) if outcome else reviewed
        if outcome:
            self._database.shed(_IMAGES)
        return done

    def overdue(self, before: datetime) -> int:
        """How many cases were opened before a moment and are open still."""
        with self._database.reading() as connection:
            return len(connection.scalars(_OVERDUE, {"before": before}).all())

    def close_overdue(self, before: datetime, event: AuditEvent) -> int:
        """Close as UNSURE what was opened before a moment and is open still; returns how many that were.

        Each in a transaction and with an event of its own, so that it can be cut off.
        """
        with self._database.reading() as connection:
            found = connection.scalars(_OVERDUE, {"before": before}).all()
        closed = sum(self._gave_up(case, event) for case in found)
        if closed:
            self._database.shed(_IMAGES)
        return closed

    def _gave_up(self, case: str, event: AuditEvent) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(_COLUMNS.where(CaseRow.id == case, _OPEN)).mappings().one_or_none()
            if row is None:
                return False
            told = replace(event, details={**event.details, "case": case})
            self._close(connection, self._read(connection, row), Verdict.UNSURE, told)
            return True

    def _close(self, connection: Connection, case: Case, outcome: Verdict, event: AuditEvent) -> Case:
        """The images have served their end."""
        closed = {"outcome": outcome.value, "closed_at": event.at, "probe": None}
        connection.execute(update(CaseRow).where(CaseRow.number == case.number).values(**closed))
        said = " ".join(f"{each.reviewer}={each.verdict.value}" for each in case.reviews)
        details = {**event.details, "outcome": outcome.value, "reviews": said}
        self._log.append(connection, replace(event, kind=EventKind.CASE_CLOSED, details=details))
        return replace(case, outcome=outcome, closed_at=event.at)

    def _read(self, connection: Connection, row: RowMapping) -> Case:
        rows = select(*ReviewRow.__table__.columns).where(ReviewRow.case == row["number"]).order_by(ReviewRow.at)
        found = connection.execute(rows).mappings().all()
        return _case(row, tuple(self._review(row["id"], each) for each in found))

    def _review(self, case: str, row: RowMapping) -> Review:
        opened = self._keys.current.cases.open(row["sealed"], _review_binding(case, row["reviewer"]))
        return Review(row["reviewer"], row["at"], *unpack_verdict(opened))


def require_free(case: Case, reviewer: Caller) -> None:
    """CASE_CONFLICT unless the case is open and the reviewer has had no part in it."""
    if case.outcome is not None:
        raise _conflict("closed")
    if reviewer.is_one_of(case.opened_by):
        raise _conflict("own")
    if reviewer.is_one_of(*(each.reviewer for each in case.reviews)):
        raise _conflict("judged")


def reseal_cases(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put all images and verdicts under a new store key; RECORD_TAMPERED."""
    probes = select(CaseRow.number, CaseRow.id, CaseRow.probe).where(CaseRow.probe.is_not(None))
    for number, name, sealed in connection.execute(probes).all():
        assert sealed is not None
        binding = _probe_binding(name)
        again = new.cases.seal(present.cases.open(sealed, binding), binding)
        connection.execute(update(CaseRow).where(CaseRow.number == number).values(probe=again))
    reviews = select(ReviewRow.case, ReviewRow.reviewer, ReviewRow.sealed, CaseRow.id).join(CaseRow)
    for number, reviewer, sealed, name in connection.execute(reviews).all():
        binding = _review_binding(name, reviewer)
        again = new.cases.seal(present.cases.open(sealed, binding), binding)
        one = (ReviewRow.case == number, ReviewRow.reviewer == reviewer)
        connection.execute(update(ReviewRow).where(*one).values(sealed=again))


def forget_cases(connection: Connection, subjects: Collection[int]) -> None:
    """Forget every case of the subjects with these numbers, which are erased."""
    known_as = select(SubjectRow.id).where(SubjectRow.number.in_(subjects))
    of_them = or_(CaseRow.subject.in_(known_as), CaseRow.candidate.in_(known_as))
    numbers = select(CaseRow.number).where(of_them)
    connection.execute(delete(ReviewRow).where(ReviewRow.case.in_(numbers)))
    connection.execute(delete(CaseRow).where(of_them))


def _open_already(connection: Connection, likened: Likened) -> str | None:
    """The open case of the same two: of one subject, or of the very samples of a probe that nobody named."""
    of = {"candidate": likened.candidate, "subject": likened.subject}
    if likened.subject is not None:
        return connection.scalar(_OPEN_OF_TWO, of)
    unnamed = connection.execute(_OPEN_UNNAMED, of)
    same = (name for name, evidence in unnamed if tuple(evidence) == likened.evidence)
    return next(same, None)


def _values(case: NewCase, event: AuditEvent) -> dict[str, object]:
    return {
        "id": case.id,
        "origin": case.origin.value,
        "subject": case.subject,
        "candidate": case.candidate,
        "galleries": sorted(case.galleries),
        "score": case.likeness.score,
        "threshold": case.likeness.threshold,
        "parts": pack_parts(case.likeness.parts),
        "evidence": list(case.likeness.evidence),
        "opened_at": event.at,
        "opened_by": event.caller.officer,
    }


def _case(row: RowMapping, reviews: tuple[Review, ...]) -> Case:
    likeness = Likeness(row["score"], row["threshold"], unpack_parts(row["parts"]), tuple(row["evidence"]))
    return Case(
        number=row["number"],
        id=row["id"],
        origin=Origin(row["origin"]),
        subject=None if row["subject"] is None else SubjectId(row["subject"]),
        candidate=SubjectId(row["candidate"]),
        galleries=frozenset(map(GalleryId, row["galleries"])),
        likeness=likeness,
        opened_at=row["opened_at"],
        opened_by=row["opened_by"],
        reviews=reviews,
        outcome=Verdict(row["outcome"]) if row["outcome"] else None,
        closed_at=row["closed_at"],
    )


def _row(connection: Connection, case: str) -> RowMapping:
    row = connection.execute(_COLUMNS.where(CaseRow.id == case)).mappings().one_or_none()
    if row is None:
        raise case_unknown()
    return row


def _probe_binding(case: str) -> Binding:
    return Binding(f"case {case} probe".encode())


def _review_binding(case: str, reviewer: str) -> Binding:
    return Binding(f"case {case} review {reviewer}".encode())


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.CASE_CONFLICT, case, **values)
