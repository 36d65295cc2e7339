"""SBI: what the driver believes of what a device signs, and what it makes of its errors."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from device_drivers.errors import DeviceError
from device_drivers.protocol import CaptureRequest, Characteristic, Frame, Retry
from device_drivers.registry import device
from device_drivers.sbi import finding
from tests.emulators.benches.bench import ridges
from tests.emulators.sbi_device import Maker, SbiEmulator


@pytest.fixture
def emulator() -> Iterator[SbiEmulator]:
    made = SbiEmulator(Maker())
    made.pictures = [ridges(40, 30)]
    made.finger.set()
    yield made
    made.close()


@pytest.fixture
def url(emulator: SbiEmulator, tmp_path: Path) -> str:
    (tmp_path / "anchors.pem").write_bytes(emulator.maker.pem())
    return f"sbi://{emulator.address}?trust={tmp_path / 'anchors.pem'}"


def captured(
    url: str, count: int = 1, characteristic: Characteristic = Characteristic.FINGERPRINT
) -> list[Retry | Frame]:
    async def run() -> list[Retry | Frame]:
        found: list[Retry | Frame] = []
        async with device(url).open() as session:
            async for each in session.capture(CaptureRequest(characteristic, 5)):
                found.append(each)
                if len(found) == count:
                    break
        return found

    return asyncio.run(run())


def test_a_slap_comes_as_a_frame_a_finger_and_says_who_took_it(emulator: SbiEmulator, url: str) -> None:
    emulator.pictures = [ridges(40, 30, seed) for seed in range(4)]
    frames = captured(url + "&sub=1&positions=Left IndexFinger,Left MiddleFinger&count=4&score=60", 4)
    for frame, pixels in zip(frames, emulator.pictures, strict=True):
        assert isinstance(frame, Frame)
        np.testing.assert_array_equal(frame.pixels, pixels)
        assert frame.dpi == 500
    assert isinstance(frames[0], Frame)
    said = dict(frames[0].settings)
    assert [dict(each.settings)["position"] for each in frames if isinstance(each, Frame)] == ["7", "8", "9", "10"]
    assert (said["serial number"], said["model"], said["quality"]) == ("SN-1", "Slap 1", "80")
    [wanted] = emulator.questions[0]["bio"]
    assert (wanted["deviceId"], wanted["deviceSubId"], wanted["count"]) == ("D1", "1", "4")
    assert (wanted["requestedScore"], len(wanted["bioSubType"])) == ("60", 2)


def test_captures_are_chained_by_their_hashes(emulator: SbiEmulator, url: str) -> None:
    assert len(captured(url, 3)) == 3
    previous = [each["bio"][0]["previousHash"] for each in emulator.questions]
    assert len(set(previous)) == 3


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("signature", "not signed"),
        ("position", "names finger 8, its record finger 7"),
        ("hash", "left out"),
        ("108", "permission"),
        ("202", "unplugged"),
        ("999", "999"),
    ],
)
def test_what_cannot_be_believed_is_a_fault(emulator: SbiEmulator, url: str, fault: str, why: str) -> None:
    emulator.fault = fault
    with pytest.raises(DeviceError, match=why):
        captured(url)


def test_an_earlier_capture_is_not_taken_for_this_one(emulator: SbiEmulator, url: str) -> None:
    captured(url)
    emulator.fault = "replay"
    with pytest.raises(DeviceError, match="another question"):
        captured(url)


def test_advice_is_given_for_what_the_person_can_mend(emulator: SbiEmulator, url: str) -> None:
    emulator.fault = "105"
    [advice] = captured(url)
    assert isinstance(advice, Retry)
    assert "upright" in advice.advice


def test_an_expired_certificate_is_not_believed(tmp_path: Path) -> None:
    old = SbiEmulator(Maker(until=timedelta(hours=-1)))
    (tmp_path / "anchors.pem").write_bytes(old.maker.pem())
    try:
        with pytest.raises(DeviceError, match="permission"):
            captured(f"sbi://{old.address}?trust={tmp_path / 'anchors.pem'}")
    finally:
        old.close()


def test_without_anchors_nothing_is_opened(emulator: SbiEmulator, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="trust="):
        captured(f"sbi://{emulator.address}")
    with pytest.raises(DeviceError, match="no PEM certificates"):
        captured(f"sbi://{emulator.address}?trust={tmp_path / 'none'}")


def test_a_device_that_is_busy_or_takes_no_faces_says_so(emulator: SbiEmulator, url: str) -> None:
    with pytest.raises(DeviceError, match="unsupported"):
        captured(url, characteristic=Characteristic.FACE)
    emulator.status = "Busy"
    with pytest.raises(DeviceError, match="busy"):
        captured(url)


def test_services_on_this_machine_are_found(emulator: SbiEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(emulator.address.partition(":")[2])
    monkeypatch.setattr(finding, "PORTS", [port, 9])
    monkeypatch.setattr(finding, "SECONDS", 30)
    [found] = asyncio.run(finding.discover())
    assert (found.url, found.model, found.serial) == (f"sbi://{emulator.address}", "acme-slap", "D1")
