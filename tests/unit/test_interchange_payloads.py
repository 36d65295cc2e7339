"""Images in records that we write: an independent decoder sees the same pixels, and what can be kept is kept."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from biometric_service.capture.face_records import FaceRecord, open_part, write_face
from biometric_service.capture.files import ImageLimits
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.itl.characters import PLAIN
from biometric_service.interchange.itl.images import images_of
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.payloads import Compression, face_payload, finger_payload
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.writing import binary_finger_record, compose, face_record, finger_record
from biometric_service.vocabulary.samples import CaptureSource
from device_drivers.records.image import RecordPart
from device_drivers.records.transactions import Record
from tests import itl
from tests.emulators.benches.bench import ridges

MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
SOURCE = CaptureSource("test", MOMENT)
LIMITS = ImageLimits(20_000_000, 50_000_000)
FINGER = ridges(128, 96)
FACE = np.stack([FINGER, 255 - FINGER, FINGER // 2], axis=2)
LOSSY = {Compression.WSQ: 12.0}
"""Mean error in grey levels that a compression may make."""


def saved(pixels: np.ndarray, form: str, **more: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **more)
    return file.getvalue()


def read_back(record: Record) -> RecordPart:
    message = read_message(compose(itl.header(), PLAIN, [record]).encoded())
    assert isinstance(message, Message), message
    [image] = images_of(message)
    return image.part


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_a_finger_comes_back_from_its_record(compression: Compression, form: str) -> None:
    data = saved(FINGER, form)
    payload = finger_payload(data, 500, compression, SOURCE, LIMITS)
    part = read_back(finger_record(itl.facts(1), payload, [2], impression=3))
    pixels = np.asarray(open_part(part, LIMITS).image)
    assert np.abs(pixels.astype(int) - FINGER).mean() <= LOSSY.get(compression, 0)
    assert part.raster.dpi == 500
    if compression is Compression.KEPT and form == "PNG":
        assert part.data == data
    if compression in {Compression.PNG, Compression.JPEG_2000}:
        with Image.open(io.BytesIO(part.data)) as theirs:
            np.testing.assert_array_equal(np.asarray(theirs), FINGER)


@pytest.mark.parametrize("compression", Compression)
def test_a_face_comes_back_from_its_record(compression: Compression) -> None:
    payload = face_payload(saved(FACE, "TIFF"), compression, SOURCE, LIMITS)
    part = read_back(face_record(itl.facts(1), payload, "SRGB"))
    np.testing.assert_array_equal(np.asarray(open_part(part, LIMITS).image), FACE)


def test_a_photograph_is_kept_as_it_is_unless_it_lies_on_its_side() -> None:
    data = saved(FACE, "JPEG", quality=95)
    assert face_payload(data, Compression.KEPT, SOURCE, LIMITS).data == data
    turned = Image.Exif()
    turned[274] = 6
    lying = face_payload(saved(FACE, "JPEG", quality=95, exif=turned), Compression.KEPT, SOURCE, LIMITS)
    assert (lying.code, lying.width, lying.height) == ("PNG", 128, 96)


def test_a_face_that_came_in_a_record_goes_out_as_an_image() -> None:
    kept = write_face(np.ascontiguousarray(FACE[..., ::-1]), FaceRecord.ISO_19794_5, MOMENT, "X")
    payload = face_payload(kept, Compression.KEPT, SOURCE, LIMITS)
    with Image.open(io.BytesIO(payload.data)) as theirs:
        np.testing.assert_array_equal(np.asarray(theirs), FACE)


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.WSQ])
def test_a_finger_comes_back_from_a_binary_record(compression: Compression) -> None:
    payload = finger_payload(saved(FINGER, "PNG"), 500, compression, SOURCE, LIMITS)
    part = read_back(binary_finger_record(1, 2, payload, 3))
    pixels = np.asarray(open_part(part, LIMITS).image)
    assert np.abs(pixels.astype(int) - FINGER).mean() <= LOSSY.get(compression, 0)
    assert (part.position, part.raster.dpi) == (2, 500)


def test_a_binary_record_holds_no_png() -> None:
    payload = finger_payload(saved(FINGER, "PNG"), 500, Compression.PNG, SOURCE, LIMITS)
    with pytest.raises(BiometricServiceError) as caught:
        binary_finger_record(1, 2, payload, 3)
    assert caught.value.code is ErrorCode.REQUEST_INVALID
