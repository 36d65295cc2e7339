"""The straight walk on real fingers and faces, through the library."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from biometric_service.app import Service, open_service
from biometric_service.app.sharing import examiner
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.exact import ExactGallery
from biometric_service.interchange.sharing.asking import packed
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.identification import identify
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import (
    Enrolment,
    EnrolmentOutcome,
    EnrolmentRequest,
    GivenImage,
    GivenTemplate,
    IdentificationRequest,
    MovementCheck,
    MovementRequest,
    Recognition,
    VerificationRequest,
)
from biometric_service.recognition.verification import verify
from biometric_service.settings import Settings
from biometric_service.vocabulary.decisions import Movement, Outcome, Passage
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.sharing import AgencyRequest, RequestKind, RequestState
from tests.live_service import event

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

OFFICER = Caller("officer", "test", "desk")
INMATES = GalleryId("inmates")
PEOPLE = {
    "Amelie": ("fvc2002_db1/103", "Amelie_Mauresmo"),
    "Andre": ("fvc2002_db1/104", "Alexander_Downer"),
    "Atal": ("fvc2004_db1/105", "Atal_Bihari_Vajpayee"),
}


@pytest.fixture(scope="module")
def prison(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator["Prison"]:
    with open_service(Settings(data_dir=tmp_path_factory.mktemp("prison"))) as service:
        service.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
        prison = Prison(service, shared_data)
        for name in PEOPLE:
            assert prison.enrol(name, prison.finger(name, 1), prison.face(name, 1)).outcome is EnrolmentOutcome.ENROLLED
        yield prison


class Prison:
    """A service with three people in it, each with a real finger and a real face."""

    def __init__(self, service: Service, data: Path) -> None:
        self.service = service
        self._data = data

    def finger(self, name: str, impression: int, position: FingerPosition = FingerPosition.UNKNOWN) -> GivenImage:
        path = self._data / "fingerprints" / f"{PEOPLE.get(name, (name,))[0]}_{impression}.png"
        return GivenImage(path.read_bytes(), Modality.FINGERPRINT, position, None, "test")

    def face(self, name: str, number: int) -> GivenImage:
        person = PEOPLE[name][1] if name in PEOPLE else name
        path = self._data / "faces" / "lfw_half" / person / f"{person}_{number:04d}.jpg"
        return GivenImage(path.read_bytes(), Modality.FACE, device="test")

    def enrol(self, name: str, *images: GivenImage, despite: bool = False) -> Enrolment:
        request = EnrolmentRequest(images, SubjectId(name), frozenset({INMATES}), (), despite)
        return enrol(self.service.walk, request, OFFICER)

    def identify(self, *images: GivenImage, gallery: GalleryId = INMATES) -> Recognition:
        return identify(self.service.walk, IdentificationRequest(images, gallery), OFFICER)

    def verify(self, name: str, *images: GivenImage) -> Recognition:
        return verify(self.service.walk, VerificationRequest(images, SubjectId(name), ALL_GALLERIES), OFFICER)

    def move(self, *images: GivenImage, claimed: str | None = None) -> MovementCheck:
        claim = SubjectId(claimed) if claimed else None
        request = MovementRequest(images, INMATES, "gate-2", Movement.OUT, claim)
        return check_movement(self.service.walk, request, OFFICER)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_finger_and_a_face_each_find_their_person(prison: Prison, name: str) -> None:
    for image in (prison.finger(name, 2), prison.face(name, 2)):
        decision = prison.identify(image).decision
        assert (decision.outcome, decision.subject) == (Outcome.MATCH, name)


def test_finger_and_face_together_score_higher_than_either(prison: Prison) -> None:
    finger, face = prison.finger("Atal", 3), prison.face("Atal", 3)
    alone = [prison.identify(image).decision.candidates[0].score for image in (finger, face)]
    both = prison.identify(finger, face).decision
    assert both.subject == "Atal"
    assert both.candidates[0].score > max(alone)
    assert {part.modality for part in both.candidates[0].parts} == set(Modality)


def test_a_stranger_is_unknown(prison: Prison) -> None:
    assert prison.identify(prison.finger("fvc2004_db2/107", 1)).decision.outcome is Outcome.UNKNOWN
    assert prison.identify(prison.face("Ana_Palacio", 1)).decision.outcome is Outcome.UNKNOWN


def test_a_claim_is_verified_or_not(prison: Prison) -> None:
    assert prison.verify("Andre", prison.finger("Andre", 4)).decision.outcome is Outcome.MATCH
    assert prison.verify("Andre", prison.finger("Amelie", 4)).decision.outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    ("claimed", "impression", "outcome", "found"),
    [
        (None, ("Amelie", 3), "match", "Amelie"),
        (None, ("fvc2004_db2/107", 1), "unknown", None),
        ("Andre", ("Andre", 4), "match", "Andre"),
        ("Andre", ("Amelie", 4), "no_match", None),
    ],
)
def test_what_an_agency_asks_is_looked_at_with_the_models_in_use(
    prison: Prison, claimed: str | None, impression: tuple[str, int], outcome: str, found: str | None
) -> None:
    about, at = SubjectId(claimed) if claimed else None, datetime.now(UTC)
    kind = RequestKind.VERIFICATION if claimed else RequestKind.SEARCH
    asked = AgencyRequest(1, "q", "police", "police:1", kind, INMATES, about, 0, at, RequestState.QUEUED, 1, "", "", "")
    content = packed([prison.finger(*impression)])
    examine = examiner(lambda: prison.service.walk)
    finding = examine(asked, content, OFFICER, lambda _: True)
    assert (finding.outcome, finding.subject) == (outcome, found)
    assert 0 < finding.error_rate < 1
    outside = examine(asked, content, OFFICER, lambda subject: subject not in {"Amelie", "Andre"})
    nobody = Outcome.NO_MATCH if claimed else Outcome.UNKNOWN
    assert (outside.outcome, outside.subject, outside.error_rate) == (nobody, None, finding.error_rate)
    if claimed:
        unknown = examine(replace(asked, subject=SubjectId("Nobody")), content, OFFICER, lambda _: True)
        assert unknown == outside


def test_the_same_person_is_not_enrolled_under_another_name(prison: Prison) -> None:
    answer = prison.enrol("Somebody-else", prison.finger("Amelie", 5))
    assert answer.outcome is EnrolmentOutcome.DUPLICATE_SUSPECTED
    assert answer.duplicates
    assert answer.duplicates.candidates[0].subject == "Amelie"
    with pytest.raises(BiometricServiceError) as unknown:
        prison.service.store.subject(SubjectId("Somebody-else"))
    assert unknown.value.code is ErrorCode.SUBJECT_UNKNOWN


def test_a_movement_passes_its_person_and_stops_a_swap(prison: Prison) -> None:
    passed = prison.move(prison.face("Andre", 2), claimed="Andre")
    assert (passed.passage, passed.subject, passed.identification) == (Passage.PASS, "Andre", None)
    swapped = prison.move(prison.finger("Amelie", 6), claimed="Andre")
    assert (swapped.passage, swapped.subject) == (Passage.STOP, "Amelie")
    assert "not Andre" in swapped.reasons[0]
    unclaimed = prison.move(prison.finger("Atal", 2))
    assert (unclaimed.passage, unclaimed.subject) == (Passage.PASS, "Atal")
    stranger = prison.move(prison.finger("fvc2004_db2/107", 1))
    assert (stranger.passage, stranger.subject) == (Passage.STOP, None)


def test_every_call_is_in_the_audit_log_with_what_it_rests_on(prison: Prison) -> None:
    image = prison.finger("Amelie", 7)
    answer = prison.identify(image)
    [recorded] = prison.service.store.events(answer.event - 1, 1)
    assert recorded.event.caller == OFFICER
    assert recorded.event.details["outcome"] == "match"
    assert len(recorded.event.evidence) == 1
    assert prison.service.verify_audit() >= answer.event


def test_a_face_where_a_finger_was_promised_is_no_finger(prison: Prison) -> None:
    photograph = prison.face("Amelie", 1)
    [report] = prison.identify(GivenImage(photograph.data, Modality.FINGERPRINT)).samples
    assert report.failure in {Defect.NO_FINGER, Defect.TOO_FEW_MINUTIAE}


def test_a_finger_where_a_face_was_promised_is_no_face(prison: Prison) -> None:
    answer = prison.identify(GivenImage(prison.finger("Amelie", 1).data, Modality.FACE))
    assert answer.decision.outcome is Outcome.RECAPTURE
    assert answer.samples[0].failure is Defect.NO_FACE


def test_an_unknown_gallery_subject_and_a_known_id_are_refused(prison: Prison) -> None:
    image = prison.finger("Amelie", 1)
    for code, ask in (
        (ErrorCode.GALLERY_UNKNOWN, lambda: prison.identify(image, gallery=GalleryId("nowhere"))),
        (ErrorCode.SUBJECT_UNKNOWN, lambda: prison.verify("Nobody", image)),
        (ErrorCode.SUBJECT_EXISTS, lambda: prison.enrol("Amelie", image)),
        (ErrorCode.REQUEST_INVALID, lambda: prison.enrol("no such/name", image)),
        (ErrorCode.REQUEST_INVALID, prison.identify),
    ):
        with pytest.raises(BiometricServiceError) as refused:
            ask()
        assert refused.value.code is code


def test_a_refused_enrolment_is_in_the_audit_log_too(prison: Prison) -> None:
    blank = GivenImage(prison.face("Amelie", 1).data, Modality.FINGERPRINT)
    assert prison.enrol("Nobody-yet", blank).outcome is EnrolmentOutcome.RECAPTURE
    last = prison.service.verify_audit()
    [recorded] = prison.service.store.events(last - 1, 1)
    assert recorded.event.kind is EventKind.ENROLMENT_REFUSED
    assert (recorded.event.subject, recorded.event.details["enrolment"]) == ("Nobody-yet", "recapture")


def test_nobody_is_enrolled_on_an_incomplete_search_even_by_an_officer_who_looked(prison: Prison) -> None:
    walk = prison.service.walk
    empty = {modality: ExactGallery(comparator) for modality, comparator in walk.comparators.items()}
    behind = replace(walk, indexes=empty, follower=NotYetRebuilt(walk.store, list(empty.values())))
    request = EnrolmentRequest(
        (prison.finger("fvc2004_db2/106", 1),),
        SubjectId("Too-early"),
        frozenset({INMATES}),
        (),
        despite_duplicates=True,
    )
    answer = enrol(behind, request, OFFICER)
    assert answer.outcome is EnrolmentOutcome.SEARCH_INCOMPLETE
    decision = identify(behind, IdentificationRequest(request.images, INMATES), OFFICER).decision
    assert decision.outcome is Outcome.INCOMPLETE


def test_the_same_person_does_not_come_in_twice_at_once(prison: Prison) -> None:
    with ThreadPoolExecutor(2) as pool:
        names = ("Twin-1", "Twin-2")
        outcomes = list(pool.map(lambda name: prison.enrol(name, prison.finger("fvc2002_db2/107", 1)).outcome, names))
    assert sorted(outcomes) == [EnrolmentOutcome.DUPLICATE_SUSPECTED, EnrolmentOutcome.ENROLLED]


class NotYetRebuilt:
    """A follower whose indexes know how far the store has got and have nothing of it yet, as after a crash."""

    def __init__(self, store: ReferenceStore, indexes: list[ExactGallery]) -> None:
        self._store = store
        self._indexes = indexes

    def catch_up(self) -> None:
        for index in self._indexes:
            index.expect(self._store.last_change())

    before_search = catch_up

    def behind(self) -> int:
        return self._store.last_change()


def test_a_template_alone_finds_what_its_image_finds(prison: Prison) -> None:
    enrolled = prison.service.store.references(SubjectId("Amelie"))
    templates = tuple(GivenTemplate(reference.template, "0" * 64) for reference in enrolled)
    answer = identify(prison.service.walk, IdentificationRequest(templates, INMATES), OFFICER)
    assert answer.decision.subject == "Amelie"
    assert {part.modality for part in answer.decision.candidates[0].parts} == set(Modality)
    assert prison.service.store.events(answer.event - 1, 1)[0].event.evidence == ("0" * 64,) * 2


def test_a_template_of_another_model_is_refused(prison: Prison) -> None:
    template = prison.service.store.references(SubjectId("Amelie"))[0].template
    other = replace(template, format=replace(template.format, version="of another time"))
    with pytest.raises(BiometricServiceError) as fault:
        identify(prison.service.walk, IdentificationRequest((GivenTemplate(other, "0" * 64),), INMATES), OFFICER)
    assert fault.value.code is ErrorCode.TEMPLATE_VERSION_MISMATCH
