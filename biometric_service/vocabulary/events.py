"""Who did what, to whom, for which purpose: events of the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.references import GalleryId, SubjectId


class EventKind(StrEnum):
    """Every kind of audit event."""

    GALLERY_CREATED = "gallery.created"
    GALLERIES_LISTED = "galleries.listed"
    SUBJECT_ENROLLED = "subject.enrolled"
    SUBJECT_READ = "subject.read"
    SUBJECTS_LISTED = "subjects.listed"
    SUBJECT_ERASED = "subject.erased"
    REFERENCE_IMAGE_READ = "reference.image_read"
    IDENTIFICATION = "identification"
    VERIFICATION = "verification"
    MOVEMENT_CHECK = "movement.check"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    ENROLMENT_REFUSED = "enrolment.refused"
    ACCESS_REFUSED = "access.refused"
    AUDIT_READ = "audit.read"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which purpose, from which device."""

    actor: str
    purpose: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event. ``details`` holds short facts (outcome, scores, counts), never biometric data.

    ``evidence``: SHA-256 digests of the samples it rests on.
    """

    kind: EventKind
    at: datetime
    caller: Caller
    subject: SubjectId | None = None
    gallery: GalleryId | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event in the chain: ``digest`` is SHA-256 (hex) over ``previous`` and the canonical form of the event."""

    number: int
    event: AuditEvent
    previous: str
    digest: str
