"""Slaps: taken apart, upright, the hand told, and what is asked of the person where it is not as it should be."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.accuracy.slaps import compose, errors
from biometric_service.capture.slap.checking import NamedFinger, SlapAdvice, named
from biometric_service.capture.slap.segmentation import Hand, segmented
from biometric_service.vocabulary.samples import FingerPosition
from device_drivers.protocol import Characteristic
from device_drivers.records.files import images
from tests.emulators.benches.bench import ridges


def fingertip(seed: int) -> NDArray[np.uint8]:
    """Ridges within an ellipse 15 by 22 mm, on white."""
    inside = np.zeros((520, 360), np.uint8)
    cv2.ellipse(inside, (180, 260), (148, 216), 0, 0, 360, 1, -1)
    return np.where(inside > 0, ridges(520, 360, seed), 255).astype(np.uint8)


FINGERS = [fingertip(seed) for seed in range(4)]


@pytest.mark.parametrize("hand", list(Hand))
@pytest.mark.parametrize("seed", range(3))
def test_four_fingers_at_known_places_are_found_and_the_hand_is_told(hand: Hand, seed: int) -> None:
    made = compose(FINGERS, np.random.default_rng(seed), hand)
    slap = segmented(made.pixels, 500)
    off = errors(made, slap)
    assert off is not None
    assert off.max() < 3.0
    assert slap.hand is hand
    assert abs(slap.tilt - made.turn) < 8
    found = named(slap, hand)
    assert isinstance(found, tuple)
    assert len({each.position for each in found}) == 4


def test_a_finger_is_the_same_size_whatever_the_resolution() -> None:
    made = compose(FINGERS, np.random.default_rng(3), Hand.RIGHT)
    doubled = np.asarray(cv2.resize(made.pixels, None, fx=2, fy=2), np.uint8)
    at_500, at_1000 = segmented(made.pixels, 500), segmented(doubled, 1000)
    for one, two in zip(at_500.fingers, at_1000.fingers, strict=True):
        assert abs(2 * one.left - two.left) < 40
        assert abs(2 * one.top - two.top) < 40


def test_the_other_hand_is_noticed() -> None:
    made = compose(FINGERS, np.random.default_rng(1), Hand.LEFT)
    advice = named(segmented(made.pixels, 500), Hand.RIGHT)
    assert isinstance(advice, SlapAdvice)
    assert str(advice.advice) == "This looks like the left hand: put the right hand down."


def test_too_few_fingers_are_counted_and_named() -> None:
    made = compose(FINGERS, np.random.default_rng(1), Hand.RIGHT)
    pixels = made.pixels.copy()
    pixels[:, int(made.boxes[3, 0]) - 20 :] = 255
    advice = named(segmented(pixels, 500), Hand.RIGHT)
    assert isinstance(advice, SlapAdvice)
    assert advice.missing == 1
    assert str(advice.advice).startswith("3 of 4 fingers are seen (index, middle, ring, little)")


def test_an_empty_platen_has_no_fingers() -> None:
    slap = segmented(np.full((1000, 1608), 240, np.uint8), 500)
    assert slap.fingers == ()
    assert slap.hand is None
    assert isinstance(named(slap, Hand.LEFT), SlapAdvice)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["type4-slaps.an2k", "type-14-tpcard-nqm.an2", "type-4-tpcard.an2"])
@pytest.mark.parametrize(("position", "hand"), [(13, Hand.RIGHT), (14, Hand.LEFT)])
def test_slaps_on_real_cards_come_apart_into_four(shared_data: Path, name: str, position: int, hand: Hand) -> None:
    slap = segmented(*card(shared_data, name, position))
    assert slap.hand is hand
    found = named(slap, hand)
    assert isinstance(found, tuple)
    assert [each.position.value for each in found] == ([2, 3, 4, 5] if hand is Hand.RIGHT else [10, 9, 8, 7])


@pytest.mark.shared_data
def test_an_amputated_finger_is_not_waited_for(shared_data: Path) -> None:
    slap = segmented(*card(shared_data, "type-14-amp-nqm-utf8.an2", 14))
    assert isinstance(named(slap, Hand.LEFT), SlapAdvice)
    found = named(slap, Hand.LEFT, [FingerPosition.LEFT_RING])
    assert isinstance(found, tuple)
    assert all(isinstance(each, NamedFinger) for each in found)
    assert [each.position.name for each in found] == ["LEFT_LITTLE", "LEFT_MIDDLE", "LEFT_INDEX"]


def card(shared_data: Path, name: str, position: int) -> tuple[NDArray[np.uint8], float]:
    found = images((shared_data / "interchange" / name).read_bytes(), Characteristic.FINGERPRINT)
    [slap] = [each for each in found if each.position == position]
    assert slap.picture.dpi
    return slap.picture.pixels, slap.picture.dpi
