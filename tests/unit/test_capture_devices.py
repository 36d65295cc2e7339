"""Capture sessions on emulated devices whose pictures really are degraded: what is told, taken, cancelled."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from biometric_service.capture.images import ImageLimits, decode
from biometric_service.capture.session.events import Advised, Asked, CaptureEvent, Ended, Ending, Opened, Seen, Taken
from biometric_service.capture.session.guided import GuidedCapture, run
from biometric_service.capture.session.judging import Judge
from biometric_service.capture.session.plan import Plan
from biometric_service.cli import app
from biometric_service.cli.helping import quality_judge
from biometric_service.cli.live import LivePanel, preview
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality
from device_drivers.errors import Reason
from device_drivers.protocol import Advice
from tests.emulators.benches.files import VirtualBench
from tests.emulators.http_camera import HttpCamera
from tests.emulators.zfm_module import ZfmModule

pytestmark = pytest.mark.shared_data

Pixels = NDArray[np.uint8]
FINGER, FACE = Modality.FINGERPRINT, Modality.FACE


@pytest.fixture(scope="module")
def fingers(shared_data: Path) -> list[Pixels]:
    folder = shared_data / "fingerprints" / "fvc2002_db1"
    return [np.asarray(Image.open(folder / f"{number}_1.png").convert("L")) for number in (103, 102)]


@pytest.fixture
def finger(fingers: list[Pixels]) -> Pixels:
    return fingers[0]


@pytest.fixture(scope="module")
def face(shared_data: Path) -> Callable[[str], Pixels]:
    def read(name: str) -> Pixels:
        with Image.open(shared_data / "faces" / "lfw_half" / name / f"{name}_0001.jpg") as image:
            return np.asarray(image)

    return read


@pytest.fixture
def virtual(tmp_path: Path) -> VirtualBench:
    return VirtualBench(tmp_path)


@pytest.fixture
def module() -> Iterator[ZfmModule]:
    with closing(ZfmModule()) as made:
        yield made


@pytest.fixture
def camera() -> Iterator[HttpCamera]:
    with closing(HttpCamera()) as made:
        made.sending.set()
        yield made


@pytest.fixture(scope="module")
def face_judge() -> Judge:
    return quality_judge(FACE)


def jpeg(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def defects_of(picture: bytes, judge: Judge) -> tuple[Defect, ...]:
    limits = ImageLimits(1_000_000, 1_000_000)
    source = CaptureSource("test", datetime.now(UTC))
    return judge.judge(decode(picture, FACE, FingerPosition.UNKNOWN, None, source, limits)).defects


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def watched(session: GuidedCapture, on: Callable[[CaptureEvent], None]) -> tuple[Ended, list[CaptureEvent]]:
    events: list[CaptureEvent] = []

    def see(event: CaptureEvent) -> None:
        events.append(event)
        on(event)

    return run(session, see), events


def test_a_blurred_finger_is_advised_on_and_the_good_one_after_it_taken(virtual: VirtualBench, finger: Pixels) -> None:
    virtual.picture = blurred(finger, 4.0)
    virtual.show()

    def better(event: CaptureEvent) -> None:
        if isinstance(event, Advised):
            virtual.load(finger)

    session = GuidedCapture(virtual.url, Plan(FINGER, dpi=500, seconds=60), quality_judge(FINGER))
    ended, events = watched(session, better)
    assert ended.ending is Ending.COMPLETE
    assert next(each.reason for each in events if isinstance(each, Advised)) is Defect.SMUDGED
    [taken] = [each for each in events if isinstance(each, Taken)]
    np.testing.assert_array_equal(taken.sample.pixels, finger)
    assert isinstance(events[0], Opened)
    assert any(isinstance(each, Seen) and each.there for each in events)


def test_a_serial_reader_waits_for_the_finger_and_takes_it(module: ZfmModule, finger: Pixels) -> None:
    small = cv2.resize(finger[40:328, 60:316], (256, 288))
    module.levels = np.asarray(small // 17, np.uint8)

    def lay_on(event: CaptureEvent) -> None:
        module.finger = module.finger or isinstance(event, Advised)

    session = GuidedCapture(f"zfm://{module.path}", Plan(FINGER, seconds=60, patience=0.0), quality_judge(FINGER))
    ended, events = watched(session, lay_on)
    assert ended.ending is Ending.COMPLETE
    advised = next(each for each in events if isinstance(each, Advised))
    assert (advised.reason, advised.advice) == (Advice.PLACE, "Place the finger flat on the reader.")
    np.testing.assert_array_equal(session.progress.taken[0].sample.pixels, module.levels * 17)


@pytest.mark.models
@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda face: (face("Paul_Crake") * 0.12).astype(np.uint8), Defect.TOO_DARK),
        (lambda face: blurred(face("Paul_Crake"), 3.0), Defect.BLURRED),
        (lambda face: face("Paul_Crake")[:60], Defect.NO_FACE),
    ],
    ids=["dark", "blurred", "nobody"],
)
def test_a_face_is_taken_by_itself_once_light_and_focus_are_right(
    camera: HttpCamera,
    face: Callable[[str], Pixels],
    face_judge: Judge,
    spoilt: Callable[[Callable[[str], Pixels]], Pixels],
    reason: Defect,
) -> None:
    camera_picture, good = jpeg(spoilt(face)), jpeg(face("Paul_Crake"))
    camera.picture = camera_picture

    def better(event: CaptureEvent) -> None:
        if isinstance(event, Advised):
            camera.picture = good

    url = f"http+snapshot://{camera.address}/picture.jpg"
    ended, events = watched(GuidedCapture(url, Plan(FACE, best_of=2, seconds=60, patience=60), face_judge), better)
    assert ended.ending is Ending.COMPLETE
    defects = defects_of(camera_picture, face_judge)
    assert reason in defects
    assert [each.reason for each in events if isinstance(each, Advised)] == [defects[0]]
    [taken] = [each for each in events if isinstance(each, Taken)]
    assert (taken.of, taken.score > 80) == (2, True)


def test_nothing_in_time_is_told_as_such_and_the_device_is_let_go(virtual: VirtualBench) -> None:
    session = GuidedCapture(virtual.url, Plan(FINGER, seconds=0.3), quality_judge(FINGER))
    ended, _ = watched(session, lambda _: None)
    assert (ended.ending, ended.fault) == (Ending.TIMED_OUT, Reason.TIMEOUT)
    virtual.show()
    assert watched(GuidedCapture(virtual.url, Plan(FINGER, seconds=0.3), quality_judge(FINGER)), lambda _: None)


def test_a_session_is_cancelled_from_another_thread_at_once(virtual: VirtualBench) -> None:
    session = GuidedCapture(virtual.url, Plan(FINGER, seconds=60), quality_judge(FINGER))
    threading.Timer(0.2, session.cancel).start()
    began = time.monotonic()
    ended, events = watched(session, lambda _: None)
    assert ended.ending is Ending.CANCELLED
    assert time.monotonic() - began < 5
    assert not [each for each in events if isinstance(each, Taken)]


def test_a_device_that_is_pulled_out_ends_the_session_with_what_to_do(virtual: VirtualBench, finger: Pixels) -> None:
    virtual.picture = blurred(finger, 4.0)
    virtual.show()

    def pull(event: CaptureEvent) -> None:
        if isinstance(event, Seen):
            virtual.unplug()

    ended, _ = watched(GuidedCapture(virtual.url, Plan(FINGER, dpi=500, seconds=60), quality_judge(FINGER)), pull)
    assert (ended.ending, ended.fault) == (Ending.FAILED, Reason.UNPLUGGED)
    assert "has gone" in ended.why


def test_two_fingers_are_asked_for_by_name_one_after_the_other(virtual: VirtualBench, fingers: list[Pixels]) -> None:
    wanted = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
    virtual.picture = fingers[0]
    virtual.show()

    def next_finger(event: CaptureEvent) -> None:
        if isinstance(event, Asked) and event.fingers == wanted[1:]:
            virtual.hide()
            time.sleep(0.7)
            virtual.picture = fingers[1]
            virtual.show()

    session = GuidedCapture(virtual.url, Plan(FINGER, wanted, dpi=500, seconds=60), quality_judge(FINGER))
    ended, events = watched(session, next_finger)
    assert ended.ending is Ending.COMPLETE
    assert [each.fingers for each in events if isinstance(each, Asked)] == [wanted[:1], wanted[1:]]
    for taken, finger in zip(session.progress.taken, fingers, strict=True):
        np.testing.assert_array_equal(taken.sample.pixels, finger)


def test_capture_good_waits_for_a_good_picture_and_prints_events_as_lines(
    virtual: VirtualBench, finger: Pixels, tmp_path: Path
) -> None:
    virtual.picture = finger
    virtual.show()
    words = [
        "devices",
        "capture",
        f"{virtual.url}?dpi=500",
        str(tmp_path / "good.png"),
        "--good",
        "--seconds",
        "60",
        "--json",
    ]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert json.loads(done.stdout)["dpi"] == 500
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["event"] for each in lines] == ["opened", "presence", "taken", "ended"]
    with Image.open(tmp_path / "good.png") as image:
        np.testing.assert_array_equal(np.asarray(image), finger)


def test_watching_a_device_tells_what_it_sees_and_takes_nothing(virtual: VirtualBench, finger: Pixels) -> None:
    virtual.picture = blurred(finger, 4.0)
    virtual.show()
    words = ["devices", "watch", f"{virtual.url}?dpi=500", "--seconds", "5", "--json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert "smudged" in [each.get("reason") for each in told]
    assert "taken" not in [each["event"] for each in told]


def test_the_panel_shows_picture_fingers_and_advice(finger: Pixels) -> None:
    panel = LivePanel()
    wanted = (FingerPosition.RIGHT_INDEX,)
    for event in (Opened("virtual:", wanted), Advised(Defect.TOO_DRY, "Press harder.")):
        panel.event(event)
    assert panel.last_advice == "Press harder."
    drawn = preview(finger)
    assert drawn.plain.count("\n") <= 24
    assert len({str(span.style) for span in drawn.spans}) > 20
