"""From an audit event to what other systems are told of it. The one table of what leaves the house.

Every kind of audit event is either in ``OUTWARD`` or in ``INWARD``; a test fails for a kind that nobody decided on.
"""

from collections.abc import Callable, Mapping

from biometric_service.vocabulary.events import AuditEvent, EventKind, RecordedEvent
from biometric_service.vocabulary.outward import OutwardEvent, OutwardType
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterStatus, GalleryId, SubjectId

Rule = Callable[[AuditEvent], OutwardType | None]
DIGITS_OF_DIGEST = 16

TOLD: Mapping[str, str] = {
    "checkpoint": "post",
    "post": "post",
    "zone": "zone",
    "direction": "direction",
    "muster": "muster",
    "release": "release",
    "visit": "visit",
    "intake": "intake",
    "order": "order",
    "passage_id": "passage",
    "claimed": "claimed",
    "decided_at": "decided_at",
    "from": "from",
    "into": "into",
}
"""The facts of an audit event that are told, ids and a moment, with the names they have outside."""


def _always(kind: OutwardType) -> Rule:
    return lambda _: kind


def _where(fact: str, kinds: Mapping[str, OutwardType]) -> Rule:
    """Which kind it is, if any, is what a fact of the event says."""
    return lambda event: kinds.get(event.details.get(fact, "").lower())


OUTWARD: Mapping[EventKind, Rule] = {
    EventKind.SUBJECT_ENROLLED: _always(OutwardType.ENROLLED),
    EventKind.SUBJECT_ERASED: _always(OutwardType.ERASED),
    EventKind.ENCOUNTER_DELETED: _where("last", {"true": OutwardType.ERASED}),
    EventKind.ENCOUNTER_EXPIRED: _where("last", {"true": OutwardType.ERASED}),
    EventKind.ENCOUNTER_MOVED: _where("last", {"true": OutwardType.MERGED}),
    EventKind.SUBJECTS_MERGED: _always(OutwardType.MERGED),
    EventKind.SUBJECT_UNMERGED: _always(OutwardType.UNMERGED),
    EventKind.STATUS_CHANGED: _where(
        "status",
        {
            EncounterStatus.RELEASED.value: OutwardType.RELEASED,
            EncounterStatus.TRANSFERRED.value: OutwardType.TRANSFERRED,
        },
    ),
    EventKind.MOVEMENT_CHECK: _where("passage", {"pass": OutwardType.MOVED, "stop": OutwardType.BLOCKED}),
    EventKind.PASSAGE_RECORDED: _where("passage", {"pass": OutwardType.MOVED, "stop": OutwardType.BLOCKED}),
    EventKind.MANUAL_CHECK_CONFIRMED: _where("passage", {"pass": OutwardType.MOVED, "stop": OutwardType.BLOCKED}),
    EventKind.PASSAGE_DOUBTED: _always(OutwardType.BLOCKED),
    EventKind.MANUAL_CHECK_DOUBTED: _always(OutwardType.BLOCKED),
    EventKind.MUSTER_COUNTED: _always(OutwardType.COUNTED),
    EventKind.RELEASE_BLOCKED: _always(OutwardType.BLOCKED),
    EventKind.RELEASE_COMPLETED: _where("kind", {"release": OutwardType.RELEASED, "transfer": OutwardType.TRANSFERRED}),
    EventKind.VISIT_STOPPED: _always(OutwardType.BLOCKED),
    EventKind.INTAKE_REFUSED: _always(OutwardType.BLOCKED),
    EventKind.ENROLMENT_REFUSED: _where("enrolment", {"duplicate_suspected": OutwardType.BLOCKED}),
}

