"""A store with something on every page of the console: people without templates, places, and a day's work."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from benchmarks.service.furnished_agencies import furnish_agencies
from biometric_service.app.service import Service
from biometric_service.interchange.statistics.publishing import publish
from biometric_service.recognition.day_events import day_event, order_event, post_event, zone_event
from biometric_service.recognition.manual import open_manual_check
from biometric_service.recognition.muster import start_muster
from biometric_service.recognition.release import open_release
from biometric_service.vocabulary.adjudication import Likeness, NewCase, Origin, ProbeImage
from biometric_service.vocabulary.candidates import ComparisonScore, PartScore
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.intakes import Intake, IntakePerson, IntakeState
from biometric_service.vocabulary.movements import Means, NewManualCheck
from biometric_service.vocabulary.musters import Count, NewMuster, Shown
from biometric_service.vocabulary.places import NewOrder, OrderPurpose, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import (
    Circumstances,
    Encounter,
    EncounterId,
    GalleryId,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.releases import NewRelease, ReleaseKind
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.visits import NewVisit

INMATES, VISITORS = GalleryId("inmates"), GalleryId("visitors")
OFFICER = Caller("officer", "demonstration")
ZONES = (
    Zone(ZoneId("wing-a"), "Wing A", capacity=60),
    Zone(ZoneId("wing-b"), "Wing B", capacity=60),
    Zone(ZoneId("clinic"), "Clinic"),
    Zone(ZoneId("yard"), "Yard"),
    Zone(ZoneId("court"), "Court", off_site=True),
)
MOST_PLACED = 60
"""People whose whereabouts are known."""


def furnish(service: Service, people: int) -> Mapping[str, str]:
    """Fill an empty store; returns what stands for each parameter of a page's path."""
    for gallery in (INMATES, VISITORS):
        service.store.create_gallery(gallery, _event(EventKind.GALLERY_CREATED, gallery=gallery))
    for number in range(people):
        _enrol(service, f"P-{number:05d}", INMATES)
    _enrol(service, "V-00001", VISITORS)
    _places(service, min(people, MOST_PLACED))
    _publish(service)
    return {
        "case": _cases(service),
        "intake": _intake(service),
        "muster": _muster(service),
        "release": _release(service),
        "check": _by_hand(service),
        "order": _order(service),
        "visit": _visit(service),
        "subject": "P-00001",
        **furnish_agencies(service, INMATES),
    }


def _publish(service: Service) -> None:
    """Last month's statistics: enough movements to be told, and so few passages stopped that they are not."""
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    for passage, how_often in (("pass", 9), ("stop", 2)):
        for number in range(how_often):
            facts = {"passage": passage, "claimed": f"P-{number:05d}"}
            service.store.record(AuditEvent(EventKind.MOVEMENT_CHECK, last_month, OFFICER, None, INMATES, facts))
    publish(service.observatory, f"{last_month:%Y-%m}", OFFICER)


def _intake(service: Service) -> str:
    now, person = datetime.now(UTC), IntakePerson(SubjectId("N-00001"), "Ana")
    over = now + timedelta(hours=1)
    intake = Intake("intake", IntakeState.OPEN, frozenset({INMATES}), OFFICER.actor, now, over, person)
    service.intakes.open(intake, _event(EventKind.INTAKE_OPENED, person.subject, INMATES))
    return intake.id


def _enrol(service: Service, subject: str, gallery: GalleryId) -> None:
    known = Circumstances(biographic={"lastName": f"Person {subject}", "firstName": "Ana"})
    galleries = frozenset({gallery})
    kept = Encounter(SubjectId(subject), EncounterId("intake"), galleries, datetime.now(UTC), (), circumstances=known)
    service.store.enrol(kept, _event(EventKind.SUBJECT_ENROLLED, SubjectId(subject), gallery))


