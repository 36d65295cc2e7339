"""What other agencies ask, in SQL (``vocabulary.sharing_stores.AgencyRequestStore``): a queue by priority.

Whoever claims a request holds it until a moment; after it anybody may claim it again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from biometric_service.references.agreements import SqlAgreementStore
from biometric_service.references.database import Database
from biometric_service.references.disclosure_rows import request_binding
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.leases import is_free
from biometric_service.references.numbers import next_number
from biometric_service.references.sharing_refusals import conflict, no_agreement, request_unknown
from biometric_service.references.sharing_tables import AgencyRequestRow, DisclosureRow
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.sharing import AgencyRequest, DisclosureState, NewRequest, RequestKind, RequestState

_SHOWN = select(*(column for column in AgencyRequestRow.__table__.columns if column.key != "content"))
_BY_URGENCY = (AgencyRequestRow.priority.desc(), AgencyRequestRow.number)
_QUEUED = AgencyRequestRow.state == RequestState.QUEUED.value


class SqlAgencyRequestStore:
    """Keeps requests in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog, agreements: SqlAgreementStore) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._agreements = agreements

    def add(self, request: NewRequest, event: AuditEvent) -> AgencyRequest:
        """Queue it; SHARING_REFUSED unless its agreement is in force and lets the agency ask this."""
        with self._database.writing() as connection:
            agreement = self._agreements.require(connection, request.agreement.id, event.at)
            if request.kind not in agreement.terms.answers:
                raise no_agreement()
            if connection.scalar(select(AgencyRequestRow.number).where(AgencyRequestRow.id == request.id)):
                raise conflict("request_exists")
            number = next_number(connection, AgencyRequestRow)
            content = self._keys.current.sharing.seal(request.content, request_binding(request.id))
            row = {"number": number, "content": content, **_values(request, event)}
            connection.execute(insert(AgencyRequestRow), row)
            self._log.append(connection, event)
            return _request(_row(connection, request.id))

    def claim(self, now: datetime, until: datetime) -> tuple[AgencyRequest, bytes] | None:
        """The most urgent request that waits, with what is asked."""
        following = (
            select(AgencyRequestRow.id, AgencyRequestRow.content)
            .where(_QUEUED, is_free(AgencyRequestRow, now), AgencyRequestRow.due_at <= now)
            .where(AgencyRequestRow.content.is_not(None))
            .order_by(*_BY_URGENCY)
            .limit(1)
        )
        with self._database.reading() as connection:
            if connection.execute(following).one_or_none() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(following).one_or_none()
            if found is None:
                return None
            name, sealed = found
            claimed = {"claimed_until": until, "attempts": AgencyRequestRow.attempts + 1}
            connection.execute(update(AgencyRequestRow).where(AgencyRequestRow.id == name).values(**claimed))
            assert sealed is not None
            return _request(_row(connection, name)), self._keys.current.sharing.open(sealed, request_binding(name))

    def answered(self, request: str, outcome: str, answer: str, event: AuditEvent) -> None:
        """It has its answer, a disclosure; what was asked is forgotten."""
        done = {"state": RequestState.ANSWERED.value, "outcome": outcome, "answer": answer, "content": None, "note": ""}
        self._end(request, event, **done)

    def failed(self, request: str, note: str, event: AuditEvent, *, refused: bool) -> None:
        """It cannot be answered, or may not any more; what was asked is forgotten."""
        state = RequestState.REFUSED if refused else RequestState.FAILED
        self._end(request, event, state=state.value, note=note, content=None)

    def postponed(self, request: str, due: datetime, note: str) -> None:
        """It could not be done: it is tried again then."""
        with self._database.writing() as connection:
            again = {"due_at": due, "claimed_until": None, "note": note}
            connection.execute(update(AgencyRequestRow).where(AgencyRequestRow.id == request).values(**again))

    def request(self, request: str) -> AgencyRequest:
        """One; AGENCY_REQUEST_UNKNOWN."""
        with self._database.reading() as connection:
            return _request(_row(connection, request))

    def content(self, request: str) -> bytes | None:
        """What is asked, None once it is forgotten; AGENCY_REQUEST_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            _row(connection, request)
            sealed = connection.scalar(select(AgencyRequestRow.content).where(AgencyRequestRow.id == request))
            return None if sealed is None else self._keys.current.sharing.open(sealed, request_binding(request))

    def listed(self, after: int, limit: int, agency: str | None = None) -> Sequence[AgencyRequest]:
        """A page by number, after the given one; of one agency, or all."""
        wanted: ColumnElement[bool] = AgencyRequestRow.number > after
        if agency is not None:
            wanted &= AgencyRequestRow.agency == agency
        page = _SHOWN.where(wanted).order_by(AgencyRequestRow.number).limit(limit)
        with self._database.reading() as connection:
            return [_request(row) for row in connection.execute(page).mappings().all()]

    def pressing(self, after: int, limit: int) -> Sequence[AgencyRequest]:
        """A page of those that wait to be looked at, or for the review of their answer; the most urgent first.

        ``after``: number of the last one of the page before, 0 for none.
        """
        waiting = DisclosureRow.state == DisclosureState.AWAITING_REVIEW.value
        reviewed = select(DisclosureRow.id).where(DisclosureRow.id == AgencyRequestRow.answer, waiting)
        wanted: ColumnElement[bool] = _QUEUED | reviewed.exists()
        with self._database.reading() as connection:
            last = connection.scalar(select(AgencyRequestRow.priority).where(AgencyRequestRow.number == after))
            if last is not None:
                as_urgent = (AgencyRequestRow.priority == last) & (AgencyRequestRow.number > after)
                wanted &= (AgencyRequestRow.priority < last) | as_urgent
            page = _SHOWN.where(wanted).order_by(*_BY_URGENCY).limit(limit)
            return [_request(row) for row in connection.execute(page).mappings().all()]

    def _end(self, request: str, event: AuditEvent, **values: object) -> None:
        with self._database.writing() as connection:
            row = _row(connection, request)
            if row["state"] == RequestState.QUEUED.value:
                ended = update(AgencyRequestRow).where(AgencyRequestRow.id == request)
                connection.execute(ended.values(claimed_until=None, **values))
                self._log.append(connection, event)


def _values(request: NewRequest, event: AuditEvent) -> dict[str, object]:
    return {
        "id": request.id,
        "agency": request.agreement.terms.partner.agency,
        "agreement": request.agreement.id,
        "kind": request.kind.value,
        "gallery": request.gallery,
        "subject": request.subject,
        "priority": request.priority,
        "asked_at": event.at,
        "state": RequestState.QUEUED.value,
        "attempts": 0,
        "due_at": event.at,
        "outcome": "",
        "answer": "",
        "note": "",
    }


def _row(connection: Connection, request: str) -> RowMapping:
    row = connection.execute(_SHOWN.where(AgencyRequestRow.id == request)).mappings().one_or_none()
    if row is None:
        raise request_unknown()
    return row


def _request(row: RowMapping) -> AgencyRequest:
    return AgencyRequest(
        number=row["number"],
        id=row["id"],
        agency=row["agency"],
        agreement=row["agreement"],
        kind=RequestKind(row["kind"]),
        gallery=GalleryId(row["gallery"]),
        subject=None if row["subject"] is None else SubjectId(row["subject"]),
        priority=row["priority"],
        asked_at=row["asked_at"],
        state=RequestState(row["state"]),
        attempts=row["attempts"],
        outcome=row["outcome"],
        answer=row["answer"],
        note=row["note"],
    )
