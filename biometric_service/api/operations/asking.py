"""What every request without a body says in its query."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query

from biometric_service.api.operations.bodies import Id, Line, Purpose
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId

LONGEST_PAGE = 200

PurposeQuery = Annotated[Purpose, Query(description="What the answer is for; the key must allow it.")]
DeviceQuery = Annotated[Line, Query(description="Where the request comes from; kept in the audit log.")]
GalleryQuery = Annotated[Id, Query(description="Which gallery; ALL for every one.")]
LimitQuery = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="Longest page wanted.")]
SubjectPath = Annotated[Id, Path(description="The subject's id.")]


@dataclass(frozen=True, slots=True)
class Asking:
    """Purpose and device of a request without a body; a FastAPI dependency."""

    purpose: PurposeQuery
    device: DeviceQuery = ""


def event(
    kind: EventKind, caller: Caller, subject: SubjectId | None = None, gallery: GalleryId | None = None
) -> AuditEvent:
    """An event of now."""
    return AuditEvent(kind, datetime.now(UTC), caller, subject, gallery)
