"""The serial fingerprint module: what the wire carries, and what the driver says when it carries something else."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyfingerprint.pyfingerprint import PyFingerprint

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, CaptureSession, Characteristic, Frame, Retry
from device_drivers.registry import device
from device_drivers.zfm import wire
from device_drivers.zfm.device import ADVICE, DAMAGED, grey
from device_drivers.zfm.wire import Code, Kind, packet
from tests.emulators.zfm_module import Fault, ZfmModule

REQUEST = CaptureRequest(Characteristic.FINGERPRINT, 0.5)


@pytest.fixture
def module() -> Iterator[ZfmModule]:
    with closing(ZfmModule()) as made:
        yield made


def first(url: str, count: int = 1, request: CaptureRequest = REQUEST) -> list[Retry | Frame]:
    async def captured() -> list[Retry | Frame]:
        found: list[Retry | Frame] = []
        async with device(url).open() as session:
            async for each in session.capture(request):
                found.append(each)
                if len(found) == count:
                    break
        return found

    return asyncio.run(captured())


def fault(url: str, request: CaptureRequest = REQUEST) -> Reason:
    with pytest.raises(DeviceError) as caught:
        first(url, request=request)
    return caught.value.reason


def test_the_packet_of_the_data_sheet() -> None:
    # R30x data sheet: GenImg is EF01 FFFFFFFF 01 0003 01 0005, its answer "no finger" EF01 FFFFFFFF 07 0003 02 000C
    assert packet(Kind.COMMAND, b"\x01").hex() == "ef01ffffffff010003010005"
    assert packet(Kind.ACKNOWLEDGE, bytes([Code.NO_FINGER])).hex() == "ef01ffffffff07000302000c"


def test_four_bits_become_multiples_of_seventeen_left_pixel_first() -> None:
    assert grey(b"\x0f\xa3").tolist() == [0, 255, 170, 51]


@pytest.mark.parametrize(("shape", "dpi"), [((288, 256), 500.0), ((192, 192), 508.0)])
def test_the_image_tells_the_sensor(shape: tuple[int, int], dpi: float) -> None:
    with closing(ZfmModule(shape)) as module:
        module.finger = True
        (frame,) = first(f"zfm://{module.path}")
    assert isinstance(frame, Frame)
    assert frame.dpi == dpi
    np.testing.assert_array_equal(frame.pixels, module.levels * 17)


def test_an_image_of_no_known_sensor_is_refused() -> None:
    with closing(ZfmModule((100, 100))) as module:
        module.finger = True
        assert fault(f"zfm://{module.path}") is Reason.UNSUPPORTED


def test_without_a_finger_it_says_once_what_to_do(module: ZfmModule) -> None:
    assert first(f"zfm://{module.path}") == [ADVICE[Code.NO_FINGER]]
    with pytest.raises(DeviceError, match="timeout"):
        first(f"zfm://{module.path}", count=2, request=CaptureRequest(Characteristic.FINGERPRINT, 2))
    assert module.asked.count(1) > 3


def test_an_unclear_picture_says_so(module: ZfmModule) -> None:
    module.code = 3
    assert first(f"zfm://{module.path}") == [ADVICE[Code.IMAGE_FAILED]]


@pytest.mark.parametrize("spoilt", [Fault.CHECKSUM, Fault.TRUNCATION])
def test_a_damaged_image_is_taken_again(module: ZfmModule, spoilt: Fault) -> None:
    module.finger, module.fault = True, spoilt
    patient = CaptureRequest(Characteristic.FINGERPRINT, 10)
    bad, good = first(f"zfm://{module.path}", count=2, request=patient)
    assert bad == DAMAGED
    assert isinstance(good, Frame)
    np.testing.assert_array_equal(good.pixels, module.levels * 17)


def test_a_silent_module_is_a_time_out(module: ZfmModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPLY_SECONDS", 0.2)
    module.fault = Fault.SILENCE
    assert fault(f"zfm://{module.path}") is Reason.TIMEOUT


def test_noise_is_a_fault_of_protocol(module: ZfmModule) -> None:
    module.fault = Fault.NOISE
    assert fault(f"zfm://{module.path}") is Reason.PROTOCOL


def test_a_code_that_is_no_advice_is_a_fault_of_protocol(module: ZfmModule) -> None:
    module.code = 0x1D
    assert fault(f"zfm://{module.path}") is Reason.PROTOCOL


def test_a_password_opens_and_is_never_shown() -> None:
    with closing(ZfmModule(password=77)) as module:
        module.finger = True
        assert fault(f"zfm://{module.path}") is Reason.PERMISSION
        (frame,) = first(f"zfm://{module.path}?baud=57600&password=77")
    assert isinstance(frame, Frame)
    assert frame.device.url == f"zfm://{module.path}?baud=57600"


def test_it_captures_no_faces(module: ZfmModule) -> None:
    assert fault(f"zfm://{module.path}", CaptureRequest(Characteristic.FACE)) is Reason.UNSUPPORTED


@pytest.mark.parametrize("query", ["baud=12345", "baud=fast", "dpi=-1", "baud=nan", "password=4294967296"])
def test_a_url_that_means_nothing_is_a_bad_address(query: str) -> None:
    with pytest.raises(DeviceError) as caught:
        device(f"zfm:///dev/ttyUSB0?{query}")
    assert caught.value.reason is Reason.BAD_ADDRESS


@pytest.mark.parametrize("asked", [None, 57_600, 115_200])
def test_a_module_as_delivered_is_found_and_set_to_what_was_asked(module: ZfmModule, asked: int | None) -> None:
    module.finger = True
    (frame,) = first(f"zfm://{module.path}" + (f"?baud={asked}" if asked else ""))
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.pixels, module.levels * 17)
    assert (module.baud, module.packet_bytes) == (asked or 57_600, 256)
    assert frame.settings == (("baud", str(module.baud)), ("packet bytes", "256"))


def test_a_module_that_another_program_left_at_another_baud_is_found() -> None:
    with closing(ZfmModule(baud=9_600)) as module:
        module.finger = True
        assert isinstance(first(f"zfm://{module.path}")[0], Frame)
        assert module.baud == 9_600


def test_a_client_of_somebody_else_reads_the_same_picture_from_the_emulator(module: ZfmModule, tmp_path: Path) -> None:
    module.finger = True
    reader = PyFingerprint(module.path, 57_600)
    try:
        assert reader.verifyPassword()
        assert reader.readImage()
        reader.downloadImage(str(tmp_path / "finger.bmp"))
    finally:
        reader._PyFingerprint__serial.close()
    with Image.open(tmp_path / "finger.bmp") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("L")), module.levels * 17)
    (frame,) = first(f"zfm://{module.path}")
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.pixels, module.levels * 17)


def test_a_file_is_no_serial_port() -> None:
    assert fault("zfm:///etc/hostname") is Reason.BAD_ADDRESS


@pytest.mark.parametrize("anew", [False, True])
def test_what_was_given_up_in_mid_image_does_not_disturb_the_next(
    module: ZfmModule, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    monkeypatch.setattr(wire, "QUIET_SECONDS", 2)
    url, patient = f"zfm://{module.path}", CaptureRequest(Characteristic.FINGERPRINT, 10)
    module.finger, module.packet_seconds = True, 0.02

    def begun(module: ZfmModule) -> None:
        while module.asked[-1:] != [0x0A]:
            time.sleep(0.01)

    async def one(session: CaptureSession) -> Retry | Frame:
        return await anext(aiter(session.capture(patient)))

    async def run() -> Retry | Frame:
        async with device(url).open() as session:
            given_up = asyncio.ensure_future(one(session))
            await asyncio.to_thread(begun, module)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            module.packet_seconds = 0.002
            if not anew:
                return await one(session)
        async with device(url).open() as session:
            return await one(session)

    frame = asyncio.run(run())
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.pixels, module.levels * 17)
