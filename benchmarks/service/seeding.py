"""A store with very many people in it, real ones hidden among synthetic ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.service.running import OPERATOR, event
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template
from biometric_service.app.service import Service
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.requests import EnrolmentOutcome, EnrolmentRequest, GivenImage
from biometric_service.recognition.walk import observe
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import Encounter, EncounterId, EnrolledSample, GalleryId, SubjectId
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality, SampleFacts
from biometric_service.vocabulary.templates import FaceTemplate, Template

GALLERY = GalleryId("residents")
FINGERS = tuple(position for position in FingerPosition if position is not FingerPosition.UNKNOWN)
REAL_FINGER = FingerPosition.RIGHT_INDEX
SEED = 7
PROGRESS = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class RealPerson:
    """Somebody with pictures: one is enrolled, the other is asked with. Paths of files."""

    name: str
    enrolled_finger: Path
    asked_finger: Path
    enrolled_face: Path
    asked_face: Path


def real_people(data: Path, count: int) -> Iterator[RealPerson]:
    """People put together of real fingers and real faces, from the folder of shared data."""
    fingers = [
        (folder / f"{finger}_1.png", folder / f"{finger}_2.png")
        for folder in sorted((data / "fingerprints").glob("fvc*_db1"))
        for finger in range(101, 111)
    ]
    faces = [sorted(folder.glob("*.jpg"))[:2] for folder in sorted((data / "faces" / "lfw_half").iterdir())]
    several = [pair for pair in faces if len(pair) > 1]
    for number, (finger, face) in enumerate(zip(fingers[:count], several[:count], strict=False)):
        yield RealPerson(f"R-{number:02d}", finger[0], finger[1], face[0], face[1])


def seed(service: Service, people: Sequence[RealPerson], subjects: int) -> tuple[RealPerson, ...]:
    """Enrol the real people, and so many synthetic ones, ten fingers and a face each, straight into the store.

    Returns those real people whose pictures were good enough.
    """
    service.store.create_gallery(GALLERY, event(EventKind.GALLERY_CREATED))
    kept = tuple(person for person in people if _enrolled(service, person))
    faces = _Faces(service, people[0].enrolled_face)
    for number in track(range(subjects), "Enrolling synthetic people", console=PROGRESS):
        _keep(service, f"S-{number:05d}", tuple(_synthetic(service, number, faces)))
    return kept


def _enrolled(service: Service, person: RealPerson) -> bool:
    images = (
        GivenImage(person.enrolled_finger.read_bytes(), Modality.FINGERPRINT, REAL_FINGER, 500),
        GivenImage(person.enrolled_face.read_bytes(), Modality.FACE),
    )
    request = EnrolmentRequest(images, SubjectId(person.name), frozenset({GALLERY}), despite_duplicates=True)
    return enrol(service.walk, request, OPERATOR).outcome is EnrolmentOutcome.ENROLLED


def _keep(service: Service, name: str, samples: Sequence[EnrolledSample]) -> None:
    galleries = frozenset({GALLERY})
    encounter = Encounter(SubjectId(name), EncounterId(uuid4().hex), galleries, datetime.now(UTC), tuple(samples))
    service.store.enrol(encounter, event(EventKind.SUBJECT_ENROLLED))


def _synthetic(service: Service, number: int, faces: "_Faces") -> Iterator[EnrolledSample]:
    form = service.walk.extractors[Modality.FINGERPRINT].format
    for finger, position in enumerate(FINGERS):
        made = make_finger(finger_seed(SEED, number * len(FINGERS) + finger + 1))
        yield _sample(make_template(made, 1, form, position), position)
    yield _sample(faces.draw(), FingerPosition.UNKNOWN)


class _Faces:
    """Random directions, of the format and length that the service's model makes."""

    def __init__(self, service: Service, example: Path) -> None:
        (seen,) = observe(service.walk, [GivenImage(example.read_bytes(), Modality.FACE)])
        assert isinstance(seen.template, FaceTemplate)
        self._example = seen.template
        self._chance = np.random.default_rng(SEED)

    def draw(self) -> FaceTemplate:
        """The face of nobody."""
        vector = self._chance.standard_normal(len(self._example.embedding)).astype(np.float32)
        return FaceTemplate(self._example.format, vector / np.linalg.norm(vector))


def _sample(template: Template, position: FingerPosition) -> EnrolledSample:
    source = CaptureSource("synthetic", datetime.now(UTC))
    facts = SampleFacts(template.format.modality, 500.0, position, source, "0" * 64)
    return EnrolledSample(facts, b"", (template,), 80.0)
