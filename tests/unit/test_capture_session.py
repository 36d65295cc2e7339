"""Capture sessions on real prints that are lightened, shifted, blurred, ghosted and moved: advised on, then taken."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from biometric_service.capture.session.events import Advised, CaptureEvent, Presence, Seen, Taken
from biometric_service.capture.session.hints import ADVICE, Hint, advice_on
from biometric_service.capture.session.motion import moved
from biometric_service.capture.session.plan import TEN, Plan
from biometric_service.capture.session.platen import residue
from biometric_service.capture.session.progress import CaptureProgress
from biometric_service.capture.session.scans import SCANS, samples_on, scan_of
from biometric_service.extraction.fingerprint.area import locate_ridges
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.recognition.judging import QualityJudge
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import CaptureException, ExceptionKind
from biometric_service.vocabulary.samples import BiometricSample, FingerPosition, Modality
from device_drivers.frames import Moment, frame_of
from device_drivers.protocol import Advice, Characteristic, DeviceInfo, Frame, Setting
from device_drivers.records.files import images

pytestmark = pytest.mark.shared_data

Pixels = NDArray[np.uint8]
FINGER = Modality.FINGERPRINT
INFO = DeviceInfo("test://scanner", "test", "scanner", "1", frozenset({Characteristic.FINGERPRINT}), 500.0)
JUDGE = QualityJudge({FINGER: locate_ridges}, {FINGER: FingerprintQualityAssessor()})
ANY = Plan(FINGER)


def read(shared_data: Path, name: str) -> Pixels:
    with Image.open(shared_data / "fingerprints" / f"{name}.png") as image:
        return np.asarray(image.convert("L"))


@pytest.fixture(scope="module")
def prints(shared_data: Path) -> list[Pixels]:
    """Ten different real fingers."""
    return [read(shared_data, f"fvc2002_db1/{number}_1") for number in range(101, 111)]


@pytest.fixture(scope="module")
def good(prints: list[Pixels]) -> Pixels:
    return prints[2]


def frame(pixels: Pixels, at: float = 0.0, *said: tuple[str, str]) -> Frame:
    moment = Moment(datetime(2026, 1, 1, tzinfo=UTC), at)
    return frame_of(pixels, 500.0, INFO, tuple(Setting(*each) for each in said), moment)


def told(progress: CaptureProgress, frames: Sequence[Frame]) -> list[CaptureEvent]:
    return [event for each in frames for event in [*progress.see(each), *progress.settle(each.monotonic)]]


def reasons(events: Sequence[CaptureEvent]) -> list[Defect | Hint | Advice]:
    return [each.reason for each in events if isinstance(each, Advised)]


def lightened(print_: Pixels, share: float = 0.12) -> Pixels:
    white = np.percentile(print_, 95)
    return np.clip(white - (white - np.minimum(print_, white)) * share, 0, 255).astype(np.uint8)


def shifted(print_: Pixels, across: int, down: int = 0) -> Pixels:
    move = np.array([[1, 0, across], [0, 1, down]], np.float32)
    white = float(np.percentile(print_, 95))
    return np.asarray(cv2.warpAffine(print_, move, print_.shape[::-1], borderValue=white), np.uint8)


def blurred(print_: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(print_, (0, 0), 4.0), np.uint8)


def ghosted(print_: Pixels, other: Pixels) -> Pixels:
    """What somebody left on the platen, beside and under the finger."""
    white = np.percentile(other, 95)
    left = (white - np.minimum(np.roll(other, -200, axis=1), white)) * 0.18
    return np.clip(print_ - left, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lightened, Defect.LOW_CONTRAST),
        (lambda each: shifted(each, 180), Defect.OFF_CENTRE),
        (blurred, Defect.SMUDGED),
        (lambda each: np.full_like(each, 240), Defect.NO_FINGER),
    ],
)
def test_a_poor_print_is_advised_on_once_and_the_good_one_after_it_is_taken(
    good: Pixels, spoil: Callable[[Pixels], Pixels], reason: Defect
) -> None:
    progress = CaptureProgress(ANY, JUDGE)
    poor = told(progress, [frame(spoil(good), at) for at in (0.0, 1.0)])
    assert reasons(poor) == [reason]
    assert not progress.taken
    assert not progress.complete
    after = told(progress, [frame(good, 2.0)])
    assert isinstance(after[-1], Taken)
    assert progress.complete
    np.testing.assert_array_equal(progress.taken[0].sample.pixels, good)


def test_a_dry_finger_is_told_to_be_too_light(shared_data: Path) -> None:
    dry = read(shared_data, "fvc2004_db1/105_1")
    assert reasons(told(CaptureProgress(ANY, JUDGE), [frame(dry)])) == [Defect.TOO_DRY]


def test_a_faint_print_is_never_taken_since_it_may_be_what_somebody_left_there(good: Pixels) -> None:
    progress = CaptureProgress(ANY, JUDGE)
    told(progress, [frame(lightened(good), at) for at in np.arange(0, 20, 2.0)])
    assert list(progress.settle(float("inf"))) == []
    assert not progress.taken


def test_an_old_print_beside_the_finger_is_a_dirty_platen(shared_data: Path) -> None:
    finger, other = (read(shared_data, f"fvc2004_db1/{name}_1") for name in (103, 108))
    assert residue(finger, 500) < 0.02
    dirty = ghosted(finger, other)
    assert residue(dirty, 500) > 0.05
    assert Hint.PLATEN_DIRTY in reasons(told(CaptureProgress(ANY, JUDGE), [frame(dirty)]))


def test_few_clean_platens_are_called_dirty(shared_data: Path) -> None:
    prints = [read(shared_data, f"fvc2004_db1/{number}_{touch}") for number in range(101, 111) for touch in (1, 2)]
    assert sum(residue(each, 500) > 0.05 for each in prints) == 0


def test_a_finger_that_slides_is_not_taken_until_it_lies_still(good: Pixels) -> None:
    progress = CaptureProgress(Plan(FINGER, best_of=2), JUDGE)
    sliding = [frame(shifted(good, 25 * number), 0.1 * number) for number in range(3)]
    events = told(progress, sliding)
    assert Hint.MOVED in reasons(events)
    assert not progress.taken
    told(progress, [frame(shifted(good, 50), 0.1 * number) for number in (3, 4)])
    assert len(progress.taken) == 1


def test_pictures_of_two_touches_say_nothing_of_motion(good: Pixels) -> None:
    assert moved(frame(good, 0.0), frame(shifted(good, 25), 0.2))
    assert not moved(frame(good, 0.0), frame(good, 0.2))
    assert not moved(frame(good, 0.0), frame(shifted(good, 25), 2.0))


def test_a_finger_that_comes_and_goes_is_told(good: Pixels) -> None:
    nothing = np.full_like(good, 240)
    events = told(CaptureProgress(Plan(FINGER, best_of=9), JUDGE), [frame(each) for each in (nothing, good, nothing)])
    assert [each.there for each in events if isinstance(each, Presence)] == [True, False]
    assert [each.there for each in events if isinstance(each, Seen)] == [False, True, False]


def test_of_several_good_pictures_the_best_is_taken(good: Pixels) -> None:
    half = good.copy()
    half[200:] = 254
    progress = CaptureProgress(Plan(FINGER, best_of=3), JUDGE)
    scores = [JUDGE.judge(sample(each)).score for each in (half, good)]
    assert scores[1] > scores[0] + 5
    told(progress, [frame(each, 0.6 * at) for at, each in enumerate((half, good, half, good, good))])
    [taken] = progress.taken
    np.testing.assert_array_equal(taken.sample.pixels, good)
    assert taken.of == 3


def sample(pixels: Pixels) -> BiometricSample:
    found = samples_on(frame(pixels), scan_of(frame(pixels), 0), ANY, ())
    assert isinstance(found, tuple)
    return found[0]


def test_what_will_do_is_taken_when_nothing_better_came_in_time(good: Pixels) -> None:
    progress = CaptureProgress(Plan(FINGER, patience=3.0), JUDGE)
    aside = shifted(good, 120)
    assert not any(isinstance(each, Taken) for each in told(progress, [frame(aside, at) for at in (0.0, 1.0, 2.0)]))
    assert isinstance(told(progress, [frame(aside, 3.0)])[-1], Taken)


def test_another_finger_than_was_asked_for_is_not_taken(good: Pixels) -> None:
    progress = CaptureProgress(Plan(FINGER, shows=2), JUDGE)
    assert reasons(told(progress, [frame(good, 0.0, ("position", "7"))])) == [Hint.WRONG_FINGER]
    assert not progress.taken
    told(progress, [frame(good, 1.0, ("position", "2"))])
    assert [each.sample.position for each in progress.taken] == [FingerPosition.RIGHT_INDEX]


def test_a_finger_that_is_said_to_be_amputated_is_not_taken_as_that_finger(good: Pixels) -> None:
    gone = CaptureException(FingerPosition.RIGHT_INDEX, ExceptionKind.AMPUTATED)
    progress = CaptureProgress(Plan(FINGER, (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX), (gone,)), JUDGE)
    assert reasons(told(progress, [frame(good, 0.0, ("position", "2"))])) == [Hint.EXCEPTED]
    assert progress.next_scan() == FingerPosition.LEFT_INDEX
    assert progress.exceptions == (gone,)


def test_ten_fingers_are_asked_for_one_after_the_other_and_each_is_lifted_first(prints: list[Pixels]) -> None:
    progress = CaptureProgress(Plan(FINGER, TEN), JUDGE)
    asked = []
    for number, each in enumerate(prints):
        asked.append(FingerPosition(progress.next_scan()))
        clear = [each if JUDGE.judge(sample(each)).defects == () and residue(each, 500) < 0.05 else prints[2]] * 2
        told(progress, [frame(pixels, 10 * number + 0.1 * at) for at, pixels in enumerate(clear)])
        assert len(progress.taken) == number + 1
    assert asked == list(TEN)
    assert progress.complete


class Recognising(QualityJudge):
    """Knows a finger again by its picture."""

    def same_finger(self, one: BiometricSample, other: BiometricSample) -> bool:
        return bool(np.array_equal(one.pixels, other.pixels))


def test_the_same_finger_under_another_name_is_noticed_at_once(prints: list[Pixels]) -> None:
    progress = CaptureProgress(Plan(FINGER, TEN[:2]), Recognising(JUDGE.locate, JUDGE.assessors))
    events = told(progress, [frame(prints[2], 0.0), frame(prints[2], 5.0)])
    assert reasons(events) == [Hint.FINGER_REPEATED]
    assert [each.sample.position for each in progress.taken] == [FingerPosition.RIGHT_THUMB]
    told(progress, [frame(prints[3], 10.0)])
    assert progress.complete


def test_both_thumbs_of_a_real_card_come_apart(shared_data: Path) -> None:
    card = (shared_data / "interchange" / "type-14-amp-nqm-utf8.an2").read_bytes()
    [both] = [each for each in images(card, Characteristic.FINGERPRINT) if each.position == 15]
    seen = frame_of(both.picture.pixels, 500.0, INFO, both.settings())
    found = samples_on(seen, scan_of(seen, 0), ANY, ())
    assert isinstance(found, tuple)
    assert [each.position for each in found] == [FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_THUMB]
    assert [(each.position, each.kind) for each in scan_of(seen, 0).absent] == [
        (FingerPosition.LEFT_RING, ExceptionKind.AMPUTATED)
    ]


def test_ten_fingers_come_in_three_slaps_of_a_live_scanner(shared_data: Path) -> None:
    card = (shared_data / "interchange" / "type-14-amp-nqm-utf8.an2").read_bytes()
    seen = {each.position: each.picture.pixels for each in images(card, Characteristic.FINGERPRINT)}
    ring = CaptureException(FingerPosition.LEFT_RING, ExceptionKind.AMPUTATED)
    progress = CaptureProgress(Plan(FINGER, TEN, (ring,), slaps=True, patience=0.0), JUDGE)
    empty = np.full_like(seen[13], 255)
    asked = []
    for number, position in enumerate((13, 14, 15)):
        asked.append(progress.next_scan())
        touch = [seen[position], seen[position], empty]
        told(progress, [frame(pixels, 3.0 * number + 0.2 * at) for at, pixels in enumerate(touch)])
    assert asked == [13, 14, 15]
    assert progress.complete
    assert len(progress.taken) == 9


def test_every_scan_names_fingers_from_its_left() -> None:
    assert SCANS[13] == tuple(map(FingerPosition, (2, 3, 4, 5)))
    assert SCANS[14] == tuple(map(FingerPosition, (10, 9, 8, 7)))
    assert SCANS[45] == (FingerPosition.LEFT_LITTLE, FingerPosition.LEFT_RING)
    assert SCANS[43] == (FingerPosition.LEFT_MIDDLE, FingerPosition.LEFT_INDEX)
    assert all(len(set(fingers)) == len(fingers) for fingers in SCANS.values())


def test_every_hint_has_advice_and_no_event_tells_pixels(good: Pixels) -> None:
    assert set(ADVICE) == set(Hint)
    assert advice_on(Defect.TOO_DRY).startswith("The print is too light")
    for event in told(CaptureProgress(ANY, JUDGE), [frame(blurred(good)), frame(good, 1.0)]):
        assert len(json.dumps(event.told())) < 250
