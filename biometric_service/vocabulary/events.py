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
    INTAKE_OPENED = "intake.opened"
    INTAKE_READ = "intake.read"
    INTAKES_LISTED = "intakes.listed"
    INTAKE_CAPTURED = "intake.captured"
    INTAKE_DISCARDED = "intake.discarded"
    INTAKE_EXCEPTED = "intake.excepted"
    INTAKE_SEARCHED = "intake.searched"
    INTAKE_REFUSED = "intake.refused"
    INTAKE_COMPLETED = "intake.completed"
    INTAKE_WIPED = "intake.wiped"
    INTAKE_EXPIRED = "intake.expired"
    CARD_ISSUED = "card.issued"
    CARD_RESOLVED = "card.resolved"
    CARDS_LISTED = "cards.listed"
    CARD_REVOKED = "card.revoked"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    API_KEYS_LISTED = "api_keys.listed"
    DEVICE_REGISTERED = "device.registered"
    DEVICE_REVOKED = "device.revoked"
    DEVICES_LISTED = "devices.listed"
    SLICE_ISSUED = "slice.issued"
    STANDING_TOLD = "device.standing_told"
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_DELETED = "subscription.deleted"
    SUBSCRIPTIONS_READ = "subscriptions.read"
    DELIVERY_GIVEN_UP = "delivery.given_up"
    EVENTS_STREAMED = "events.streamed"
    SIGNED_IN = "console.signed_in"
    SIGNED_OUT = "console.signed_out"
    ENROLMENT_REFUSED = "enrolment.refused"
    ACCESS_REFUSED = "access.refused"
    REQUEST_FAILED = "request.failed"
    AUDIT_READ = "audit.read"
    MASTER_KEY_ROTATED = "master_key.rotated"
    STORE_KEY_RENEWED = "store_key.renewed"
    BACKUP_CREATED = "backup.created"
    BACKUP_RESTORED = "backup.restored"
    STORE_MOVED = "store.moved"
    POLICY_CHANGED = "policy.changed"
    POLICY_REFUSED = "policy.refused"
    DRIFT_FOUND = "drift.found"
    DRIFT_READ = "drift.read"
    DRIFT_CLOSED = "drift.closed"
    ZONE_SET = "zone.set"
    ZONE_DROPPED = "zone.dropped"
    POST_SET = "post.set"
    POST_DROPPED = "post.dropped"
    PLACES_READ = "places.read"
    ORDER_ISSUED = "movement_order.issued"
    ORDER_CANCELLED = "movement_order.cancelled"
    ORDERS_READ = "movement_orders.read"
    PASSAGE_RECORDED = "passage.recorded"
    PASSAGE_DOUBTED = "passage.doubted"
    WHEREABOUTS_CHANGED = "whereabouts.changed"
    WHEREABOUTS_READ = "whereabouts.read"
    MANUAL_CHECK_OPENED = "manual_check.opened"
    MANUAL_CHECK_CONFIRMED = "manual_check.confirmed"
    MANUAL_CHECK_DOUBTED = "manual_check.doubted"
    MANUAL_CHECKS_READ = "manual_checks.read"
    MUSTER_STARTED = "muster.started"
    MUSTER_COUNTED = "muster.counted"
    MUSTER_NOTED = "muster.noted"
    MUSTER_CLOSED = "muster.closed"
    MUSTER_READ = "muster.read"
    RELEASE_OPENED = "release.opened"
    RELEASE_CHECKED = "release.checked"
    RELEASE_BLOCKED = "release.blocked"
    RELEASE_CONFIRMED = "release.confirmed"
    RELEASE_COMPLETED = "release.completed"
    RELEASE_CANCELLED = "release.cancelled"
    RELEASES_READ = "releases.read"
    VISIT_OPENED = "visit.opened"
    VISIT_STOPPED = "visit.stopped"
    VISIT_CLOSED = "visit.closed"
    VISITS_READ = "visits.read"
    TRANSACTION_RECEIVED = "transaction.received"
    TRANSACTION_HELD = "transaction.held"
    TRANSACTION_RELEASED = "transaction.released"
    TRANSACTION_EXPORTED = "transaction.exported"
    TRANSACTIONS_READ = "transactions.read"
    TRANSACTIONS_EXPIRED = "transactions.expired"
    RECORDS_EXPIRED = "records.expired"
    LATENT_RECEIVED = "latent.received"
    LATENT_READ = "latent.read"
    LATENT_MARKED = "latent.marked"
    LATENT_SEARCHED = "latent.searched"
    LATENT_DELETED = "latent.deleted"
    AGREEMENT_PROPOSED = "agreement.proposed"
    AGREEMENT_SIGNED = "agreement.signed"
    AGREEMENT_WITHDRAWN = "agreement.withdrawn"
    AGREEMENTS_LISTED = "agreements.listed"
    DISCLOSURE_MADE = "disclosure.made"
    DISCLOSURE_APPROVED = "disclosure.approved"
    DISCLOSURE_REFUSED = "disclosure.refused"
    DISCLOSURE_READ = "disclosure.read"
    DISCLOSURE_ACKNOWLEDGED = "disclosure.acknowledged"
    DISCLOSURE_REPEATED = "disclosure.repeated"
    DISCLOSURES_LISTED = "disclosures.listed"
    DISCLOSURE_RECEIVED = "disclosure.received"
    RECEIVED_READ = "received.read"
    RECALL_MADE = "recall.made"
    RECALL_RECEIVED = "recall.received"
    SHARING_RECONCILED = "sharing.reconciled"
    AGENCY_REQUEST_RECEIVED = "agency_request.received"
    AGENCY_REQUEST_ANSWERED = "agency_request.answered"
    AGENCY_REQUESTS_LISTED = "agency_requests.listed"
    STATISTICS_PUBLISHED = "statistics.published"
    STATISTICS_READ = "statistics.read"


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
    EventKind.CASE_CLOSED: "A case has its outcome; the event says what each reviewer said, or reason=overdue.",
    EventKind.CASE_READ: "A case of adjudication was read; the event says whether with its images.",
    EventKind.CASES_LISTED: "The open or the closed cases of adjudication were listed.",
    EventKind.INTAKE_OPENED: "The intake of a person was begun.",
    EventKind.INTAKE_READ: "An intake was read; the event says whether with a picture.",
    EventKind.INTAKES_LISTED: "The intakes that are under way were listed.",
    EventKind.INTAKE_CAPTURED: "Something was captured in an intake and kept; the event says what and how good.",
    EventKind.INTAKE_DISCARDED: "A capture of an intake was destroyed, to be made anew.",
    EventKind.INTAKE_EXCEPTED: "It was said which fingers of a person in an intake cannot be captured, and why.",
    EventKind.INTAKE_SEARCHED: "Everyone ever enrolled was searched for the person of an intake; nobody is as like.",
    EventKind.INTAKE_REFUSED: "An intake was refused for likeness to somebody enrolled; its captures are evidence.",
    EventKind.INTAKE_COMPLETED: "An intake became a record; what was captured in it was wiped.",
    EventKind.INTAKE_WIPED: "An intake was given up, and everything in it destroyed.",
    EventKind.INTAKE_EXPIRED: "An intake was over its time, and everything in it was destroyed.",
    EventKind.CARD_ISSUED: "A card was made for a subject.",
    EventKind.CARD_RESOLVED: "It was asked whose card it is.",
    EventKind.CARDS_LISTED: "The cards of a subject were listed.",
    EventKind.CARD_REVOKED: "A card was ended.",
    EventKind.API_KEY_CREATED: "An API key was made.",
    EventKind.API_KEY_REVOKED: "An API key was ended.",
    EventKind.API_KEYS_LISTED: "The API keys in force were listed, without any secret.",
    EventKind.DEVICE_REGISTERED: "A device was registered with its certificate and what it may do.",
    EventKind.DEVICE_REVOKED: "A device was revoked.",
    EventKind.DEVICES_LISTED: "The registered devices were read.",
    EventKind.SLICE_ISSUED: "A device got templates to decide on by itself; the event says which and how long.",
    EventKind.STANDING_TOLD: "A device was told that it is revoked, so that it wipes what it holds.",
    EventKind.SUBSCRIPTION_CREATED: "Somebody is told of events from now on; the event says which and where.",
    EventKind.SUBSCRIPTION_CHANGED: "A subscription was paused, resumed, given another key, or told anew of the past.",
    EventKind.SUBSCRIPTION_DELETED: "Somebody is no longer told of events.",
    EventKind.SUBSCRIPTIONS_READ: "The subscriptions, or what could not be delivered to one, were read.",
    EventKind.DELIVERY_GIVEN_UP: "An event was not taken by whom it was to be told for so long that it was given up.",
    EventKind.EVENTS_STREAMED: "Somebody began to follow the events as they happen.",
    EventKind.SIGNED_IN: "Somebody signed in to the console with a key.",
    EventKind.SIGNED_OUT: "Somebody signed out of the console.",
    EventKind.REQUEST_FAILED: "A request came to nothing for a fault (an unreadable image, an unknown subject).",
    EventKind.ACCESS_REFUSED: "A caller was not let in, or asked for what it does not reach.",
    EventKind.AUDIT_READ: "Events of this log were read or its chain verified.",
    EventKind.MASTER_KEY_ROTATED: "The store was put under a new master key.",
    EventKind.STORE_KEY_RENEWED: "Everything was sealed anew under new data keys and a new store key.",
    EventKind.BACKUP_CREATED: "A copy of the whole store was made.",
    EventKind.BACKUP_RESTORED: "The store was brought back from a backup; how many were erased again is told.",
    EventKind.STORE_MOVED: "The store was moved to another database.",
    EventKind.POLICY_CHANGED: "A changed policy file was taken: other error rates hold from here on.",
    EventKind.POLICY_REFUSED: "A changed policy file was not valid, and the policy before it stays in force.",
    EventKind.DRIFT_FOUND: "Figures of a device or post left their band; the event says which and which way.",
    EventKind.DRIFT_READ: "What is known of drift was read.",
    EventKind.DRIFT_CLOSED: "The alarms of a device were ended; the event says whether its past was forgotten.",
    EventKind.ZONE_SET: "A zone was set up or changed.",
    EventKind.ZONE_DROPPED: "A zone was given up.",
    EventKind.POST_SET: "A post was set up or changed.",
    EventKind.POST_DROPPED: "A post was given up.",
    EventKind.PLACES_READ: "Zones or posts were read.",
    EventKind.ORDER_ISSUED: "An order was issued that lets somebody move, or makes them.",
    EventKind.ORDER_CANCELLED: "A movement order was cancelled.",
    EventKind.ORDERS_READ: "Movement orders were read.",
    EventKind.PASSAGE_RECORDED: "A checkpoint told what it had decided without the service.",
    EventKind.PASSAGE_DOUBTED: (
        "A checkpoint without the service let somebody pass against what the service knew or had answered."
    ),
    EventKind.WHEREABOUTS_CHANGED: "Somebody is believed to be in another zone from now on.",
    EventKind.WHEREABOUTS_READ: "It was read where people are, or where one was seen.",
    EventKind.MANUAL_CHECK_OPENED: "An officer says who somebody is, without a biometric match.",
    EventKind.MANUAL_CHECK_CONFIRMED: "A second officer confirmed a manual check; the event says what followed.",
    EventKind.MANUAL_CHECK_DOUBTED: "A device took keys of officers that may not do so; the event says why.",
    EventKind.MANUAL_CHECKS_READ: "Manual checks were read.",
    EventKind.MUSTER_STARTED: "A count was started.",
    EventKind.MUSTER_COUNTED: "Somebody was counted in a muster.",
    EventKind.MUSTER_NOTED: "A muster found what it did not count: a duplicate, somebody unknown or unexpected.",
    EventKind.MUSTER_CLOSED: "A muster was closed with its report.",
    EventKind.MUSTER_READ: "The board, the list or the report of a muster was read.",
    EventKind.RELEASE_OPENED: "A release or transfer was opened.",
    EventKind.RELEASE_CHECKED: "The person of a release was compared with the record and with everybody else.",
    EventKind.RELEASE_BLOCKED: "Something stands against a release; the event says what.",
    EventKind.RELEASE_CONFIRMED: "An officer confirmed a release.",
    EventKind.RELEASE_COMPLETED: "Somebody was released or transferred.",
    EventKind.RELEASE_CANCELLED: "A release was called off.",
    EventKind.RELEASES_READ: "Releases were read.",
    EventKind.VISIT_OPENED: "A visitor was let in.",
    EventKind.VISIT_STOPPED: "A visitor was not let in, or not out; the event says why.",
    EventKind.VISIT_CLOSED: "The visitor who had come in left.",
    EventKind.VISITS_READ: "Visits were read.",
    EventKind.TRANSACTION_RECEIVED: "A transaction of another agency was taken in; the event says which.",
    EventKind.TRANSACTION_HELD: "A transaction was not taken in and is held, sealed; the event says why.",
    EventKind.TRANSACTION_RELEASED: "A held transaction was handed out and is held no longer.",
    EventKind.TRANSACTION_EXPORTED: "What is kept of a person was written as a transaction; the event says for whom.",
    EventKind.TRANSACTIONS_READ: "Held transactions were listed or one was looked at.",
    EventKind.TRANSACTIONS_EXPIRED: "Held transactions or latents whose time was over were deleted.",
    EventKind.RECORDS_EXPIRED: "What was over of the day, or came from others, was deleted; the event counts it.",
    EventKind.LATENT_RECEIVED: "A latent was received and is kept, sealed and not searched.",
    EventKind.LATENT_READ: "Latents were listed or the image of one was looked at.",
    EventKind.LATENT_MARKED: "An examiner marked a latent, so that it can be searched.",
    EventKind.LATENT_SEARCHED: "A marked latent was searched; the event of the identification stands before it.",
    EventKind.LATENT_DELETED: "A latent was deleted.",
    EventKind.AGREEMENT_PROPOSED: "A version of a sharing agreement was drawn up; nobody has signed it yet.",
    EventKind.AGREEMENT_SIGNED: "An officer signed a version of a sharing agreement.",
    EventKind.AGREEMENT_WITHDRAWN: "A sharing agreement was ended; nothing is shared under it any more.",
    EventKind.AGREEMENTS_LISTED: "Sharing agreements were read.",
    EventKind.DISCLOSURE_MADE: (
        "Something was made to be sent to another agency; the event has its digest and what is in it."
    ),
    EventKind.DISCLOSURE_APPROVED: "An officer looked at what is to leave and let it go.",
    EventKind.DISCLOSURE_REFUSED: "An officer looked at what was to leave and held it back.",
    EventKind.DISCLOSURE_READ: "An officer looked at what is to leave, or a receiver took what is for it.",
    EventKind.DISCLOSURE_ACKNOWLEDGED: "A receiver signed for what was sent to it.",
    EventKind.DISCLOSURE_REPEATED: "Something was sent to another agency again, on demand.",
    EventKind.DISCLOSURES_LISTED: "What was shared of a person, or with an agency, was listed.",
    EventKind.DISCLOSURE_RECEIVED: "Another agency sent something, which was kept.",
    EventKind.RECEIVED_READ: "What another agency sent was read.",
    EventKind.RECALL_MADE: (
        "What was shared is no longer right or allowed: a recall is sent after it, or it was stopped before it left."
    ),
    EventKind.RECALL_RECEIVED: "Another agency recalled what it had sent, which was destroyed.",
    EventKind.SHARING_RECONCILED: (
        "What was sent on a day was compared with what was received; the event says what is missing."
    ),
    EventKind.AGENCY_REQUEST_RECEIVED: "Another agency asked something.",
    EventKind.AGENCY_REQUEST_ANSWERED: "A request of another agency was worked on; the event says with which outcome.",
    EventKind.AGENCY_REQUESTS_LISTED: "Requests of other agencies were read.",
    EventKind.STATISTICS_PUBLISHED: "The statistics of a month were published; the event has their digest.",
    EventKind.STATISTICS_READ: "Published statistics were read.",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which purpose, from which device, in which transaction of its own, and on which legal basis.

    ``actor``: the key or whatever else it asks by. ``owner``: the officer whose that is, empty where nobody was named.
    """

    actor: str
    purpose: str
    device: str = ""
    transaction: str = ""
    legal_basis: str = ""
    owner: str = ""

    @property
    def officer(self) -> str:
        """Who it is wherever two officers are demanded: the same for all keys of a person."""
        return self.owner or self.actor

    def is_one_of(self, *officers: str) -> bool:
        """Whether it is among officers that were kept, also where only its key was, before it had an owner."""
        return self.officer in officers or self.actor in officers


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
