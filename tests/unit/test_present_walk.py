"""A running service follows a switch of models: it loads the other one, and says so rather than search a part."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from benchmarks.throughput.random_encounters import (
    FACE_FORMAT,
    GALLERY,
    audit_event,
    random_embedding,
    random_encounter,
)
from biometric_service.app.present_walk import PresentWalk
from biometric_service.app.processes import held_by
from biometric_service.app.service import assemble_walk, on_matcher, settings_store
from biometric_service.app.stages import Stages
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.errors import ErrorCode
from biometric_service.gallery.matcher import Matcher
from biometric_service.gallery.remote import MatcherLink
from biometric_service.presentation_attack.not_assessed import NotAssessed
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.requests import EnrolmentRequest, GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.references.encounters import format_name
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.quality import QualityAssessment
from biometric_service.vocabulary.references import ALL_GALLERIES, Reextracted, SubjectId
from biometric_service.vocabulary.samples import LocatedSample, Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace
from tests.face_models import NEWER, DigestExtractor, decode
from tests.stores import refused

FORMATS = {format_name(form): form for form in (FACE_FORMAT, NEWER)}
CURVE = Calibration("cosine", (0.0, 1.0), (0.0, 6.0), 6.0, 1, "none")


@dataclass
class Loading:
    """Builds walks as the service does, on extractors that need no weights; ``built`` counts them."""

    settings: Settings
    opened: OpenedStore
    configured: TemplateFormat = FACE_FORMAT
    built: int = 0

    def __call__(self) -> Walk:
        self.built += 1
        used = self.opened.models.in_use().get(Modality.FACE)
        form = FORMATS[used.form] if used else self.configured
        comparators = {Modality.FACE: CosineComparator(form, CURVE)}
        stages = Stages(decode, {Modality.FACE: DigestExtractor(form)}, {}, {}, comparators)
        return assemble_walk(self.settings, stages, self.opened)


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[Loading]:
    settings = Settings(data_dir=tmp_path)
    with settings_store(settings) as opened:
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        opened.store.enrol(random_encounter(1, "A"), audit_event())
        yield Loading(settings, opened)


def newer_template() -> FaceTemplate:
    return FaceTemplate(NEWER, np.eye(1, 16, dtype=np.float32)[0])


def switch(opened: OpenedStore) -> None:
    images = opened.models.images_lacking(NEWER, 9)
    made = [Reextracted(image.sample, newer_template()) for image in images]
    opened.models.add_templates(NEWER, made, audit_event(EventKind.TEMPLATES_ADDED))
    opened.models.switch(NEWER, format_name(FACE_FORMAT), audit_event(EventKind.MODEL_SWITCHED))


def whom(present: PresentWalk, probe: FaceTemplate) -> list[str]:
    found = present().indexes[Modality.FACE].search(Probe(probe, ALL_GALLERIES), 3)
    assert found.complete
    return [entry.subject for entry in found.entries]


def test_processes_that_ask_the_matcher_follow_a_switch_with_it(loading: Loading, tmp_path: Path) -> None:
    models, path = loading.opened.models, tmp_path / "matcher"
    holding = PresentWalk(models, loading)
    holding.catch_up()
    matcher = Matcher(partial(held_by, holding), path, os.geteuid())
    serving = Thread(target=matcher.serve)
    serving.start()
    link = MatcherLink(path)
    asking = PresentWalk(models, lambda: on_matcher(loading(), link))
    assert whom(asking, random_embedding(np.random.default_rng(1))) == ["A"]
    switch(loading.opened)
    refused(ErrorCode.MODELS_DIFFER, asking)
    refused(ErrorCode.MODELS_DIFFER, asking.catch_up)  # the matcher has not loaded the other model yet
    holding.catch_up()
    asking.catch_up()
    assert whom(asking, newer_template()) == ["A"]
    link.close()
    matcher.close()
    serving.join()


def test_nothing_is_answered_between_a_switch_and_the_end_of_the_loading(loading: Loading) -> None:
    present = PresentWalk(loading.opened.models, loading)
    present.catch_up()
    assert present().comparators[Modality.FACE].format == FACE_FORMAT
    switch(loading.opened)
    refused(ErrorCode.MODELS_DIFFER, present)
    present.catch_up()
    walk = present()
    found = walk.indexes[Modality.FACE].search(Probe(newer_template(), ALL_GALLERIES), 3)
    assert ([entry.subject for entry in found.entries], found.complete, loading.built) == (["A"], True, 2)
    present.catch_up()
    assert loading.built == 2


class Good:
    """Finds every face good."""

    def assess(self, located: LocatedSample) -> QualityAssessment:
        assert located.sample.modality is Modality.FACE
        return QualityAssessment(90.0, {}, (), acceptable=True)


def test_an_enrolment_that_waits_out_a_switch_is_refused(loading: Loading) -> None:
    """Its template was made by the model from before, by which nobody would find the person."""
    read = Event()

    class Reading(DigestExtractor):
        def extract(self, located: LocatedSample, trace: Trace = SILENT) -> FaceTemplate:
            trace("extracted", located.sample.digest)
            read.set()
            return random_embedding(np.random.default_rng(2))

    stages = {"extractors": Reading(FACE_FORMAT), "assessors": Good(), "attack_detectors": NotAssessed()}
    walk = replace(loading(), **{name: {Modality.FACE: stage} for name, stage in stages.items()})  # type: ignore[arg-type]
    request = EnrolmentRequest((GivenImage(b"late", Modality.FACE),), SubjectId("late"), frozenset({GALLERY}))
    with ThreadPoolExecutor() as threads:
        with loading.opened.store.enrolling():
            waiting = threads.submit(enrol, walk, request, Caller("officer", "intake"))
            assert read.wait(10)
            switch(loading.opened)
        refused(ErrorCode.MODELS_DIFFER, waiting.result)
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: loading.opened.store.subject(request.subject))
    assert loading.opened.models.lacking(NEWER) == 0


def test_settings_that_name_a_model_whose_templates_are_lacking_are_refused(loading: Loading) -> None:
    loading.configured = NEWER
    message = refused(ErrorCode.MODELS_DIFFER, lambda: PresentWalk(loading.opened.models, loading)).message
    assert "1 samples have no template of newer/2" in message


def test_what_was_switched_to_is_loaded_at_the_next_start(loading: Loading) -> None:
    switch(loading.opened)
    assert PresentWalk(loading.opened.models, loading)().comparators[Modality.FACE].format == NEWER
