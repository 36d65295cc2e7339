"""Who is enrolled: subjects, their encounters, and the references that a gallery holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from biometric_service.vocabulary.samples import BiometricSample, FingerPosition
from biometric_service.vocabulary.templates import Template

SubjectId = NewType("SubjectId", str)
EncounterId = NewType("EncounterId", str)
GalleryId = NewType("GalleryId", str)
ReferenceId = NewType("ReferenceId", int)
ChangeNumber = NewType("ChangeNumber", int)

ALL_GALLERIES = GalleryId("ALL")


class ExceptionKind(StrEnum):
    """Why a finger could not be captured (ANSI/NIST-ITL AMP codes XX and UP)."""

    MISSING = "missing"
    BANDAGED = "bandaged"


@dataclass(frozen=True, slots=True)
class CaptureException:
    """A finger that could not be captured at an encounter, and why."""

    position: FingerPosition
    kind: ExceptionKind


@dataclass(frozen=True, slots=True)
class EnrolledSample:
    """One sample with the template made from it and its quality score (0 to 100)."""

    sample: BiometricSample
    image: bytes
    template: Template
    quality: float


@dataclass(frozen=True, slots=True)
class Encounter:
    """One occasion on which a subject was captured; a subject has one or more, all kept."""

    subject: SubjectId
    encounter: EncounterId
    galleries: frozenset[GalleryId]
    at: datetime
    samples: tuple[EnrolledSample, ...]
    exceptions: tuple[CaptureException, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A stored template of a subject, as a gallery index holds it under an opaque id."""

    id: ReferenceId
    subject: SubjectId
    galleries: frozenset[GalleryId]
    template: Template


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """What may be listed of a subject: no biometric data."""

    subject: SubjectId
    galleries: frozenset[GalleryId]
    encounters: int
    enrolled_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit did to the references."""

    added: tuple[Reference, ...] = ()
    removed: tuple[ReferenceId, ...] = ()
