"""A walk on synthetic minutiae templates alone, which needs no model."""

import tomllib
from datetime import UTC, datetime
from functools import cache

import pytest

from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import FORMAT, make_template
from biometric_service.app.policy import policy_source
from biometric_service.app.stages import frame_vouching
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.recognition.requests import GivenTemplate
from biometric_service.recognition.walk import Walk
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import MANIFESTS, Settings
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import Encounter, EncounterId, EnrolledSample, GalleryId, SubjectId
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality, SampleFacts
from biometric_service.vocabulary.templates import Template

INMATES = GalleryId("inmates")


def template_walk(opened: OpenedStore, chosen: Settings) -> Walk:
    """On an index in step with the store."""
    comparator = CylinderComparator(FORMAT, calibration())
    index = ExactGallery(comparator)
    return Walk(
        decode=lambda given: pytest.fail(f"only templates are given, not {given.modality}"),
        extractors={},
        assessors={},
        attack_detectors={},
        comparators={Modality.FINGERPRINT: comparator},
        indexes={Modality.FINGERPRINT: index},
        follower=GalleryFollower(opened.store, [index]),
        store=opened.store,
        encounters=opened.encounters,
        answers=opened.answers,
        cases=opened.cases,
        day=opened.day,
        policy=policy_source(chosen, opened.store),
        candidate_limit=10,
        vouching=frame_vouching(chosen, opened.devices),
    )


def calibration() -> Calibration:
    manifest = tomllib.loads((MANIFESTS / "leader" / "model.toml").read_text(encoding="utf-8"))
    return Calibration.from_table("cylinder", manifest["calibration"]["cylinder"])


@cache
def template(finger: int, impression: int, position: FingerPosition = FingerPosition.UNKNOWN) -> Template:
    return make_template(make_finger(finger_seed(4, finger)), impression, FORMAT, position)


def given_template(finger: int, impression: int) -> GivenTemplate:
    return GivenTemplate(template(finger, impression), f"{finger:032x}{impression:032x}")


def event(kind: EventKind) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), Caller("test", "test"))


def encounter(finger: int) -> Encounter:
    source = CaptureSource("test", datetime.now(UTC))
    facts = SampleFacts(Modality.FINGERPRINT, 500.0, FingerPosition.UNKNOWN, source, "0" * 64)
    sample = EnrolledSample(facts, b"", (template(finger, 1),), 50.0)
    name = SubjectId(f"P-{finger}")
    return Encounter(name, EncounterId(str(finger)), frozenset({INMATES}), datetime.now(UTC), (sample,))
