"""A camera that stays open between people: opened once, closed by a fault and at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from biometric_service.capture.session.events import Ended, Ending
from biometric_service.capture.session.guided import GuidedCapture, run
from biometric_service.capture.session.kept_open import KeptOpen
from biometric_service.capture.session.plan import Plan
from biometric_service.extraction.fingerprint.area import locate_ridges
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.recognition.judging import QualityJudge
from biometric_service.vocabulary.samples import Modality
from device_drivers.errors import Reason
from device_drivers.virtual.device import VirtualDevice, VirtualSession
from tests.live_service import synthetic_fingers

FINGER = Modality.FINGERPRINT
JUDGE = QualityJudge({FINGER: locate_ridges}, {FINGER: FingerprintQualityAssessor()})


class Counting(VirtualDevice):
    """The virtual device, with how often it was opened and closed."""

    opened = closed = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[VirtualSession]:
        async with super().open() as session:
            self.opened += 1
            try:
                yield session
            finally:
                self.closed += 1


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    synthetic_fingers(tmp_path, 1, impressions=1)
    return tmp_path / "00001_1.png"


def one_person(kept: KeptOpen) -> Ended:
    session = GuidedCapture("camera", Plan(FINGER, seconds=20), JUDGE, kept.device)
    return run(session, lambda _: None, kept.run)


def test_it_is_opened_once_for_everybody_and_closed_at_the_end(picture: Path) -> None:
    camera = Counting(f"virtual://{picture}?dpi=500")
    with KeptOpen("camera", lambda _: camera) as kept:
        assert [one_person(kept).ending for _ in range(3)] == [Ending.COMPLETE] * 3
        assert (camera.opened, camera.closed) == (1, 0)
    assert (camera.opened, camera.closed) == (1, 1)


def test_a_fault_closes_it_and_the_next_person_has_it_opened_anew(picture: Path) -> None:
    camera, data = Counting(f"virtual://{picture}?dpi=500"), picture.read_bytes()
    with KeptOpen("camera", lambda _: camera) as kept:
        one_person(kept)
        picture.unlink()
        assert one_person(kept).fault is Reason.UNPLUGGED
        assert (camera.opened, camera.closed) == (1, 1)
        assert one_person(kept).fault is Reason.NOT_FOUND
        picture.write_bytes(data)
        assert one_person(kept).ending is Ending.COMPLETE
    assert (camera.opened, camera.closed) == (2, 2)


def test_an_address_that_no_driver_knows_is_told() -> None:
    with KeptOpen("nonsense://") as kept:
        session = GuidedCapture("nonsense://", Plan(FINGER, seconds=1), JUDGE, kept.device)
        assert run(session, lambda _: None, kept.run).fault is Reason.BAD_ADDRESS