INWARD: frozenset[EventKind] = frozenset(
    {
        EventKind.GALLERY_CREATED,
        EventKind.GALLERY_DELETED,
        EventKind.GALLERIES_LISTED,
        EventKind.SUBJECT_READ,
        EventKind.SUBJECTS_LISTED,
        EventKind.ENCOUNTER_ADDED,
        EventKind.ENCOUNTER_READ,
        EventKind.ENCOUNTER_REPLACED,
        EventKind.CONSENT_WITHDRAWN,
        EventKind.RETENTION_RULE_SET,
        EventKind.RETENTION_RULE_DROPPED,
        EventKind.TEMPLATES_ADDED,
        EventKind.MODEL_SWITCHED,
        EventKind.GALLERIES_CHANGED,
        EventKind.REFERENCE_IMAGE_READ,
        EventKind.IDENTIFICATION,
        EventKind.VERIFICATION,
        EventKind.COLLATION,
        EventKind.SUBJECTS_COMPARED,
        EventKind.CHALLENGE_ISSUED,
        EventKind.CHALLENGE_ANSWERED,
        EventKind.MOVEMENT_REPORTED,
        EventKind.CASE_OPENED,
        EventKind.CASE_REVIEWED,
        EventKind.CASE_CLOSED,
        EventKind.CASE_READ,
        EventKind.CASES_LISTED,
        EventKind.TRANSACTION_RECEIVED,
        EventKind.TRANSACTION_HELD,
        EventKind.TRANSACTION_RELEASED,
        EventKind.TRANSACTION_EXPORTED,
        EventKind.TRANSACTIONS_READ,
        EventKind.TRANSACTIONS_EXPIRED,
        EventKind.RECORDS_EXPIRED,
        EventKind.LATENT_RECEIVED,
        EventKind.LATENT_READ,
        EventKind.LATENT_MARKED,
        EventKind.LATENT_SEARCHED,
        EventKind.LATENT_DELETED,
        EventKind.API_KEY_CREATED,
        EventKind.API_KEY_REVOKED,
        EventKind.API_KEYS_LISTED,
        EventKind.DEVICE_REGISTERED,
        EventKind.DEVICE_REVOKED,
        EventKind.DEVICES_LISTED,
        EventKind.SLICE_ISSUED,
        EventKind.STANDING_TOLD,
        EventKind.SIGNED_IN,
        EventKind.SIGNED_OUT,
        EventKind.ZONE_SET,
        EventKind.ZONE_DROPPED,
        EventKind.POST_SET,
        EventKind.POST_DROPPED,
        EventKind.PLACES_READ,
        EventKind.ORDER_ISSUED,
        EventKind.ORDER_CANCELLED,
        EventKind.ORDERS_READ,
        EventKind.WHEREABOUTS_CHANGED,
        EventKind.WHEREABOUTS_READ,
        EventKind.MANUAL_CHECK_OPENED,
        EventKind.MANUAL_CHECKS_READ,
        EventKind.MUSTER_STARTED,
        EventKind.MUSTER_NOTED,
        EventKind.MUSTER_CLOSED,
        EventKind.MUSTER_READ,
        EventKind.RELEASE_OPENED,
        EventKind.RELEASE_CHECKED,
        EventKind.RELEASE_CONFIRMED,
        EventKind.RELEASE_CANCELLED,
        EventKind.RELEASES_READ,
        EventKind.VISIT_OPENED,
        EventKind.VISIT_CLOSED,
        EventKind.VISITS_READ,
        EventKind.INTAKE_OPENED,
        EventKind.INTAKE_READ,
        EventKind.INTAKES_LISTED,
        EventKind.INTAKE_CAPTURED,
        EventKind.INTAKE_DISCARDED,
        EventKind.INTAKE_EXCEPTED,
        EventKind.INTAKE_SEARCHED,
        EventKind.INTAKE_COMPLETED,
        EventKind.INTAKE_WIPED,
        EventKind.INTAKE_EXPIRED,
        EventKind.CARD_ISSUED,
        EventKind.CARD_RESOLVED,
        EventKind.CARDS_LISTED,
        EventKind.CARD_REVOKED,
        EventKind.SUBSCRIPTION_CREATED,
        EventKind.SUBSCRIPTION_CHANGED,
        EventKind.SUBSCRIPTION_DELETED,
        EventKind.SUBSCRIPTIONS_READ,
        EventKind.DELIVERY_GIVEN_UP,
        EventKind.EVENTS_STREAMED,
        EventKind.ACCESS_REFUSED,
        EventKind.REQUEST_FAILED,
        EventKind.AUDIT_READ,
        EventKind.MASTER_KEY_ROTATED,
        EventKind.STORE_KEY_RENEWED,
        EventKind.BACKUP_CREATED,
        EventKind.BACKUP_RESTORED,
        EventKind.STORE_MOVED,
        EventKind.POLICY_CHANGED,
        EventKind.POLICY_REFUSED,
        EventKind.DRIFT_FOUND,
        EventKind.DRIFT_READ,
        EventKind.DRIFT_CLOSED,
        EventKind.AGREEMENT_PROPOSED,
        EventKind.AGREEMENT_SIGNED,
        EventKind.AGREEMENT_WITHDRAWN,
        EventKind.AGREEMENTS_LISTED,
        EventKind.DISCLOSURE_MADE,
        EventKind.DISCLOSURE_APPROVED,
        EventKind.DISCLOSURE_REFUSED,
        EventKind.DISCLOSURE_READ,
        EventKind.DISCLOSURE_ACKNOWLEDGED,
        EventKind.DISCLOSURE_REPEATED,
        EventKind.DISCLOSURES_LISTED,
        EventKind.DISCLOSURE_RECEIVED,
        EventKind.RECEIVED_READ,
        EventKind.RECALL_MADE,
        EventKind.RECALL_RECEIVED,
        EventKind.SHARING_RECONCILED,
        EventKind.AGENCY_REQUEST_RECEIVED,
        EventKind.AGENCY_REQUEST_ANSWERED,
        EventKind.AGENCY_REQUESTS_LISTED,
        EventKind.STATISTICS_PUBLISHED,
        EventKind.STATISTICS_READ,
    }
)
"""What stays in the house."""


def outward(recorded: RecordedEvent) -> OutwardEvent | None:
    """What is told of an audit event; None for one that stays inside. The same whenever it is asked."""
    event = recorded.event
    rule = OUTWARD.get(event.kind)
    kind = rule(event) if rule else None
    if kind is None:
        return None
    data = _data(event)
    subject = SubjectId(data.get("from", event.subject or "")) or None
    return OutwardEvent(
        number=recorded.number,
        id=f"evt_{recorded.number}_{recorded.digest[:DIGITS_OF_DIGEST]}",
        type=kind,
        at=event.at,
        subject=subject,
        other=SubjectId(data["into"]) if "into" in data else None,
        galleries=_galleries(event),
        data=data,
    )


def _data(event: AuditEvent) -> dict[str, str]:
    """Whoever is merged is the subject, ``into`` whom: that is what ``from``, ``into`` and ``to`` come down to."""
    data = {outside: event.details[fact] for fact, outside in TOLD.items() if event.details.get(fact)}
    if event.kind is EventKind.ENCOUNTER_MOVED and "to" in event.details:
        data["into"] = event.details["to"]
    if "from" in data and event.subject:
        data["into"] = event.subject
    return {"cause": event.kind.value, **data}


def _galleries(event: AuditEvent) -> frozenset[GalleryId]:
    named = {event.gallery or "", *event.details.get("galleries", "").split(" ")}
    return frozenset(map(GalleryId, named - {"", ALL_GALLERIES}))
