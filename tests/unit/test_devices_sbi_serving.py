"""Our SBI service as other software meets it: by HTTP as the specification words it, and by nothing of the driver's."""

import asyncio
import base64
import hashlib
import http.client
import json
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing, closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from biometric_service.cli.assessing import quality
from device_drivers.errors import DeviceError
from device_drivers.frames import frame_of
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame
from device_drivers.records import finger_images
from device_drivers.registry import device
from device_drivers.sbi import keys, offering
from device_drivers.sbi.device import SbiSession
from tests.emulators.benches.bench import ridges
from tests.emulators.benches.files import png
from tests.emulators.sbi_service import SbiService, chained, unsealed
from tests.emulators.zfm_module import ZfmModule

EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def finger(tmp_path: Path) -> Path:
    path = tmp_path / "finger.png"
    path.write_bytes(png(ridges()))
    return path


def pixels_of(record: bytes) -> tuple[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Position and pixels of a record of ISO/IEC 19794-4:2011, by hand."""
    assert record[:8] == b"FIR\x00020\x00"
    position = record[16 + 19]
    width, height, size = struct.unpack(">HHI", record[16 + 33 : 16 + 41])
    pixels = np.frombuffer(record[-size:], np.uint8)
    return position, pixels.reshape(height, width)


@pytest.fixture
def service(finger: Path, tmp_path: Path) -> Iterator[SbiService]:
    with closing(SbiService(tmp_path, f"virtual://{finger}?dpi=500")) as made:
        yield made


def test_discovery_names_a_device_for_each_kind_of_picture(service: SbiService) -> None:
    every = service.ask("MOSIPDISC", "/device", {"type": "Biometric Device"})
    fingers = service.ask("MOSIPDISC", "/device", {"type": "Finger"})
    assert len(every) == 2
    [found] = fingers
    assert found["deviceId"] in [each["deviceId"] for each in every]
    digital = json.loads(base64.urlsafe_b64decode(found["digitalId"] + "=="))
    assert (digital["type"], digital["deviceSubType"]) == ("Finger", "Single")
    assert (found["deviceStatus"], found["certification"], found["purpose"]) == ("Ready", "L0", "Registration")
    assert found["callbackId"] == f"http://{service.address}/"
    assert found["specVersion"] == ["0.9.5"]
    assert found["error"]["errorCode"] == "0"


def test_information_is_signed_with_our_key(service: SbiService) -> None:
    answers = service.ask("MOSIPDINFO", "/info")
    told = [unsealed(each["deviceInfo"], service.anchor) for each in answers]
    assert {unsealed(each["digitalId"], service.anchor)["type"] for each in told} == {"Finger", "Face"}
    assert all(each["env"] == "Staging" and each["deviceStatus"] == "Ready" for each in told)


def test_a_capture_is_signed_chained_and_exact(service: SbiService) -> None:
    previous = EMPTY
    for transaction in ("T-1", "T-2"):
        [answer] = service.capture(transactionId=transaction, previousHash=previous, bioSubType=["Left Thumb"])
        said = unsealed(answer["data"], service.anchor)
        record = base64.urlsafe_b64decode(said["bioValue"] + "==")
        position, pixels = pixels_of(record)
        np.testing.assert_array_equal(pixels, ridges())
        assert (position, said["bioSubType"], said["transactionId"]) == (6, "Left Thumb", transaction)
        previous = chained(previous, record)
        assert answer["hash"].lower() == previous


def test_a_face_comes_as_a_record_of_a_face(service: SbiService) -> None:
    [answer] = service.capture(type="Face")
    said = unsealed(answer["data"], service.anchor)
    assert base64.urlsafe_b64decode(said["bioValue"] + "==")[:8] == b"FAC\x00030\x00"
    assert (said["bioType"], said["bioSubType"]) == ("Face", "")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "Auth"}, "504"),
        ({"env": "Production"}, "100"),
        ({"deviceId": "another"}, "106"),
        ({"type": "Iris"}, "503"),
        ({"count": "4"}, "109"),
        ({"count": "11"}, "109"),
        ({"bioSubType": ["Left Thumb"], "exception": ["Left Thumb"]}, "109"),
        ({"bioSubType": ["Left Toe"]}, "503"),
        ({"previousHash": "abc"}, "503"),
        ({"timeout": "never"}, "503"),
        ({"timeout": "nan"}, "503"),
    ],
)
def test_what_cannot_be_captured_is_refused_with_a_code(
    service: SbiService, changes: dict[str, object], code: str
) -> None:
    [answer] = service.capture(**changes)
    assert (answer["error"]["errorCode"], answer["data"]) == (code, "")
    assert len(answer["error"]["errorInfo"]) > 20


def test_capture_for_authentication_is_refused(service: SbiService) -> None:
    [answer] = service.ask("CAPTURE", "/capture", {})["biometrics"]
    assert answer["error"]["errorCode"] == "504"


def test_nothing_on_the_reader_is_told_when_the_time_is_over(service: SbiService, finger: Path) -> None:
    finger.write_bytes(b"")
    before = time.monotonic()
    [answer] = service.capture(timeout="200")
    assert answer["error"]["errorCode"] == "101"
    assert 0.2 <= time.monotonic() - before < 10


def test_a_device_that_has_gone_or_whose_resolution_nobody_knows_is_told_apart(tmp_path: Path, finger: Path) -> None:
    with closing(SbiService(tmp_path, f"virtual://{finger}")) as service:
        assert service.capture()[0]["error"]["errorCode"] == "109"
        finger.unlink()
        assert service.capture()[0]["error"]["errorCode"] == "106"


def until_it_is(status: str, service: SbiService) -> None:
    until = time.monotonic() + 30
    while not any(each["deviceStatus"] == status for each in service.ask("MOSIPDISC", "/device", {"type": "Finger"})):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_second_capture_meanwhile_finds_it_busy(service: SbiService, finger: Path) -> None:
    finger.write_bytes(b"")
    waiting = threading.Thread(target=service.capture)
    waiting.start()
    until_it_is("Busy", service)
    assert service.capture()[0]["error"]["errorCode"] == "111"
    finger.write_bytes(png(ridges()))
    waiting.join()


def test_a_capture_that_nobody_waits_for_any_more_frees_the_device(service: SbiService, finger: Path) -> None:
    finger.write_bytes(b"")
    connection = http.client.HTTPConnection(service.address)
    bio = {"type": "Finger", "deviceId": "0"}
    connection.request("RCAPTURE", "/capture", json.dumps({"timeout": "60000", "bio": [bio]}))
    until_it_is("Busy", service)
    connection.close()
    until_it_is("Ready", service)
    finger.write_bytes(png(ridges()))
    assert service.capture()[0]["error"]["errorCode"] == "0"


def test_the_best_picture_is_taken_where_none_is_good_enough(tmp_path: Path, finger: Path) -> None:
    scores = iter([20.0, 35.0, *[10.0] * 1_000])

    def assess(_: Frame, __: Characteristic) -> float:
        return next(scores)

    with closing(SbiService(tmp_path, f"virtual://{finger}?dpi=500", assess=assess)) as service:
        [answer] = service.capture(timeout="3000", requestedScore="60")
        assert unsealed(answer["data"], service.anchor)["qualityScore"] == "35"


def test_a_picture_that_is_good_enough_is_taken_at_once(tmp_path: Path, finger: Path) -> None:
    with closing(SbiService(tmp_path, f"virtual://{finger}?dpi=500", assess=lambda _, __: 61.0)) as service:
        before = time.monotonic()
        service.capture(timeout="60000", requestedScore="60")
        assert time.monotonic() - before < 20


def test_a_slap_is_taken_finger_by_finger_without_the_exceptions(tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for position in (2, 7, 8, 9, 10):
        record = finger_images.written(ridges(seed=position), 500, position, datetime.now(UTC))
        (folder / f"{position:02}.fir").write_bytes(record)
    with closing(SbiService(tmp_path, f"folder://{folder}")) as service:
        answers = service.capture(count="4", deviceSubId="1", exception=["Left LittleFinger"], bioSubType=[])
        told = [unsealed(each["data"], service.anchor) for each in answers]
        assert [each["bioSubType"] for each in told] == ["Left IndexFinger", "Left MiddleFinger", "Left RingFinger"]
        for each, position in zip(told, (7, 8, 9), strict=True):
            np.testing.assert_array_equal(
                pixels_of(base64.urlsafe_b64decode(each["bioValue"] + "=="))[1], ridges(seed=position)
            )


def client(service: SbiService, options: str = "") -> str:
    return f"sbi://{service.address}?trust={service.anchor}{options}"


async def captured(url: str, count: int) -> list[Frame]:
    found: list[Frame] = []
    async with device(url).open() as session:
        async for each in session.capture(CaptureRequest(Characteristic.FINGERPRINT, 30)):
            assert isinstance(each, Frame)
            found.append(each)
            if len(found) == count:
                break
    return found


def test_our_own_client_captures_from_it(service: SbiService) -> None:
    frames = asyncio.run(captured(client(service, "&positions=Right Thumb"), 3))
    for frame in frames:
        np.testing.assert_array_equal(frame.pixels, ridges())
        assert (frame.dpi, dict(frame.settings)["position"]) == (500, "1")


async def previewed(
    url: str, count: int, came: list[float] | None = None
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """``came``: is told when each did, monotonic, s."""
    found = []
    async with device(url).open() as session:
        assert isinstance(session, SbiSession)
        async with aclosing(session.preview(CaptureRequest(Characteristic.FINGERPRINT, 30))) as pictures:
            async for picture in pictures:
                found.append(picture)
                if came is not None:
                    came.append(time.monotonic())
                if len(found) == count:
                    break
    return found


def test_our_own_client_shows_what_the_device_sees(service: SbiService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "SHOWN_SECONDS", 30)
    seen = asyncio.run(previewed(client(service), 4))
    assert [picture.shape for picture in seen[-3:]] == [ridges().shape] * 3
    assert np.abs(seen[-1].astype(int) - ridges()).mean() < 6


def test_nothing_of_anybody_is_shown_while_nobody_is_there(service: SbiService, finger: Path) -> None:
    finger.write_bytes(b"")
    came: list[float] = []
    seen = asyncio.run(previewed(client(service), 6, came))
    assert np.diff(came).min() < 0.5  # three a second at the least
    assert all(picture.std() < 1 for picture in seen)


def test_a_capture_goes_before_a_stream_which_goes_on_after_it(tmp_path: Path) -> None:
    async def both(url: str) -> tuple[int, list[Frame]]:
        async with device(url).open() as session:
            assert isinstance(session, SbiSession)
            async with aclosing(session.preview(CaptureRequest(Characteristic.FINGERPRINT, 30))) as pictures:
                await anext(pictures)
                frames = await captured(url, 1)
                later = [await anext(pictures) for _ in range(3)]
        return len(later), frames

    with closing(ZfmModule()) as module, closing(SbiService(tmp_path, f"zfm://{module.path}")) as service:
        module.finger = True
        later, frames = asyncio.run(both(client(service)))  # one program at a time may open such a module
    assert (later, len(frames)) == (3, 1)


def test_a_second_stream_and_one_of_what_is_not_there_are_refused(service: SbiService, finger: Path) -> None:
    async def refused() -> None:
        async with device(client(service)).open() as session:
            assert isinstance(session, SbiSession)
            async with aclosing(session.preview(CaptureRequest(Characteristic.FINGERPRINT, 30))) as pictures:
                await anext(pictures)
                await previewed(client(service), 1)

    with pytest.raises(DeviceError, match="busy"):
        asyncio.run(refused())
    finger.unlink()
    with pytest.raises(DeviceError, match="unplugged"):
        asyncio.run(previewed(client(service), 1))
    assert service.ask("STREAM", "/stream", {"deviceId": "none"})["error"]["errorCode"] == "106"


def test_a_stream_is_motion_jpeg_and_ends_when_its_time_is_over(service: SbiService) -> None:
    status, headers, body = service.raw("STREAM", "/stream", {"deviceId": "0", "timeout": "400"})
    assert status == 200
    assert headers["Content-Type"] == "multipart/x-mixed-replace; boundary=BoundaryString"
    parts = body.split(b"--BoundaryString\r\n")[1:]
    assert len(parts) >= 2
    assert all(b"Content-Type: image/jpeg" in part and part.endswith(b"\xff\xd9\r\n") for part in parts)


def test_other_web_pages_and_names_that_lead_here_are_turned_away(service: SbiService) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example:4501"}):
        status, _, body = service.raw("MOSIPDISC", "/device", {}, **headers)
        assert (status, body) == (403, b"Not from here.")


def test_a_web_page_that_may_ask_is_told_so(tmp_path: Path, finger: Path) -> None:
    page = "https://enrol.example"
    with closing(SbiService(tmp_path, f"virtual://{finger}", origins=frozenset({page}))) as service:
        status, headers, _ = service.raw("OPTIONS", "/capture", Origin=page)
        assert (status, headers["Access-Control-Allow-Origin"]) == (204, page)
        assert "RCAPTURE" in headers["Access-Control-Allow-Methods"]
        assert service.ask("MOSIPDISC", "/device", {}, Origin=page)


@pytest.mark.parametrize("path", ["/none", "/info"])
def test_there_is_nothing_else(service: SbiService, path: str) -> None:
    assert service.raw("GET", path)[0] == 404


def test_what_is_no_question_is_told_so(service: SbiService) -> None:
    for body in ("[" * 100_000, "{", "[]"):
        connection = http.client.HTTPConnection(service.address, timeout=10)
        connection.request("MOSIPDISC", "/device", body.encode())
        assert json.loads(connection.getresponse().read())["error"]["errorCode"] == "503"
        connection.close()


def test_a_key_is_its_owners_alone_and_is_not_written_over(tmp_path: Path) -> None:
    key, certificate = tmp_path / "a.key", tmp_path / "a.pem"
    keys.make(key, certificate, "Gate 3")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    keys.opened(key, certificate)
    with pytest.raises(DeviceError, match="there already"):
        keys.make(key, tmp_path / "b.pem", "Gate 3")
    assert not (tmp_path / "b.pem").exists()
    key.chmod(0o644)
    with pytest.raises(DeviceError, match="Others may read"):
        keys.opened(key, certificate)


def test_a_key_and_a_certificate_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        keys.make(tmp_path / f"{name}.key", tmp_path / f"{name}.pem", name)
    with pytest.raises(DeviceError, match="not of the RSA key"):
        keys.opened(tmp_path / "a.key", tmp_path / "b.pem")
    with pytest.raises(DeviceError, match="hold no key"):
        keys.opened(tmp_path / "a.pem", tmp_path / "a.pem")


@pytest.mark.parametrize(
    ("make", "serve", "judged"),
    [
        (["device_drivers.sbi", "key"], ["device_drivers.sbi", "serve"], False),
        (["biometric_service", "devices", "make-sbi-key"], ["biometric_service", "devices", "serve-sbi"], True),
    ],
)
def test_the_commands_make_a_key_and_serve(
    make: list[str], serve: list[str], *, judged: bool, tmp_path: Path, finger: Path
) -> None:
    files = ["--key", str(tmp_path / "a.key"), "--certificate", str(tmp_path / "a.pem")]
    command = [sys.executable, "-m"]
    subprocess.run([*command, *make, *files], check=True)
    again = subprocess.run([*command, *make, *files], check=False, capture_output=True, text=True)
    assert again.returncode == 2
    assert "is there already: name another" in again.stderr
    serving = [*command, *serve, f"virtual://{finger}?dpi=500", *files]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip().removeprefix("http://").rstrip("/")
        [frame] = asyncio.run(captured(f"sbi://{address}?trust={tmp_path / 'a.pem'}", 1))
        process.terminate()
    np.testing.assert_array_equal(frame.pixels, ridges())
    assert dict(frame.settings)["quality"].isdecimal() is judged


def test_the_quality_that_is_told_is_the_walks() -> None:
    info = DeviceInfo("virtual:x", "virtual", "x", "x", frozenset(Characteristic), 500)
    good, blank = (frame_of(pixels, 500, info) for pixels in (ridges(320, 256), np.full((320, 256), 255, np.uint8)))
    told = [quality(frame, Characteristic.FINGERPRINT) for frame in (good, blank)]
    assert told[0] is not None
    assert told[0] > 20
    assert told[1] == 0
    assert quality(good, Characteristic.FACE) is None


def test_what_comes_damaged_from_the_device_is_passed_over_until_it_is_whole(service: SbiService, finger: Path) -> None:
    whole = finger.read_bytes()
    finger.write_bytes(whole[: len(whole) // 2])
    mending = threading.Timer(0.3, finger.write_bytes, [whole])
    mending.start()
    [answer] = service.capture()
    mending.join()
    record = base64.urlsafe_b64decode(unsealed(answer["data"], service.anchor)["bioValue"] + "==")
    np.testing.assert_array_equal(pixels_of(record)[1], ridges())
