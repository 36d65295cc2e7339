"""A record follows a person who ages, and never becomes somebody else's, one likeness after another."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from biometric_service.app import build_walk
from biometric_service.extraction.face.alignment import align, similarity
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.recapture import add_encounter
from biometric_service.recognition.requests import EnrolmentOutcome, EnrolmentRequest, GivenImage, VerificationRequest
from biometric_service.recognition.verification import verify
from biometric_service.recognition.walk import Walk, capture, locate
from biometric_service.settings import load_settings
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import FaceArea, Modality

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

GALLERY, SUBJECT = GalleryId("residents"), SubjectId("A")
CALLER = Caller("warden", "intake")
SIZE = (260, 300)
PLACES = np.array([[95, 130], [165, 130], [130, 172], [103, 210], [157, 210]], np.float32)


@dataclass(frozen=True)
class Person:
    photographs: Sequence[bytes]


@pytest.fixture
def walk() -> Iterator[Walk]:
    with tempfile.TemporaryDirectory() as scratch:
        walk = build_walk(load_settings().model_copy(update={"data_dir": Path(scratch), "fingerprint_model": ""}))
        made = AuditEvent(EventKind.GALLERY_CREATED, datetime.now(UTC), CALLER, gallery=GALLERY)
        walk.store.create_gallery(GALLERY, made)
        yield walk


@pytest.fixture(scope="module")
def people(shared_data: Path) -> tuple[Person, Person]:
    folders = sorted((shared_data / "faces" / "lfw_half").iterdir(), key=lambda each: -len(list(each.iterdir())))
    one, other = ([path.read_bytes() for path in sorted(folder.iterdir())[:6]] for folder in folders[:2])
    return Person(one), Person(other)


def request(image: bytes, *, looked: bool = False) -> EnrolmentRequest:
    images = (GivenImage(image, Modality.FACE),)
    return EnrolmentRequest(images, SUBJECT, frozenset({GALLERY}), despite_duplicates=looked)


def claimed(walk: Walk, image: bytes) -> Outcome:
    asked = VerificationRequest((GivenImage(image, Modality.FACE),), SUBJECT, GALLERY)
    return verify(walk, asked, CALLER).decision.outcome


def upright(walk: Walk, image: bytes) -> np.ndarray:
    """The face with its landmarks in the same places as any other's."""
    (observed,) = locate(walk, capture(walk, [GivenImage(image, Modality.FACE)]))
    assert observed.located is not None
    assert isinstance(observed.located.area, FaceArea)
    transform = similarity(observed.located.area.landmarks, PLACES)
    assert transform is not None
    return align(observed.located.sample.pixels, transform, SIZE)


def morphs(walk: Walk, first: bytes, last: bytes) -> list[bytes]:
    """One face that becomes another in ten steps."""
    start, end = upright(walk, first), upright(walk, last)
    shares = np.linspace(0.1, 1.0, 10)
    return [cv2.imencode(".png", cv2.addWeighted(end, share, start, 1 - share, 0))[1].tobytes() for share in shares]


def test_a_confirmed_match_adds_a_sample(walk: Walk, people: tuple[Person, Person]) -> None:
    first, *later = people[0].photographs
    assert enrol(walk, request(first), CALLER).outcome is EnrolmentOutcome.ENROLLED
    outcomes = [add_encounter(walk, request(each), CALLER).outcome for each in later]
    assert outcomes.count(EnrolmentOutcome.ENCOUNTER_ADDED) >= 4
    assert len(walk.store.references(SUBJECT)) == 1 + outcomes.count(EnrolmentOutcome.ENCOUNTER_ADDED)


def test_a_record_does_not_drift_to_somebody_else(walk: Walk, people: tuple[Person, Person]) -> None:
    one, other = people
    assert enrol(walk, request(one.photographs[0]), CALLER).outcome is EnrolmentOutcome.ENROLLED
    outcomes = [
        add_encounter(walk, request(each), CALLER).outcome
        for each in morphs(walk, one.photographs[0], other.photographs[0])
    ]
    assert outcomes[0] is EnrolmentOutcome.ENCOUNTER_ADDED
    assert outcomes[-3:] == [EnrolmentOutcome.IDENTITY_DOUBTED] * 3
    assert [claimed(walk, each) for each in other.photographs].count(Outcome.MATCH) == 0
    assert [claimed(walk, each) for each in one.photographs].count(Outcome.MATCH) >= 4


def test_an_officer_who_has_looked_may_keep_what_time_has_changed(walk: Walk, people: tuple[Person, Person]) -> None:
    one, other = people
    enrol(walk, request(one.photographs[0]), CALLER)
    assert add_encounter(walk, request(other.photographs[0]), CALLER).outcome is EnrolmentOutcome.IDENTITY_DOUBTED
    kept = add_encounter(walk, request(other.photographs[0], looked=True), CALLER)
    assert kept.outcome is EnrolmentOutcome.ENCOUNTER_ADDED
