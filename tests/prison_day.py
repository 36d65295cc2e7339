"""A small prison for tests: four zones, three posts, and people known by two fingers of synthetic minutiae."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from biometric_service.recognition.day_events import day_event, order_event, post_event, zone_event
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import GivenTemplate, MovementCheck, MovementRequest
from biometric_service.recognition.walk import Walk
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.places import NewOrder, OnDiscrepancy, Order, OrderPurpose, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import (
    Encounter,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    EnrolledSample,
    GalleryId,
    SubjectId,
)
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality, SampleFacts
from tests.template_walk import INMATES, event, template

VISITORS = GalleryId("visitors")
WING, YARD, CLINIC, COURT = ZoneId("wing"), ZoneId("yard"), ZoneId("clinic"), ZoneId("court")
ZONES = (
    Zone(WING, "Wing A"),
    Zone(YARD, "Yard", capacity=3),
    Zone(CLINIC, "Clinic"),
    Zone(COURT, "Court", off_site=True),
)
GATE = Post(PostId("gate"), "Gate", WING, YARD, INMATES)
DOOR = Post(PostId("door"), "Clinic door", WING, CLINIC, INMATES, demands_order=True)
SALLY = Post(PostId("sally"), "Sally port", YARD, COURT, INMATES, on_discrepancy=OnDiscrepancy.FLAG)
THUMB, INDEX = FingerPosition.RIGHT_THUMB, FingerPosition.LEFT_INDEX
FINGERS = {THUMB: 1000, INDEX: 2000}
"""Which synthetic finger each of a person's is, less the person's number."""
OFFICER, SECOND, THIRD = (Caller(name, "movement") for name in ("officer", "second", "third"))
DEVICE = Caller("device:gate-1", "movement", "gate-1")


def set_up(opened: OpenedStore) -> DayStores:
    """The zones and posts."""
    if INMATES not in opened.store.galleries():
        opened.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
    for zone in ZONES:
        opened.day.places.set_zone(zone, zone_event(zone, OFFICER))
    for post in (GATE, DOOR, SALLY):
        opened.day.places.set_post(post, post_event(post, OFFICER))
    return opened.day


def enrol(opened: OpenedStore, *people: int, gallery: GalleryId = INMATES) -> None:
    """People of two fingers each, ``P-<number>``."""
    for person in people:
        opened.store.enrol(encounter(person, gallery), event(EventKind.SUBJECT_ENROLLED))


def encounter(person: int, gallery: GalleryId = INMATES, subject: str = "") -> Encounter:
    """The first of a person."""
    source = CaptureSource("test", datetime.now(UTC))
    samples = tuple(
        EnrolledSample(
            SampleFacts(Modality.FINGERPRINT, 500.0, position, source, "0" * 64),
            b"image",
            (template(first + person, 1, position),),
            80.0,
        )
        for position, first in FINGERS.items()
    )
    name = SubjectId(subject or f"P-{person}")
    return Encounter(name, EncounterId(uuid4().hex), frozenset({gallery}), datetime.now(UTC), samples)


def shown(person: int, position: FingerPosition = THUMB) -> GivenTemplate:
    """Another impression of a person's finger."""
    finger = FINGERS[position] + person
    return GivenTemplate(template(finger, 2, position), f"{finger:032x}{2:032x}")


def passes(  # noqa: PLR0913, PLR0917 - who, where, which way, by whom, under which id
    walk: Walk,
    person: int,
    post: Post = GATE,
    direction: Movement = Movement.IN,
    caller: Caller = DEVICE,
    passage: str = "",
) -> MovementCheck:
    """Somebody at a post."""
    request = MovementRequest((shown(person),), INMATES, post.id, direction, None, post, passage)
    return check_movement(walk, request, caller)


def place(day: DayStores, person: int, zone: ZoneId = WING) -> None:
    """Say where somebody is."""
    subject = SubjectId(f"P-{person}")
    day.movements.place(subject, zone, day_event(EventKind.WHEREABOUTS_CHANGED, OFFICER, subject))


def where(day: DayStores, person: int) -> ZoneId | None:
    """Where somebody is believed to be."""
    believed = day.movements.located(SubjectId(f"P-{person}")).believed
    return believed.zone if believed else None


def order(
    day: DayStores, person: int | None = None, to: ZoneId = CLINIC, hours: float = 1, zone: ZoneId | None = None
) -> Order:
    """Let somebody, or everybody, go there for some hours from now."""
    now = datetime.now(UTC)
    subject = None if person is None else SubjectId(f"P-{person}")
    wanted = NewOrder(
        id=uuid4().hex,
        gallery=INMATES,
        subject=subject,
        zone=zone,
        from_zone=None,
        to_zone=to,
        valid_from=now - timedelta(hours=2),
        valid_until=now + timedelta(hours=hours),
        purpose=OrderPurpose.CLINIC,
        note="toothache",
    )
    return day.orders.issue(wanted, order_event(EventKind.ORDER_ISSUED, wanted, OFFICER))


def dies(opened: OpenedStore, person: int) -> None:
    """Say so by a word in the record."""
    subject = SubjectId(f"P-{person}")
    [kept] = opened.encounters.encounters(subject)
    key = EncounterKey(subject, kept.encounter.encounter)
    opened.encounters.set_status(key, EncounterStatus.DECEASED, event(EventKind.STATUS_CHANGED))


def told(opened: OpenedStore, kind: EventKind) -> list[AuditEvent]:
    """Every event of a kind."""
    return [each.event for each in opened.store.events(0, 10_000) if each.event.kind is kind]
