"""Encounters of the size of real ones, of random minutiae and embeddings: for the store, which looks at neither."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import Encounter, EncounterId, EnrolledSample, GalleryId, SubjectId
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality, SampleFacts
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate, Template, TemplateFormat

NOW = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
GALLERY = GalleryId("yard")
FINGERPRINT_FORMAT = TemplateFormat(Modality.FINGERPRINT, "random-minutiae", "1")
FACE_FORMAT = TemplateFormat(Modality.FACE, "random-embedding", "1")
IMAGE_BYTES = 20_000
TWO_THUMBS = (FingerPosition.RIGHT_THUMB, FingerPosition.LEFT_THUMB)
TEN_FINGERS = tuple(position for position in FingerPosition if position is not FingerPosition.UNKNOWN)


def random_encounter(  # noqa: PLR0913 - what may differ
    seed: int,
    subject: str,
    name: str = "first",
    *,
    galleries: Sequence[GalleryId] = (GALLERY,),
    fingers: Sequence[FingerPosition] = TWO_THUMBS,
    image_bytes: int = IMAGE_BYTES,
) -> Encounter:
    """One encounter: the fingers, each with 50 minutiae, and a face of 256 dimensions; images are random bytes."""
    random = np.random.default_rng(seed)
    templates: list[Template] = [*(random_minutiae(random, finger) for finger in fingers), random_embedding(random)]
    samples = tuple(enrolled_sample(template, random.bytes(image_bytes)) for template in templates)
    return Encounter(SubjectId(subject), EncounterId(name), frozenset(galleries), NOW, samples)


def random_minutiae(random: np.random.Generator, position: FingerPosition, count: int = 50) -> MinutiaeTemplate:
    """Minutiae anywhere in an image of 400 by 500 pixels."""
    return MinutiaeTemplate(
        format=FINGERPRINT_FORMAT,
        position=position,
        positions=random.uniform(0, 400, (count, 2)).astype(np.float32),
        directions=random.uniform(0, 6.28, count).astype(np.float32),
        qualities=random.random(count).astype(np.float32),
        kinds=random.integers(0, 3, count).astype(np.uint8),
        size=(400, 500),
    )


def random_embedding(random: np.random.Generator) -> FaceTemplate:
    """A direction of 256 dimensions."""
    direction = random.normal(size=256)
    return FaceTemplate(FACE_FORMAT, (direction / np.linalg.norm(direction)).astype(np.float32))


def enrolled_sample(template: Template, image: bytes) -> EnrolledSample:
    """A sample with the template; the store keeps the image's bytes and looks at no pixel."""
    modality = template.format.modality
    sample = SampleFacts(
        modality=modality,
        dpi=500.0 if modality is Modality.FINGERPRINT else None,
        position=template.position if isinstance(template, MinutiaeTemplate) else FingerPosition.UNKNOWN,
        source=CaptureSource("file:random.png", NOW),
        digest="ab" * 32,
    )
    return EnrolledSample(sample, image, (template,), 80.0)


def audit_event(kind: EventKind = EventKind.SUBJECT_ENROLLED, subject: str | None = None) -> AuditEvent:
    """An event of the benchmark's own caller."""
    return AuditEvent(kind, NOW, Caller("benchmark", "testing", "desk 1"), SubjectId(subject) if subject else None)
