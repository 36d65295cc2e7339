"""A service whose fingerprint engine is SourceAFIS: enrolled, found, explained, and still there after a restart."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.api.explanation.drawing import draw, words
from biometric_service.app import Service, open_service
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.explanation import Witness
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import (
    EnrolmentOutcome,
    EnrolmentRequest,
    GivenImage,
    IdentificationRequest,
)
from biometric_service.settings import Settings
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import SourceAfisTemplate
from tests.live_service import event
from tests.source_afis import source_afis

pytestmark = pytest.mark.models
OFFICER = Caller("officer", "test", "desk")
INMATES = GalleryId("inmates")
FINGERS = (5, 6, 7)


def given(finger: int, impression: int) -> GivenImage:
    written = BytesIO()
    Image.fromarray(make_impression(make_master(finger), impression)).save(written, "PNG")
    return GivenImage(written.getvalue(), Modality.FINGERPRINT, dpi=500, device="test")


@pytest.fixture(scope="module", params=["exact", "narrowed"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    source_afis()
    folder = tmp_path_factory.mktemp("prison")
    return Settings(data_dir=folder, fingerprint_model="sourceafis", face_model="", fingerprint_index=request.param)


@pytest.fixture(scope="module")
def service(settings: Settings) -> Iterator[Service]:
    with open_service(settings) as opened:
        opened.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
        for finger in FINGERS:
            request = EnrolmentRequest((given(finger, 1),), SubjectId(f"S{finger}"), frozenset({INMATES}))
            assert enrol(opened.walk, request, OFFICER).outcome is EnrolmentOutcome.ENROLLED
        yield opened


@pytest.mark.parametrize("finger", FINGERS)
def test_each_finger_finds_its_subject(service: Service, finger: int) -> None:
    request = IdentificationRequest((given(finger, 2),), INMATES)
    decision = identify(service.walk, request, OFFICER).decision
    assert (decision.outcome, decision.subject) == (Outcome.MATCH, f"S{finger}")
    assert decision.candidates[0].parts[0].score.comparator == "sourceafis"


def test_a_stranger_is_unknown(service: Service) -> None:
    decision = identify(service.walk, IdentificationRequest((given(9, 1),), INMATES), OFFICER).decision
    assert (decision.outcome, decision.subject) == (Outcome.UNKNOWN, None)


def test_the_match_is_explained_by_its_minutiae(service: Service) -> None:
    witness = Witness(service.walk)
    request = IdentificationRequest((given(5, 2),), INMATES)
    decision = identify(witness.walk, request, OFFICER, witness.trace).decision
    (compared,) = witness.comparisons(decision.candidates[0])
    assert isinstance(compared.reference.template, SourceAfisTemplate)
    assert len(compared.pairs) >= 8
    assert f"{len(compared.pairs)} minutiae were paired" in words(compared, "en")
    with Image.open(BytesIO(draw(compared))) as picture:
        assert picture.size[0] > picture.size[1]


def test_the_store_gives_its_templates_back_after_a_restart(service: Service, settings: Settings) -> None:
    kept = service.store.references(SubjectId("S5"))[0].template
    with open_service(settings) as again:
        assert again.store.references(SubjectId("S5"))[0].template == kept
        decision = identify(again.walk, IdentificationRequest((given(5, 2),), INMATES), OFFICER).decision
    assert (decision.outcome, decision.subject) == (Outcome.MATCH, "S5")
