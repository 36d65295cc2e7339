"""Requests that came to nothing for a fault, as audit events: somebody asked about a person, whatever was answered."""

import hashlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import Request

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import SubjectId

RECORDED_ALREADY = frozenset({ErrorCode.NOT_AUTHORISED, ErrorCode.NOT_AUTHENTICATED})
_LONGEST_SUBJECT = 128

log = logging.getLogger(__name__)


def note_asked(request: Request, subject: str | None, images: Iterable[bytes]) -> None:
    """Remember whom a request is about and what it rests on, for the case that it fails."""
    request.state.subject = subject
    request.state.evidence = tuple(hashlib.sha256(image).hexdigest() for image in images)


def record_failure(request: Request, fault: BiometricServiceError) -> None:
    """Append the event, where the caller was let in and the refusal is not in the log already.

    Where the store cannot be written to there is no event, but a line in the service's own log.
    """
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or fault.code in RECORDED_ALREADY:
        return
    subject = getattr(request.state, "subject", None) or request.path_params.get("subject")
    route = getattr(request.scope.get("route"), "path", "")
    details = {"code": fault.code.value, "operation": f"{request.method} {route}"}
    evidence = getattr(request.state, "evidence", ())
    whom = SubjectId(str(subject)[:_LONGEST_SUBJECT]) if subject else None
    event = AuditEvent(EventKind.REQUEST_FAILED, datetime.now(UTC), caller, whom, None, details, evidence)
    try:
        request.app.state.services.store.record(event)
    except BiometricServiceError as unrecorded:
        log.error("a failed request is not in the audit log: %s", unrecorded)  # noqa: TRY400 - its trace tells nothing
