"""Who did what, to whom, for which purpose: events of the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.references import GalleryId, SubjectId


class EventKind(StrEnum):
    """Every kind of audit event."""

    GALLERY_CREATED = "gallery.created"
    GALLERY_DELETED = "gallery.deleted"
    GALLERIES_LISTED = "galleries.listed"
    SUBJECT_ENROLLED = "subject.enrolled"
    SUBJECT_READ = "subject.read"
    SUBJECTS_LISTED = "subjects.listed"
    SUBJECT_ERASED = "subject.erased"
    SUBJECTS_MERGED = "subjects.merged"
    SUBJECT_UNMERGED = "subject.unmerged"
    ENCOUNTER_ADDED = "encounter.added"
    ENCOUNTER_READ = "encounter.read"
    ENCOUNTER_REPLACED = "encounter.replaced"
    ENCOUNTER_DELETED = "encounter.deleted"
    ENCOUNTER_MOVED = "encounter.moved"
    ENCOUNTER_EXPIRED = "encounter.expired"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    RETENTION_RULE_SET = "retention.rule_set"
    RETENTION_RULE_DROPPED = "retention.rule_dropped"
    TEMPLATES_ADDED = "templates.added"
    MODEL_SWITCHED = "model.switched"
    STATUS_CHANGED = "encounter.status_changed"
    GALLERIES_CHANGED = "encounter.galleries_changed"
    REFERENCE_IMAGE_READ = "reference.image_read"
    IDENTIFICATION = "identification"
    VERIFICATION = "verification"
    COLLATION = "collation"
    SUBJECTS_COMPARED = "subjects.compared"
    MOVEMENT_CHECK = "movement.check"
    CHALLENGE_ISSUED = "challenge.issued"
    CHALLENGE_ANSWERED = "challenge.answered"
    MOVEMENT_REPORTED = "movement.reported"
    CASE_OPENED = "adjudication.opened"
    CASE_REVIEWED = "adjudication.reviewed"
    CASE_CLOSED = "adjudication.closed"
    CASE_READ = "adjudication.read"
    CASES_LISTED = "adjudication.listed"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    DEVICE_REGISTERED = "device.registered"
    DEVICE_REVOKED = "device.revoked"
    DEVICES_LISTED = "devices.listed"
    ENROLMENT_REFUSED = "enrolment.refused"
    ACCESS_REFUSED = "access.refused"
    REQUEST_FAILED = "request.failed"
    AUDIT_READ = "audit.read"
    MASTER_KEY_ROTATED = "master_key.rotated"
    STORE_KEY_RENEWED = "store_key.renewed"
    BACKUP_CREATED = "backup.created"
    STORE_MOVED = "store.moved"
    POLICY_CHANGED = "policy.changed"
    POLICY_REFUSED = "policy.refused"
    DRIFT_FOUND = "drift.found"
    DRIFT_READ = "drift.read"
    DRIFT_CLOSED = "drift.closed"


MEANINGS: Mapping[EventKind, str] = {
    EventKind.GALLERY_CREATED: "A gallery was made.",
    EventKind.GALLERY_DELETED: "An empty gallery was deleted.",
    EventKind.GALLERIES_LISTED: "The names of the galleries were read.",
    EventKind.SUBJECT_ENROLLED: "A subject's first encounter was kept.",
    EventKind.SUBJECT_READ: "What is kept of one subject was read.",
    EventKind.SUBJECTS_LISTED: "The subjects of a gallery were listed.",
    EventKind.SUBJECT_ERASED: "A subject's data key and records were destroyed.",
    EventKind.SUBJECTS_MERGED: "A subject's encounters went to another subject, which is the same person.",
    EventKind.SUBJECT_UNMERGED: "The encounters of a merged subject came back to it.",
    EventKind.ENCOUNTER_ADDED: "A further encounter of a subject was kept.",
    EventKind.ENCOUNTER_READ: "An encounter was read with its images and what is known of the person.",
    EventKind.ENCOUNTER_REPLACED: "An encounter was replaced by a corrected one.",
    EventKind.ENCOUNTER_DELETED: "An encounter was deleted, and the subject with its last one.",
    EventKind.ENCOUNTER_MOVED: "An encounter went to another subject, whose it is.",
    EventKind.ENCOUNTER_EXPIRED: "An encounter was deleted because it may not be kept any longer; the event says why.",
    EventKind.CONSENT_WITHDRAWN: "A consent was withdrawn.",
    EventKind.RETENTION_RULE_SET: "It was set how long encounters of a gallery or legal basis are kept.",
    EventKind.RETENTION_RULE_DROPPED: "A rule on how long encounters are kept was ended.",
    EventKind.TEMPLATES_ADDED: "Templates of another model were made from stored images, beside those there are.",
    EventKind.MODEL_SWITCHED: "Another model's templates are searched from now on.",
    EventKind.STATUS_CHANGED: "The status of an encounter was set (active, released, transferred, deceased).",
    EventKind.GALLERIES_CHANGED: "The galleries that an encounter is searched in were set.",
    EventKind.REFERENCE_IMAGE_READ: "The image that a reference was made from was looked at.",
    EventKind.IDENTIFICATION: "Somebody was searched for in a gallery (1:N).",
    EventKind.VERIFICATION: "Somebody was compared with a claimed subject (1:1).",
    EventKind.COLLATION: "Two sets of samples that were sent were compared with one another.",
    EventKind.SUBJECTS_COMPARED: "Two enrolled subjects were compared by their references.",
    EventKind.MOVEMENT_CHECK: "Somebody was checked at a checkpoint.",
    EventKind.MOVEMENT_REPORTED: "A terminal of another system says it recognised somebody; nothing was compared here.",
    EventKind.ENROLMENT_REFUSED: "An enrolment was not kept; the event says why.",
    EventKind.CHALLENGE_ISSUED: "Somebody at an unattended camera was asked to turn the head.",
    EventKind.CHALLENGE_ANSWERED: "The frames of a challenge were judged and the person compared with who was claimed.",
    EventKind.CASE_OPENED: "Two who may be one person were laid before reviewers.",
    EventKind.CASE_REVIEWED: "A reviewer judged a case; what was said is told when it is closed.",
    EventKind.CASE_CLOSED: "A case has its outcome; the event says what each reviewer said.",
    EventKind.CASE_READ: "A case of adjudication was read; the event says whether with its images.",
    EventKind.CASES_LISTED: "The open or the closed cases of adjudication were listed.",
    EventKind.API_KEY_CREATED: "An API key was made.",
    EventKind.API_KEY_REVOKED: "An API key was ended.",
    EventKind.DEVICE_REGISTERED: "A device was registered with its certificate and what it may do.",
    EventKind.DEVICE_REVOKED: "A device was revoked.",
    EventKind.DEVICES_LISTED: "The registered devices were read.",
    EventKind.REQUEST_FAILED: "A request came to nothing for a fault (an unreadable image, an unknown subject).",
    EventKind.ACCESS_REFUSED: "A caller was not let in, or asked for what it does not reach.",
    EventKind.AUDIT_READ: "Events of this log were read or its chain verified.",
    EventKind.MASTER_KEY_ROTATED: "The store was put under a new master key.",
    EventKind.STORE_KEY_RENEWED: "Everything was sealed anew under new data keys and a new store key.",
    EventKind.BACKUP_CREATED: "A copy of the whole store was made.",
    EventKind.STORE_MOVED: "The store was moved to another database.",
    EventKind.POLICY_CHANGED: "A changed policy file was taken: other error rates hold from here on.",
    EventKind.POLICY_REFUSED: "A changed policy file was not valid, and the policy before it stays in force.",
    EventKind.DRIFT_FOUND: "Figures of a device or post left their band; the event says which and which way.",
    EventKind.DRIFT_READ: "What is known of drift was read.",
    EventKind.DRIFT_CLOSED: "The alarms of a device were ended; the event says whether its past was forgotten.",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which purpose, from which device, in which transaction of its own, and on which legal basis."""

    actor: str
    purpose: str
    device: str = ""
    transaction: str = ""
    legal_basis: str = ""


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
