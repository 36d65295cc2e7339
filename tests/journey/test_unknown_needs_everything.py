"""With a part of the gallery missing, "unknown" is never said: on no path, for no purpose, of nobody."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biometric_service.app.service import settings_store
from biometric_service.decision.policy_file import DEFAULT_POLICY, read_policy
from biometric_service.gallery.exact import ExactGallery
from biometric_service.recognition import people
from biometric_service.recognition.comparing import compare_references
from biometric_service.recognition.enrolment import search_duplicates
from biometric_service.recognition.identification import identify
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.named_subjects import FewRequest, identify_among
from biometric_service.recognition.requests import (
    GivenTemplate,
    IdentificationRequest,
    MovementRequest,
    VerificationRequest,
)
from biometric_service.recognition.verification import verify
from biometric_service.recognition.walk import Walk, capture
from biometric_service.settings import Settings
from biometric_service.vocabulary.decisions import Decision, Movement, Outcome, Passage, ReasonCode
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.rulings import RulingCode
from biometric_service.vocabulary.samples import FingerPosition, Modality
from tests.template_walk import INMATES, encounter, event, given_template, template, template_walk

ENROLLED, STRANGERS = range(1, 5), range(5, 9)
INDEX, THUMB = FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_THUMB
CALLER = Caller("test", "test")
UNLIKE = 12
"""A stranger who is like none of those enrolled, so that nobody is asked to look."""
PURPOSES = sorted({purpose for purpose, _ in read_policy(DEFAULT_POLICY).points} | {"anything else"})


@dataclass(frozen=True)
class Gallery:
    """The same store behind a whole index, one that waits for a change, and one of which the last half is missing."""

    whole: Walk
    waiting: Walk
    half: Walk


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    chosen = Settings(data_dir=tmp_path_factory.mktemp("gallery"))
    with settings_store(chosen) as opened:
        opened.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
        for finger in ENROLLED:
            opened.store.enrol(encounter(finger), event(EventKind.SUBJECT_ENROLLED))
        walk = template_walk(opened, chosen)
        yield Gallery(*(incomplete(walk, upto, expected) for upto, expected in ((99, 0), (99, 1000), (3, 5))))


def incomplete(walk: Walk, upto: int, expected: int) -> Walk:
    """The walk on an index that took changes up to a number and has heard of the given one."""
    index = ExactGallery(walk.comparators[Modality.FINGERPRINT])
    follower = Stalled(walk.store, index, upto, ChangeNumber(expected))
    return replace(walk, indexes={Modality.FINGERPRINT: index}, follower=follower)


class Stalled:
    """A follower that gets no further than a change."""

    def __init__(self, store: ReferenceStore, index: ExactGallery, upto: int, expected: ChangeNumber) -> None:
        for number, change in store.changes(after=ChangeNumber(0)):
            if number <= upto:
                index.apply(number, change)
        index.expect(expected)

    def catch_up(self) -> None:
        """No further."""

    before_search = catch_up

    def behind(self) -> int:
        """Nobody asks."""
        return 0


Images = tuple[GivenTemplate, ...]
Asking = Callable[[Walk, Images, Caller], tuple[Decision, ...]]


def identified(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return (identify(walk, IdentificationRequest(images, INMATES), caller).decision,)


def everywhere(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return (identify(walk, IdentificationRequest(images, ALL_GALLERIES), caller).decision,)


def duplicates(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return (search_duplicates(walk, capture(walk, images), caller),)


def verified(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return (verify(walk, VerificationRequest(images, SubjectId("P-2"), INMATES), caller).decision,)


def at_a_checkpoint(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return moved(walk, images, caller, None)


def at_a_checkpoint_with_a_claim(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return moved(walk, images, caller, SubjectId("P-1"))


def moved(walk: Walk, images: Images, caller: Caller, claimed: SubjectId | None) -> tuple[Decision, ...]:
    check = check_movement(walk, MovementRequest(images, INMATES, "gate", Movement.OUT, claimed), caller)
    found = tuple(each for each in (check.verification, check.identification) if each)
    if any(each.outcome is Outcome.INCOMPLETE for each in found):
        assert check.passage is Passage.REVIEW
        assert "not known" not in " ".join(check.reasons)
    return found


PATHS: Mapping[str, Asking] = {
    path.__name__: path
    for path in (identified, everywhere, duplicates, verified, at_a_checkpoint, at_a_checkpoint_with_a_claim)
}
probes = st.lists(st.tuples(st.integers(1, max(STRANGERS)), st.integers(1, 6)), min_size=1, max_size=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(PATHS)), st.sampled_from(PURPOSES), probes, st.booleans())
def test_unknown_is_never_said_while_a_part_is_missing(
    gallery: Gallery,
    path: str,
    purpose: str,
    prints: list[tuple[int, int]],
    half: bool,  # noqa: FBT001
) -> None:
    images = tuple(given_template(*each) for each in prints)
    walk = gallery.half if half else gallery.waiting
    outcomes = [each.outcome for each in PATHS[path](walk, images, Caller("test", purpose))]
    assert outcomes
    assert Outcome.UNKNOWN not in outcomes


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("path", ["identified", "everywhere", "duplicates", "at_a_checkpoint"])
def test_of_a_whole_gallery_unknown_is_said(gallery: Gallery, path: str, purpose: str) -> None:
    """Else the test above would prove nothing; the same question of the incomplete ones is answered otherwise."""
    stranger = (given_template(UNLIKE, 1),)
    caller = Caller("test", purpose)
    assert [each.outcome for each in PATHS[path](gallery.whole, stranger, caller)] == [Outcome.UNKNOWN]
    for walk in (gallery.waiting, gallery.half):
        assert [each.outcome for each in PATHS[path](walk, stranger, caller)] == [Outcome.INCOMPLETE]


def test_who_is_enrolled_is_still_named(gallery: Gallery) -> None:
    (decision,) = identified(gallery.waiting, (given_template(1, 2),), Caller("test", "default"))
    assert (decision.outcome, decision.subject) == (Outcome.MATCH, "P-1")


def test_a_decision_and_its_event_say_by_which_policy(gallery: Gallery) -> None:
    (decision,) = identified(gallery.whole, (given_template(2, 2),), Caller("test", "release"))
    stamp = read_policy(DEFAULT_POLICY).stamp
    assert decision.operating_point.policy == stamp
    assert decision.operating_point.match == read_policy(DEFAULT_POLICY).point("release", "identification").match  # type: ignore[arg-type]
    last = [each.event for each in gallery.whole.store.events(0, 10_000)][-1]
    assert (last.details["policy_version"], last.details["policy_digest"]) == (stamp.version, stamp.digest)
    assert last.details["parts"].startswith("fingerprint.unknown=")


def test_no_score_is_not_a_number(gallery: Gallery) -> None:
    (decision,) = identified(gallery.whole, (given_template(2, 2), given_template(2, 3)), Caller("test", "default"))
    assert np.isfinite([candidate.score for candidate in decision.candidates]).all()
    assert {part.sample for part in decision.candidates[0].parts} == {0, 1}


@pytest.fixture
def by_one_finger(tmp_path: Path) -> Iterator[Walk]:
    """P-1 is enrolled by the right index finger alone."""
    chosen = Settings(data_dir=tmp_path)
    with settings_store(chosen) as opened:
        opened.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
        enrol_by(opened.store, 1, INDEX)
        yield template_walk(opened, chosen)


def enrol_by(store: ReferenceStore, finger: int, position: FingerPosition) -> None:
    kept = encounter(finger)
    sample = replace(kept.samples[0], templates=(template(finger, 1, position),))
    store.enrol(replace(kept, samples=(sample,)), event(EventKind.SUBJECT_ENROLLED))


def shown(finger: int, position: FingerPosition) -> Images:
    return (GivenTemplate(template(finger, 2, position), "0" * 64),)


def test_nobody_is_unknown_with_whom_nobody_could_be_compared(by_one_finger: Walk) -> None:
    for path in (identified, everywhere, at_a_checkpoint):
        (decision,) = path(by_one_finger, shown(1, THUMB), CALLER)
        assert (decision.outcome, decision.searched) == (Outcome.RECAPTURE, 0)
        assert [each.code for each in decision.why] == [ReasonCode.NOBODY_COMPARABLE]
        assert [each.outcome for each in path(by_one_finger, shown(UNLIKE, INDEX), CALLER)] == [Outcome.UNKNOWN]


def test_in_a_gallery_of_nobody_who_is_active_everybody_is_unknown(by_one_finger: Walk) -> None:
    people.set_status(
        by_one_finger.encounters, EncounterKey(SubjectId("P-1"), EncounterId("1")), EncounterStatus.RELEASED, CALLER
    )
    assert [each.outcome for each in identified(by_one_finger, shown(1, INDEX), CALLER)] == [Outcome.UNKNOWN]
    assert [each.outcome for each in identified(by_one_finger, shown(1, THUMB), CALLER)] == [Outcome.UNKNOWN]
    assert [each.outcome for each in everywhere(by_one_finger, shown(1, THUMB), CALLER)] == [Outcome.RECAPTURE]


def test_the_first_of_a_kind_is_nobodys_duplicate(by_one_finger: Walk) -> None:
    assert [each.outcome for each in duplicates(by_one_finger, shown(2, THUMB), CALLER)] == [Outcome.UNKNOWN]


@pytest.mark.parametrize("thumbs", [(), (2,)])
def test_a_claim_is_not_refuted_by_a_finger_that_was_not_enrolled(by_one_finger: Walk, thumbs: Sequence[int]) -> None:
    for finger in thumbs:
        enrol_by(by_one_finger.store, finger, THUMB)
    request = MovementRequest(shown(1, THUMB), INMATES, "gate", Movement.OUT, SubjectId("P-1"))
    check = check_movement(by_one_finger, request, CALLER)
    assert (check.passage, [each.code for each in check.passed.ruling.why]) == (
        Passage.RECAPTURE,
        [RulingCode.CLAIM_NOT_COMPARED],
    )


def test_another_is_still_found_by_a_finger_that_was_not_enrolled_of_who_is_claimed(by_one_finger: Walk) -> None:
    enrol_by(by_one_finger.store, 2, THUMB)
    request = MovementRequest(shown(2, THUMB), INMATES, "gate", Movement.OUT, SubjectId("P-1"))
    assert check_movement(by_one_finger, request, CALLER).passage is Passage.STOP


def test_among_a_few_nobody_is_unknown_while_one_of_them_could_not_be_compared(by_one_finger: Walk) -> None:
    enrol_by(by_one_finger.store, 2, THUMB)
    both, one = (SubjectId("P-1"), SubjectId("P-2")), (SubjectId("P-2"),)
    outcomes = [
        identify_among(by_one_finger, FewRequest(shown(UNLIKE, THUMB), named, INMATES), CALLER).decision.outcome
        for named in (both, one)
    ]
    assert outcomes == [Outcome.INCOMPLETE, Outcome.UNKNOWN]


def test_copies_of_a_sample_say_no_more_than_it_does(by_one_finger: Walk) -> None:
    """Neither in the probe, under whatever finger it is said to be, nor among what is kept of somebody."""
    once = shown(1, INDEX)
    copies = (*once, *once, *once, *shown(1, FingerPosition.UNKNOWN))
    for path in (identified, verified_as_the_first):
        (by_one,), (by_copies,) = (path(by_one_finger, images, CALLER) for images in (once, copies))
        assert by_copies.candidates[0].score <= by_one.candidates[0].score
        assert by_copies.threshold >= by_one.threshold
        assert len(by_copies.candidates[0].parts) == len(by_one.candidates[0].parts) == 1
    kept = replace(encounter(1), encounter=EncounterId("again"))
    sample = replace(kept.samples[0], templates=(template(1, 1, INDEX),))
    by_one_finger.store.add_encounter(replace(kept, samples=(sample,)), event(EventKind.ENCOUNTER_ADDED))
    (again,) = verified_as_the_first(by_one_finger, once, CALLER)
    assert (again.candidates[0].score, again.threshold) == (by_one.candidates[0].score, by_one.threshold)


def test_references_that_have_no_ids_of_their_own_are_compared_one_by_one(by_one_finger: Walk) -> None:
    kept = [
        Reference(ReferenceId(0), SubjectId("P-1"), frozenset({INMATES}), template(1, impression, INDEX))
        for impression in (1, 3, 3)
    ]
    assert len(compare_references(by_one_finger, capture(by_one_finger, shown(1, INDEX)), kept)) == 2


def verified_as_the_first(walk: Walk, images: Images, caller: Caller) -> tuple[Decision, ...]:
    return (verify(walk, VerificationRequest(images, SubjectId("P-1"), INMATES), caller).decision,)
