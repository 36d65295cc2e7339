"""With a part of the gallery missing, "unknown" is never said: on no path, for no purpose, of nobody."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biometric_service.app.service import settings_store
from biometric_service.decision.policy_file import DEFAULT_POLICY, read_policy
from biometric_service.gallery.exact import ExactGallery
from biometric_service.recognition.enrolment import search_duplicates
from biometric_service.recognition.identification import identify
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import (
    GivenTemplate,
    IdentificationRequest,
    MovementRequest,
    VerificationRequest,
)
from biometric_service.recognition.verification import verify
from biometric_service.recognition.walk import Walk, capture
from biometric_service.settings import Settings
from biometric_service.vocabulary.decisions import Decision, Movement, Outcome, Passage
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import ALL_GALLERIES, ChangeNumber, SubjectId
from biometric_service.vocabulary.samples import Modality
from tests.template_walk import INMATES, encounter, event, given_template, template_walk

ENROLLED, STRANGERS = range(1, 5), range(5, 9)
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