def _places(service: Service, placed: int) -> None:
    for zone in ZONES:
        service.day.places.set_zone(zone, zone_event(zone, OFFICER))
    for inside in ZONES[2:4]:
        post = Post(PostId(f"{inside.id}-door"), f"{inside.name} door", ZONES[0].id, inside.id, INMATES)
        service.day.places.set_post(post, post_event(post, OFFICER))
    for number in range(placed):
        subject = SubjectId(f"P-{number:05d}")
        event = day_event(EventKind.WHEREABOUTS_CHANGED, OFFICER, subject)
        service.day.movements.place(subject, ZONES[number % 4].id, event)


def _cases(service: Service) -> str:
    """Some open cases, the first of them returned."""
    ids = []
    for number, (score, origin) in enumerate(((4.25, Origin.KEPT), (5.1, Origin.REFUSED), (3.3, Origin.SEARCHED))):
        found = ComparisonScore(score, 0.5, "cylinder", extrapolated=False)
        part = PartScore(Modality.FINGERPRINT, FingerPosition.RIGHT_THUMB, ReferenceId(number + 1), found)
        likeness = Likeness(score, 3.0, (part,), (hashlib.sha256(bytes([number])).hexdigest(),))
        image = ProbeImage(Modality.FINGERPRINT, FingerPosition.RIGHT_THUMB, b"no image")
        pair = SubjectId(f"P-{2 * number:05d}"), SubjectId(f"P-{2 * number + 1:05d}")
        case = NewCase(uuid4().hex, origin, *pair, frozenset({INMATES}), likeness, (image,))
        ids.append(service.walk.cases.open(case, _event(EventKind.CASE_OPENED)))
    return ids[0]


def _muster(service: Service) -> str:
    """One in which a few are counted, one of them elsewhere."""
    muster = start_muster(service.day, NewMuster("morning", frozenset({INMATES}), frozenset(), Shown.EITHER), OFFICER)
    for number in range(6):
        count_one(service, f"P-{number:05d}", ZONES[(number + (number == 5)) % 4].id)  # noqa: PLR2004 - elsewhere
    return muster.id


def count_one(service: Service, subject: str, zone: ZoneId | None = None) -> None:
    """Count somebody in the muster."""
    count = Count(SubjectId(subject), Means.FACE, zone, datetime.now(UTC))
    event = day_event(EventKind.MUSTER_COUNTED, OFFICER, SubjectId(subject))
    service.day.musters.count("morning", count, event)


def _release(service: Service) -> str:
    until = datetime.now(UTC) + timedelta(hours=4)
    wanted = NewRelease("r-1", ReleaseKind.RELEASE, SubjectId("P-00004"), INMATES, "Court order 12/26", "Home", until)
    return open_release(service.day, wanted, OFFICER).release.id


def _by_hand(service: Service) -> str:
    """What one officer says of somebody at a door, for another to confirm."""
    until = datetime.now(UTC) + timedelta(hours=1)
    said = NewManualCheck(
        "c-1", SubjectId("P-00002"), INMATES, "bandaged hands and face", until, PostId("yard-door"), Movement.IN
    )
    return open_manual_check(service.day, said, OFFICER).id


def _order(service: Service) -> str:
    now = datetime.now(UTC)
    order = NewOrder(
        id="o-1",
        gallery=INMATES,
        subject=SubjectId("P-00002"),
        zone=None,
        from_zone=None,
        to_zone=ZoneId("clinic"),
        valid_from=now,
        valid_until=now + timedelta(hours=2),
        purpose=OrderPurpose.CLINIC,
        note="Dentist",
    )
    return service.day.orders.issue(order, order_event(EventKind.ORDER_ISSUED, order, OFFICER)).id


def _visit(service: Service) -> str:
    visit = NewVisit("v-1", SubjectId("V-00001"), VISITORS, SubjectId("P-00003"), ZoneId("wing-a"))
    event = day_event(EventKind.VISIT_OPENED, OFFICER, visit.visitor, VISITORS)
    return service.day.visits.open(visit, event).id


def _event(kind: EventKind, subject: SubjectId | None = None, gallery: GalleryId | None = None) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), OFFICER, subject, gallery)
