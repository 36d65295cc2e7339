"""Erasing a subject: its data key first, then its rows, and a signed certificate of what was destroyed.

The certificate stays in the store, and one line for each in the ledger beside it: whoever restores an older backup is
told by them who must not come back.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from biometric_service.references.cases import forget_cases
from biometric_service.references.disclosure_rows import forget_sharing
from biometric_service.references.holders import merged_into
from biometric_service.references.idempotency import forget_answers
from biometric_service.references.intakes import forget_intakes
from biometric_service.references.models import (
    DataKeyRow,
    EncounterRow,
    ErasureRow,
    SampleRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.tasks import forget_tasks
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import ChangeNumber
from biometric_service.vocabulary.statements import Signer, state

KIND = "erasure"


def destroy_subject(
    connection: Connection, number: int, change: ChangeNumber, event: AuditEvent, signer: Signer
) -> str:
    """Destroy the data keys and every row of a subject and of those merged into it; returns the certificate."""
    numbers = sorted([number, *merged_into(connection, number)])
    fields = {"kind": KIND, "change": change, "at": event.at.isoformat(), "actor": event.caller.actor}
    fields |= {"purpose": event.caller.purpose, **_described(connection, numbers)}
    certificate = state(fields, signer)
    forget_tasks(connection, numbers)
    forget_cases(connection, numbers)
    forget_sharing(connection, numbers)
    forget_intakes(connection, numbers)
    forget_answers(connection, numbers)
    connection.execute(delete(DataKeyRow).where(DataKeyRow.subject.in_(numbers)))
    connection.execute(delete(SubjectRow).where(SubjectRow.number.in_(numbers)))
    connection.execute(insert(ErasureRow), {"change": change, "certificate": certificate})
    return certificate


def certificates(connection: Connection, after: int = 0) -> Sequence[str]:
    """Every certificate of a change after the given one, in order."""
    later = select(ErasureRow.certificate).where(ErasureRow.change > after).order_by(ErasureRow.change)
    return list(connection.scalars(later))


def same_keys(connection: Connection, fields: Mapping[str, Any]) -> bool | None:
    """Whether those whom a certificate tells of have the data keys that were destroyed; None where more or fewer."""
    present = _data_keys(connection, fields["numbers"])
    if len(present) != fields["destroyed"]["data_keys"]:
        return None
    return bool(_digest(present) == fields["sha256"]["data_keys"])


def _described(connection: Connection, numbers: Sequence[int]) -> Mapping[str, object]:
    """Counts by kind, and digests by which a copy that is found later can be told to be one of what was erased."""
    encounters = select(EncounterRow.number).where(EncounterRow.subject.in_(numbers))
    samples = select(SampleRow.number).where(SampleRow.encounter.in_(encounters))
    templates = select(TemplateRow.sealed).where(TemplateRow.sample.in_(samples)).order_by(TemplateRow.number)
    images = select(SampleRow.image).where(SampleRow.number.in_(samples)).order_by(SampleRow.number)
    ids = select(SubjectRow.id).where(SubjectRow.number.in_(numbers)).order_by(SubjectRow.number)
    count = connection.scalar(select(func.count()).select_from(encounters.subquery()))
    blobs = {name: connection.scalars(rows).all() for name, rows in {"images": images, "templates": templates}.items()}
    blobs["data_keys"] = _data_keys(connection, numbers)
    return {
        "subjects": list(connection.scalars(ids)),
        "numbers": list(numbers),
        "destroyed": {"encounters": count, **{name: len(found) for name, found in blobs.items()}},
        "sha256": {name: _digest(found) for name, found in blobs.items()},
    }


def _data_keys(connection: Connection, numbers: Sequence[int]) -> Sequence[bytes]:
    keys = select(DataKeyRow.wrapped).where(DataKeyRow.subject.in_(numbers)).order_by(DataKeyRow.subject)
    return connection.scalars(keys).all()


def _digest(blobs: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(blob).digest() for blob in blobs)).hexdigest()
