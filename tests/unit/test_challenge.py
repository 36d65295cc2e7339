"""Turn the head as asked: who passes, and what does not."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.challenge import FRAMES, SECONDS, Person, benchmark, people_of
from benchmarks.accuracy.face import face_walk
from benchmarks.accuracy.presentations import ATTACKS, Photograph, head, taken
from biometric_service.evaluation.subjects import faces
from biometric_service.presentation_attack.challenge.depth import FLAT, flat_likeness
from biometric_service.presentation_attack.challenge.judging import judge
from biometric_service.presentation_attack.challenge.sequence import draw, follows, turns_taken
from biometric_service.quality.face.pose import HEAD
from biometric_service.recognition.challenge import frames_of
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk, observe, with_template
from biometric_service.vocabulary.challenges import ChallengeCheck, ChallengeFrame, Turn
from biometric_service.vocabulary.samples import Modality

FRONT, LEFT, RIGHT = Turn.FRONT, Turn.LEFT, Turn.RIGHT
ASKED = (FRONT, LEFT, FRONT, RIGHT, LEFT)
YAWS = {FRONT: 0.0, LEFT: 25.0, RIGHT: -25.0}


def frame(at: float, yaw: float, likeness: float = 5.0) -> ChallengeFrame:
    """A face without features: every turned one differs from the frontal one by its noise."""
    pixels = np.random.default_rng(round(1000 * at)).integers(0, 255, (200, 200, 3), np.uint8)
    landmarks = (60 * HEAD[:, :2] + (100, 70)).astype(np.float32)
    return ChallengeFrame(at, f"{at}", pixels, landmarks, yaw, likeness)


def turning(poses: Sequence[Turn], seconds: float = 0.4) -> list[ChallengeFrame]:
    return [frame(seconds * number, YAWS[pose]) for number, pose in enumerate(poses)]


def failed(frames: Sequence[ChallengeFrame], asked: Sequence[Turn] = ASKED, elapsed: float = 60) -> set[ChallengeCheck]:
    return {each.check for each in judge(frames, asked, elapsed) if not each.passed}


def test_what_is_asked_begins_at_the_front_and_holds_both_sides() -> None:
    drawn = {draw(5) for _ in range(600)}
    assert all(len(turns) == 6 and turns[0] is FRONT and {LEFT, RIGHT} <= set(turns) for turns in drawn)
    assert all(before is not after for turns in drawn for before, after in pairwise(turns))
    assert len(drawn) == 30


def test_a_head_that_turns_as_asked_passes() -> None:
    assert failed(turning([FRONT, FRONT, LEFT, LEFT, FRONT, RIGHT, RIGHT, LEFT])) == set()


def test_poses_on_the_way_from_one_to_another_are_neither() -> None:
    frames = [frame(0, 0), frame(0.4, 13), frame(0.8, 25), frame(1.2, 13), frame(1.6, -5)]
    assert [turn for turn, _ in turns_taken(frames)] == [FRONT, LEFT, FRONT]


@pytest.mark.parametrize(
    "shown",
    [
        [FRONT, RIGHT, FRONT, LEFT, RIGHT],
        [FRONT, LEFT, FRONT, RIGHT],
        [FRONT, LEFT, FRONT, RIGHT, LEFT, FRONT],
        [FRONT, LEFT, RIGHT, LEFT],
        [FRONT, FRONT, FRONT],
    ],
)
def test_other_turns_than_were_asked_do_not_pass(shown: list[Turn]) -> None:
    assert ChallengeCheck.SEQUENCE in failed(turning(shown))


def test_the_first_frame_must_look_into_the_camera() -> None:
    assert not follows([frame(0, 20), frame(1, 45)], (FRONT, LEFT)).passed
    assert follows([frame(0, 0), frame(1, 45)], (FRONT, LEFT)).passed


def test_too_fast_for_a_head_does_not_pass() -> None:
    assert failed(turning(ASKED, seconds=0.05)) == {ChallengeCheck.TIMING}


def test_a_gap_in_which_something_could_be_swapped_does_not_pass() -> None:
    assert failed(turning(ASKED, seconds=2.5)) == {ChallengeCheck.TIMING}


def test_frames_that_began_before_the_challenge_do_not_pass() -> None:
    assert failed(turning(ASKED), elapsed=1.0) == {ChallengeCheck.TIMING}
    assert failed(turning(ASKED), elapsed=1.6) == set()


def test_frames_out_of_their_order_do_not_pass() -> None:
    frames = turning(ASKED)
    assert ChallengeCheck.TIMING in failed([*frames[:3], replace(frames[3], at=0.1), frames[4]])


def test_the_same_frame_twice_does_not_pass() -> None:
    frames = turning([FRONT, *ASKED])
    assert failed([frames[0], replace(frames[1], digest=frames[0].digest), *frames[2:]]) == {
        ChallengeCheck.NO_FRAME_TWICE
    }


def test_one_frame_of_somebody_else_does_not_pass() -> None:
    frames = turning(ASKED)
    assert failed([*frames[:3], replace(frames[3], likeness=2.9), frames[4]]) == {ChallengeCheck.SAME_PERSON}


def test_a_face_that_is_all_one_colour_is_no_proof_of_depth_and_breaks_nothing() -> None:
    plain = replace(frame(0, 0), pixels=np.zeros((200, 200, 3), np.uint8))
    assert flat_likeness(plain, replace(plain, at=1.0, yaw=25.0)) < FLAT
    nowhere = replace(plain, landmarks=np.zeros((5, 2), np.float32))
    assert flat_likeness(nowhere, plain) < FLAT


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with tempfile.TemporaryDirectory() as scratch:
        yield face_walk(Path(scratch))


@pytest.fixture(scope="module")
def people(walk: Walk, shared_data: Path) -> list[Person]:
    """Two people of whom there are many photographs."""
    subjects = sorted(faces([shared_data / "faces" / "lfw_half"]), key=lambda each: -len(each.samples))
    found = list(people_of(walk, [replace(each, samples=each.samples[:40]) for each in subjects[:2]], most=2))
    assert all(len(photographs) >= 4 for person in found for photographs in person.poses.values())
    return found


SHOWN = (FRONT, FRONT, LEFT, LEFT, FRONT, FRONT, RIGHT, RIGHT, LEFT, LEFT)


def judged(walk: Walk, images: Sequence[bytes]) -> set[ChallengeCheck]:
    observed = observe(walk, [GivenImage(image, Modality.FACE) for image in images])
    assert len(with_template(observed)) == FRAMES
    return failed(frames_of(walk, observed, [SECONDS * number for number in range(FRAMES)]))


def real_photographs(person: Person) -> list[Photograph]:
    """Ten photographs of a person in the poses asked, none twice."""
    left = {turn: iter(photographs) for turn, photographs in person.poses.items()}
    return [next(left[turn]) for turn in SHOWN]


@pytest.mark.models
@pytest.mark.shared_data
def test_ten_real_photographs_of_one_person_in_the_poses_asked_pass(walk: Walk, people: list[Person]) -> None:
    chance = np.random.default_rng(1)
    for person in people:
        assert judged(walk, [taken(each.pixels, chance) for each in real_photographs(person)]) == set()


@pytest.mark.models
@pytest.mark.shared_data
def test_one_photograph_on_a_head_that_turns_passes(walk: Walk, people: list[Person]) -> None:
    chance = np.random.default_rng(2)
    still = people[0].poses[FRONT][0]
    assert judged(walk, [taken(head(still, turn, chance), chance) for turn in SHOWN]) == set()


@pytest.mark.models
@pytest.mark.shared_data
@pytest.mark.parametrize("species", [species for species in ATTACKS if species != "still photograph, bent"])
def test_a_still_photograph_does_not_pass_whatever_is_done_to_it(
    species: str, walk: Walk, people: list[Person]
) -> None:
    chance = np.random.default_rng(3)
    still = people[0].poses[FRONT][0]
    images = [taken(ATTACKS[species](still, turn, chance), chance) for turn in SHOWN]
    observed = observe(walk, [GivenImage(image, Modality.FACE) for image in images])
    if len(with_template(observed)) == FRAMES:
        times = [SECONDS * number for number in range(FRAMES)]
        assert failed(frames_of(walk, observed, times)) & {ChallengeCheck.SEQUENCE, ChallengeCheck.DEPTH}


@pytest.mark.models
@pytest.mark.shared_data
def test_a_tilted_photograph_is_flat_even_where_the_face_seems_to_turn(walk: Walk, people: list[Person]) -> None:
    chance = np.random.default_rng(4)
    still = people[0].poses[FRONT][0]
    images = [taken(ATTACKS["still photograph, tilted"](still, turn, chance), chance) for turn in (FRONT, LEFT, RIGHT)]
    observed = observe(walk, [GivenImage(image, Modality.FACE) for image in images])
    front, *tilted = frames_of(walk, observed, [0.0, 1.0, 2.0])
    assert min(flat_likeness(front, each) for each in tilted) > FLAT
    real = [taken(photograph.pixels, chance) for photograph in real_photographs(people[0])]
    front, *turned = frames_of(walk, observe(walk, [GivenImage(each, Modality.FACE) for each in real]), range(FRAMES))
    assert max(flat_likeness(front, each) for each in turned) < FLAT


@pytest.mark.models
@pytest.mark.shared_data
def test_two_persons_who_take_turns_do_not_pass(walk: Walk, people: list[Person]) -> None:
    chance = np.random.default_rng(5)
    one, other = (real_photographs(person) for person in people)
    mixed = [mine if turn is FRONT else theirs for turn, mine, theirs in zip(SHOWN, one, other, strict=True)]
    assert ChallengeCheck.SAME_PERSON in judged(walk, [taken(each.pixels, chance) for each in mixed])


@pytest.mark.models
@pytest.mark.shared_data
def test_the_benchmark_counts_every_presentation_of_every_species(walk: Walk, shared_data: Path) -> None:
    """Of the second person, so that every attack is made with both."""
    subjects = sorted(faces([shared_data / "faces" / "lfw_half"]), key=lambda each: -len(each.samples))[1:2]
    result = benchmark(walk, [replace(each, samples=each.samples[:30]) for each in subjects], most=1, seed=1)
    assert result["persons"] == 1
    assert len(result["bpcer"]) == 2
    assert set(result["apcer"]) == {*ATTACKS, "second person"}
    for figures in (*result["bpcer"].values(), *result["apcer"].values()):
        assert figures["presentations"] == 1
        assert figures["rate"] == figures["wrong"] / figures["presentations"]
    wrong = {species for species, figures in result["apcer"].items() if figures["wrong"]}
    assert wrong <= {"still photograph, bent"}
