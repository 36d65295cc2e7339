"""Rows of disclosures: written, read, put under another key, and forgotten with whom they are about."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, select, update

from biometric_service.references.agreements import UNSENT
from biometric_service.references.models import SubjectRow
from biometric_service.references.protection import Binding, StoreKey
from biometric_service.references.sharing_refusals import disclosure_unknown
from biometric_service.references.sharing_tables import AgencyRequestRow, ApprovalRow, DisclosureRow, ReceivedRow
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

    That and what was shared stays on record; recalls follow from the event of the erasure.
    """
    known_as = select(SubjectRow.id).where(SubjectRow.number.in_(subjects))
    of_them = DisclosureRow.subject.in_(known_as) & (DisclosureRow.kind != DisclosureKind.RECALL.value)
    stopped = {"state": DisclosureState.CANCELLED.value, "note": "The person was erased."}
    connection.execute(update(DisclosureRow).where(of_them, DisclosureRow.state.in_(UNSENT)).values(**stopped))
    connection.execute(update(DisclosureRow).where(of_them).values(draft=None, payload=None))
    asked = AgencyRequestRow.subject.in_(known_as)
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
