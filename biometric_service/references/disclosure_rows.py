"""Rows of disclosures: written, read, put under another key, and forgotten with whom they are about."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from biometric_service.references.agreements import UNSENT
from biometric_service.references.holders import ids_of, known_as
from biometric_service.references.protection import Binding, StoreKey
from biometric_service.references.sharing_refusals import disclosure_unknown
from biometric_service.references.sharing_tables import (
    AgencyRequestRow,
    ApprovalRow,
    DisclosedPersonRow,
    DisclosureRow,
    ReceivedRow,
)
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import (
    Channel,
    Disclosure,
    DisclosureKind,
    DisclosureState,
    Message,
    Signature,
)

_HIDDEN = {"draft", "payload"}
_SHOWN = select(*(column for column in DisclosureRow.__table__.columns if column.key not in _HIDDEN))


def new_values(message: Message, event: AuditEvent) -> dict[str, object]:
    """The columns of a new disclosure but its number and draft."""
    agreement, partner = message.agreement, message.agreement.terms.partner
    return {
        "id": message.id,
        "kind": message.kind.value,
        "agreement": agreement.id,
        "agency": partner.agency,
        "principal": partner.principal,
        "channel": message.channel.value,
        "subject": message.subject,
        "about": message.about,
        "cause": message.cause,
        "at": message.at,
        "day": message.day,
        "made_by": event.caller.officer,
        "purpose": agreement.terms.purpose,
        "legal_basis": agreement.terms.legal_basis,
        "fields": list(message.fields),
        "digest": message.digest,
        "state": (DisclosureState.AWAITING_REVIEW if message.reviewed else DisclosureState.PENDING).value,
        "attempts": 0,
        "due_at": message.at,
        "receipt": "",
        "note": "",
        "payload": message.sealed.encode(),
    }


def row_of(connection: Connection, disclosure: str) -> RowMapping:
    """Everything of a row; DISCLOSURE_UNKNOWN."""
    columns = select(*DisclosureRow.__table__.columns)
    row = connection.execute(columns.where(DisclosureRow.id == disclosure)).mappings().one_or_none()
    if row is None:
        raise disclosure_unknown()
    return row


def disclosures_of(connection: Connection, ids: Sequence[str]) -> Sequence[Disclosure]:
    """Those with these ids in their order, with who approved and what recalled them; DISCLOSURE_UNKNOWN for none."""
    found = connection.execute(_SHOWN.where(DisclosureRow.id.in_(ids))).mappings().all()
    if len(found) < len(set(ids)):
        raise disclosure_unknown()
    rows = sorted(found, key=lambda row: ids.index(row["id"]))
    approvals = _approvals(connection, [row["number"] for row in rows])
    recalls = _recalls(connection, [row["id"] for row in rows])
    return [_disclosure(row, approvals.get(row["number"], ()), recalls.get(row["id"], "")) for row in rows]


def note_people(connection: Connection, disclosure: int, subject: SubjectId) -> None:
    """Keep under which ids, beside their own, somebody is known by now whom a disclosure is about."""
    _note(connection, [(disclosure, each) for each in ids_of(connection, subject) if each != subject])


def copy_people(connection: Connection, original: int, recall: int) -> None:
    """Have a recall be about everybody whom its original is about."""
    of_it = select(DisclosedPersonRow.subject).where(DisclosedPersonRow.disclosure == original)
    _note(connection, [(recall, each) for each in connection.scalars(of_it)])


def about_person(connection: Connection, subject: SubjectId) -> ColumnElement[bool]:
    """True of what was shared of a person under any id that is theirs, or was by a merge when it was shared."""
    ids = ids_of(connection, subject)
    also = select(DisclosedPersonRow.disclosure).where(DisclosedPersonRow.subject.in_(ids))
    return DisclosureRow.subject.in_(ids) | DisclosureRow.number.in_(also)


def reseal_sharing(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put drafts, what was received and what is asked under a new store key; RECORD_TAMPERED."""
    drafts = select(DisclosureRow.id, DisclosureRow.draft).where(DisclosureRow.draft.is_not(None))
    for name, sealed in connection.execute(drafts).all():
        again = _again(sealed, binding(name), present, new)
        connection.execute(update(DisclosureRow).where(DisclosureRow.id == name).values(draft=again))
    asked = select(AgencyRequestRow.id, AgencyRequestRow.content).where(AgencyRequestRow.content.is_not(None))
    for name, sealed in connection.execute(asked).all():
        again = _again(sealed, request_binding(name), present, new)
        connection.execute(update(AgencyRequestRow).where(AgencyRequestRow.id == name).values(content=again))
    received = select(ReceivedRow.agency, ReceivedRow.id, ReceivedRow.content).where(ReceivedRow.content.is_not(None))
    for agency, name, sealed in connection.execute(received).all():
        again = _again(sealed, received_binding(agency, name), present, new)
        one = (ReceivedRow.agency == agency, ReceivedRow.id == name)
        connection.execute(update(ReceivedRow).where(*one).values(content=again))


