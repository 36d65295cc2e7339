"""Records that carry images: what is read out of them, what is refused, and that nothing changes on the way."""

import asyncio
import io
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from device_drivers.errors import DeviceError
from device_drivers.frames import said_of
from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import CaptureRequest, Characteristic, Frame, Retry
from device_drivers.records import face_images, files, finger_images, transactions
from device_drivers.registry import device
from tests.emulators.benches.bench import ridges

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FINGER, FACE = Characteristic.FINGERPRINT, Characteristic.FACE
PIXELS = ridges(64, 48)


def type_14(**changed: bytes) -> bytes:
    """A transaction of one raw fingerprint."""
    first = transactions.tagged(1, [(2, b"0400"), (3, b"1\x1f1\x1e14\x1f01"), (11, b"00.00")])
    fields = {2: b"01", 6: b"48", 7: b"64", 8: b"1", 9: b"500", 10: b"500", 11: b"NONE", 12: b"8", 13: b"7"}
    fields |= {999: PIXELS.tobytes()} | {int(name[1:]): value for name, value in changed.items()}
    return first.encoded() + transactions.tagged(14, sorted(fields.items())).encoded()


def face_record() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.repeat(PIXELS[:, :, None], 3, 2)).save(file, "JPEG2000", irreversible=False)
    return face_images.written(file.getvalue(), 48, 64, MOMENT)


def finger_record() -> bytes:
    return finger_images.written(PIXELS, 500, 7, MOMENT)


@pytest.mark.parametrize("make", [type_14, finger_record])
def test_a_fingerprint_comes_out_as_it_went_in(make: object) -> None:
    assert callable(make)
    [image] = files.images(make(), FINGER)
    np.testing.assert_array_equal(image.picture.pixels, PIXELS)
    assert (image.picture.dpi, image.position, image.characteristic) == (500.0, 7, FINGER)


def test_a_face_comes_out_as_it_went_in() -> None:
    [image] = files.images(face_record(), FINGER)
    np.testing.assert_array_equal(image.picture.pixels[:, :, 0], PIXELS)
    assert image.characteristic is FACE


@pytest.mark.parametrize("make", [type_14, finger_record, face_record])
def test_no_part_of_a_record_is_taken_for_the_whole(make: object) -> None:
    assert callable(make)
    whole = make()
    for end in range(0, len(whole), 37):
        with pytest.raises(DamagedPictureError):
            files.images(whole[:end], FINGER)
    with pytest.raises(DamagedPictureError):
        files.images(whole + b"more", FINGER)


@pytest.mark.parametrize("changed", [{"_6": b"47"}, {"_7": b"many"}, {"_12": b"12"}, {"_11": b"WSQ20"}])
def test_a_record_that_contradicts_its_image_is_damaged(changed: dict[str, bytes]) -> None:
    with pytest.raises(DamagedPictureError):
        files.images(type_14(**changed), FINGER)


@settings(max_examples=60)
@given(at=st.integers(0, 300), value=st.integers(0, 255), make=st.sampled_from([type_14, finger_record, face_record]))
def test_damage_anywhere_is_an_image_or_one_error(at: int, value: int, make: object) -> None:
    assert callable(make)
    data = bytearray(make())
    data[at] = value
    with suppress(DamagedPictureError):
        files.images(bytes(data), FINGER)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "positions"),
    [
        ("type4-slaps.an2k", [14, 12, 11, 13]),
        ("type-14-amp-nqm-utf8.an2", [15, 13, 14]),
        ("type-4-tpcard.an2", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 12, 11, 13]),
        ("type-9-13-std.an2", [8]),
        ("type-10-sap10.an2", [0]),
        ("type9.an2k", []),
    ],
)
def test_reference_transactions_are_read_and_written_byte_for_byte(
    shared_data: Path, name: str, positions: list[int]
) -> None:
    data = (shared_data / "interchange" / name).read_bytes()
    assert transactions.read(data).encoded() == data
    found = files.images(data, FINGER)
    assert [image.position for image in found] == positions
    assert all(image.picture.dpi == pytest.approx(500, abs=0.5) for image in found if image.characteristic is FINGER)


@pytest.mark.shared_data
def test_a_reference_face_record_is_read(shared_data: Path) -> None:
    [image] = files.images((shared_data / "interchange" / "face01.iso2005").read_bytes(), FACE)
    assert image.picture.pixels.shape == (320, 280, 3)


def captured(url: str, count: int, characteristic: Characteristic = FINGER) -> list[Retry | Frame]:
    async def run() -> list[Retry | Frame]:
        found: list[Retry | Frame] = []
        async with device(url).open() as session:
            async for each in session.capture(CaptureRequest(characteristic, 4.0)):
                found.append(each)
                if len(found) == count:
                    break
        return found

    return asyncio.run(run())


def test_a_watched_folder_gives_the_images_of_records_and_says_where_they_lay(tmp_path: Path) -> None:
    (tmp_path / "prisoner.an2").write_bytes(type_14())
    (tmp_path / "scan.fir").write_bytes(finger_record())
    (tmp_path / "portrait.fac").write_bytes(face_record())
    found = captured(f"folder://{tmp_path}", 3)
    frames = {dict(each.settings)["file"]: each for each in found if isinstance(each, Frame)}
    assert set(frames) == {"prisoner.an2", "scan.fir"}
    assert dict(frames["prisoner.an2"].settings) == {"file": "prisoner.an2", "record": "Type-14", "position": "7"}
    [advice] = [each for each in found if isinstance(each, Retry)]
    assert "portrait.fac" in advice.advice
    faces = [each for each in captured(f"folder://{tmp_path}", 3, FACE) if isinstance(each, Frame)]
    assert [dict(each.settings)["file"] for each in faces] == ["portrait.fac"]


@pytest.mark.shared_data
def test_images_of_a_card_say_which_they_are_and_which_fingers_are_absent(shared_data: Path, tmp_path: Path) -> None:
    card = shared_data / "interchange" / "type-14-amp-nqm-utf8.an2"
    (tmp_path / card.name).write_bytes(card.read_bytes())
    frames = [each for each in captured(f"folder://{tmp_path}", 3) if isinstance(each, Frame)]
    assert [said_of(each, "image") for each in frames] == ["1 of 3", "2 of 3", "3 of 3"]
    assert {said_of(each, "absent") for each in frames} == {"9:XX"}


def test_a_bad_record_is_set_aside_with_the_reason_and_not_lost(tmp_path: Path) -> None:
    bad = type_14()[:-100]
    (tmp_path / "bad.an2").write_bytes(bad)
    [advice] = captured(f"folder://{tmp_path}", 1)
    assert isinstance(advice, Retry)
    [kept] = (tmp_path / "set-aside").glob("*bad.an2")
    assert kept.read_bytes() == bad
    [reason] = (tmp_path / "set-aside").glob("*.reason.txt")
    assert "cut short" in reason.read_text(encoding="utf-8")
    assert not (tmp_path / "bad.an2").exists()


def test_a_folder_can_be_asked_for_one_position(tmp_path: Path) -> None:
    (tmp_path / "a.fir").write_bytes(finger_record())
    with pytest.raises(DeviceError, match="timeout"):
        captured(f"folder://{tmp_path}?position=8", 2)
    [frame] = captured(f"folder://{tmp_path}?position=7", 1)
    assert isinstance(frame, Frame)
