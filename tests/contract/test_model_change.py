"""From one model to another and back: nobody is lost on the way, on every database that there is."""

import hashlib
from dataclasses import replace

import pytest

from benchmarks.throughput.random_encounters import FACE_FORMAT, GALLERY, audit_event, random_encounter
from biometric_service.app.present_walk import with_models_in_use
from biometric_service.errors import ErrorCode
from biometric_service.recognition.reextraction import Progress, Reextraction
from biometric_service.recognition.requests import GivenImage
from biometric_service.references.encounters import format_name
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    EncounterId,
    EncounterKey,
    ModelInUse,
    SubjectId,
)
from biometric_service.vocabulary.samples import (
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from tests.face_models import NEWER, DigestExtractor, decode
from tests.stores import refused, replay

OFFICE = Caller("office", "model change")


def job(opened: OpenedStore, extractor: DigestExtractor | None = None) -> Reextraction:
    return Reextraction(opened.models, opened.store, decode, extractor or DigestExtractor(), OFFICE)


def enrol(opened: OpenedStore, *names: str) -> None:
    for seed, name in enumerate(names):
        opened.store.enrol(random_encounter(seed, name, name), audit_event())


def searchable(opened: OpenedStore, form: TemplateFormat) -> list[str]:
    """Whom an index of this format holds that followed from the beginning."""
    held = replay(opened.store.changes(ChangeNumber(0))).values()
    return sorted(each.subject for each in held if each.template.format == form)


def test_both_versions_are_there_until_the_switch_and_after_it(opened: OpenedStore) -> None:
    enrol(opened, "A", "B", "C")
    assert (opened.models.lacking(NEWER), opened.models.in_use()) == (3, {})
    assert list(job(opened).run()) == [Progress(made=3, failed=0, left=0)]
    assert searchable(opened, FACE_FORMAT) == searchable(opened, NEWER) == ["A", "B", "C"]
    job(opened).switch(format_name(FACE_FORMAT))
    assert opened.models.in_use() == {Modality.FACE: ModelInUse("face:newer/2", "face:random-embedding/1")}
    assert searchable(opened, FACE_FORMAT) == ["A", "B", "C"]
    kinds = [each.event.kind for each in opened.store.events(0, 100)]
    assert (kinds.count(EventKind.TEMPLATES_ADDED), kinds.count(EventKind.MODEL_SWITCHED)) == (1, 1)
    opened.store.verify_events()


def test_it_goes_on_where_it_was_cut_off(opened: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biometric_service.recognition.reextraction.BATCH", 2)
    enrol(opened, "A", "B", "C", "D", "E")
    first = next(job(opened).run())
    assert first == Progress(made=2, failed=0, left=3)
    assert [each.left for each in job(opened).run()] == [1, 0]
    assert searchable(opened, NEWER) == ["A", "B", "C", "D", "E"]


def test_a_switch_takes_along_who_was_enrolled_meanwhile_and_is_refused_while_any_is_lacking(
    opened: OpenedStore,
) -> None:
    enrol(opened, "A")
    refused(ErrorCode.STORE_CONFLICT, lambda: opened.models.switch(NEWER, None, audit_event()))
    list(job(opened).run())
    opened.store.enrol(random_encounter(9, "late"), audit_event())
    job(opened).switch(None)
    assert searchable(opened, NEWER) == ["A", "late"]


def test_what_was_read_by_the_model_from_before_is_not_kept_any_more(opened: OpenedStore) -> None:
    enrol(opened, "A")
    job(opened).switch(format_name(FACE_FORMAT))
    late, again = random_encounter(1, "late", "late"), random_encounter(2, "A", "A")
    second = replace(again, encounter=EncounterId("second"))
    refused(ErrorCode.MODELS_DIFFER, lambda: opened.store.enrol(late, audit_event()))
    refused(ErrorCode.MODELS_DIFFER, lambda: opened.store.add_encounter(second, audit_event()))
    refused(ErrorCode.MODELS_DIFFER, lambda: opened.encounters.replace(again, audit_event()))
    assert searchable(opened, NEWER) == searchable(opened, FACE_FORMAT) == ["A"]
    assert opened.models.lacking(NEWER) == 0
    fingers = replace(late, samples=late.samples[:2])  # whose model was never switched
    opened.store.enrol(fingers, audit_event())


def test_a_switch_is_undone_with_who_was_enrolled_since(opened: OpenedStore) -> None:
    enrol(opened, "A")
    job(opened).switch(format_name(FACE_FORMAT))
    newer = DigestExtractor().extract(located(b"since"))
    assert isinstance(newer, FaceTemplate)
    given = random_encounter(4, "since")
    face = replace(given.samples[-1], templates=(newer,))
    opened.store.enrol(replace(given, samples=(face,)), audit_event())
    job(opened, DigestExtractor(FACE_FORMAT)).switch(None)
    assert opened.models.in_use() == {Modality.FACE: ModelInUse("face:random-embedding/1", "face:newer/2")}
    assert searchable(opened, FACE_FORMAT) == ["A", "since"]


def located(data: bytes) -> LocatedSample:
    found = DigestExtractor().locate(decode(GivenImage(data, Modality.FACE)))
    assert isinstance(found, LocatedSample)
    return found


def test_who_cannot_be_read_by_the_new_model_is_told_and_not_lost_by_itself(opened: OpenedStore) -> None:
    enrol(opened, "A", "B")
    face = random_encounter(0, "A", "A").samples[-1]
    unread = replace(random_encounter(5, "C", "C"), samples=(replace(face, image=b"broken"), replace(face, image=b"")))
    opened.store.enrol(unread, audit_event())
    blind = DigestExtractor(blind_to={hashlib.sha256(face.image).hexdigest()})
    assert list(job(opened, blind).run()) == [Progress(made=1, failed=3, left=0)]
    assert opened.models.failed(NEWER) == 3
    assert "3 samples" in refused(ErrorCode.STORE_CONFLICT, lambda: job(opened, blind).switch(None)).message
    assert opened.models.in_use() == {}
    job(opened, blind).switch(None, leave_out=True)
    assert searchable(opened, NEWER) == ["B"]


def test_both_versions_move_with_their_encounter_and_go_with_an_erasure(opened: OpenedStore) -> None:
    enrol(opened, "A", "B")
    list(job(opened).run())
    opened.encounters.move(EncounterKey(SubjectId("A"), EncounterId("A")), SubjectId("B"), audit_event())
    assert searchable(opened, NEWER) == searchable(opened, FACE_FORMAT) == ["B", "B"]
    formats = [
        [str(each.format) for each in sample.templates]
        for kept in opened.encounters.encounters(SubjectId("B"))
        for sample in kept.encounter.samples
        if sample.sample.modality is Modality.FACE
    ]
    assert formats == [["random-embedding/1", "newer/2"]] * 2
    opened.store.erase(SubjectId("B"), audit_event())
    assert searchable(opened, NEWER) == []
    assert opened.store.subjects(ALL_GALLERIES, None, 9) == []
    assert opened.store.galleries() == [GALLERY]


def test_the_settings_give_way_to_what_was_switched_to() -> None:
    used = {Modality.FACE: ModelInUse("face:newer/2", None), Modality.FINGERPRINT: ModelInUse("fingerprint:x/1", None)}
    chosen = with_models_in_use(Settings(face_model="auto", fingerprint_model=""), used)
    assert (chosen.face_model, chosen.fingerprint_model) == ("newer", "")