def forget_sharing(connection: Connection, subjects: Collection[int]) -> None:
    """Destroy what is kept to be sent of the subjects with these numbers, and what was asked about them.

    That and what was shared stays on record, by each of their ids under all of them; recalls follow from the event of
    the erasure.
    """
    ids = known_as(connection, subjects)
    _join(connection, ids)
    of_them = DisclosureRow.subject.in_(ids) & (DisclosureRow.kind != DisclosureKind.RECALL.value)
    stopped = {"state": DisclosureState.CANCELLED.value, "note": "The person was erased."}
    connection.execute(update(DisclosureRow).where(of_them, DisclosureRow.state.in_(UNSENT)).values(**stopped))
    connection.execute(update(DisclosureRow).where(of_them).values(draft=None, payload=None))
    asked = AgencyRequestRow.subject.in_(ids)
    connection.execute(update(AgencyRequestRow).where(asked).values(content=None))


def binding(disclosure: str) -> Binding:
    """Binds a draft to its row."""
    return Binding(f"disclosure {disclosure}".encode())


def request_binding(request: str) -> Binding:
    """Binds what an agency asks to its row."""
    return Binding(f"agency request {request}".encode())


def received_binding(agency: str, disclosure: str) -> Binding:
    """Binds what an agency sent to its row."""
    return Binding(f"received {len(agency)} {agency} {disclosure}".encode())


def _join(connection: Connection, ids: Sequence[SubjectId]) -> None:
    """The ids are one person: what is known under one is from now on known under all."""
    people = DisclosedPersonRow
    under = select(DisclosureRow.number, DisclosureRow.subject).where(DisclosureRow.subject.in_(ids))
    also = select(people.disclosure, people.subject).where(people.subject.in_(ids))
    known = {(number, each) for query in (under, also) for number, each in connection.execute(query)}
    numbers = {number for number, _ in known}
    _note(connection, [(number, each) for number in numbers for each in ids if (number, each) not in known])


def _note(connection: Connection, people: Sequence[tuple[int, str]]) -> None:
    if people:
        rows = [{"disclosure": number, "subject": subject} for number, subject in people]
        connection.execute(insert(DisclosedPersonRow), rows)


def _again(sealed: bytes | None, bound: Binding, present: StoreKey, new: StoreKey) -> bytes:
    assert sealed is not None
    return new.sharing.seal(present.sharing.open(sealed, bound), bound)


def _approvals(connection: Connection, numbers: Sequence[int]) -> Mapping[int, tuple[Signature, ...]]:
    found: dict[int, tuple[Signature, ...]] = {}
    rows = select(*ApprovalRow.__table__.columns).where(ApprovalRow.disclosure.in_(numbers)).order_by(ApprovalRow.at)
    for number, officer, at in connection.execute(rows):
        found[number] = (*found.get(number, ()), Signature(officer, at))
    return found


def _recalls(connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
    recalls = DisclosureRow.kind == DisclosureKind.RECALL.value
    rows = select(DisclosureRow.about, DisclosureRow.id).where(recalls, DisclosureRow.about.in_(ids))
    return dict(connection.execute(rows).all())


def _disclosure(row: RowMapping, approvals: tuple[Signature, ...], recalled_by: str) -> Disclosure:
    return Disclosure(
        number=row["number"],
        id=row["id"],
        event=row["event"],
        kind=DisclosureKind(row["kind"]),
        agreement=row["agreement"],
        agency=row["agency"],
        principal=row["principal"],
        channel=Channel(row["channel"]),
        subject=None if row["subject"] is None else SubjectId(row["subject"]),
        about=row["about"],
        at=row["at"],
        made_by=row["made_by"],
        purpose=row["purpose"],
        legal_basis=row["legal_basis"],
        fields=tuple(row["fields"]),
        digest=row["digest"],
        state=DisclosureState(row["state"]),
        attempts=row["attempts"],
        sent_at=row["sent_at"],
        acknowledged_at=row["acknowledged_at"],
        receipt=row["receipt"],
        note=row["note"],
        approvals=approvals,
        recalled_by=recalled_by,
    )
