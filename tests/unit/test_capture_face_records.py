"""Faces in the records that agencies exchange, as images like any other."""

import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from biometric_service.capture.face_records import FaceRecord, write_face
from biometric_service.capture.images import ImageLimits, decode
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality
from device_drivers.records import face_images, transactions

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LIMITS = ImageLimits(max_bytes=2_000_000, max_pixels=1_000_000)
PIXELS = np.random.default_rng(1).integers(0, 256, (60, 48, 3), np.uint8)
INTERCHANGE = "interchange"


def decoded(data: bytes, modality: Modality = Modality.FACE, limits: ImageLimits = LIMITS) -> BiometricSample:
    return decode(data, modality, FingerPosition.UNKNOWN, None, CaptureSource("test", MOMENT), limits)


def refusal(data: bytes, modality: Modality = Modality.FACE, limits: ImageLimits = LIMITS) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as raised:
        decoded(data, modality, limits)
    return raised.value.code


def record(form: FaceRecord, pixels: np.ndarray = PIXELS) -> bytes:
    return write_face(pixels, form, MOMENT, "OUR-AGENCY")


@pytest.mark.parametrize("form", FaceRecord)
def test_a_face_comes_out_of_a_record_as_it_went_in(form: FaceRecord) -> None:
    np.testing.assert_array_equal(decoded(record(form)).pixels, PIXELS)


def test_a_transaction_says_what_the_standard_asks_of_it() -> None:
    first, face = transactions.read(record(FaceRecord.ANSI_NIST_ITL)).records
    assert isinstance(first, transactions.Tagged)
    assert isinstance(face, transactions.Tagged)
    assert [first.text(number) for number in (2, 4, 5, 7, 8)] == [
        *("0502", "FACE", "20260304"),
        *("OUR-AGENCY", "OUR-AGENCY"),
    ]
    assert [face.text(number) for number in range(3, 14)] == [
        *("FACE", "OUR-AGENCY", "20260304", "48", "60", "0"),
        *("1", "1", "JP2L", "SRGB", "0"),
    ]


@pytest.mark.parametrize("agency", ["", "a" * 37, "a\x1dz", "å"])
def test_an_agency_that_would_break_a_transaction_is_refused(agency: str) -> None:
    with pytest.raises(BiometricServiceError) as raised:
        write_face(PIXELS, FaceRecord.ANSI_NIST_ITL, MOMENT, agency)
    assert raised.value.code is ErrorCode.REQUEST_INVALID


@pytest.mark.parametrize("form", FaceRecord)
def test_no_part_of_a_record_is_taken_for_the_whole(form: FaceRecord) -> None:
    whole = record(form)
    for end in range(len(whole) // 17, len(whole), len(whole) // 17):
        assert refusal(whole[:end]) in {ErrorCode.IMAGE_TRUNCATED, ErrorCode.IMAGE_UNREADABLE}


@pytest.mark.parametrize("form", FaceRecord)
def test_the_limits_hold_inside_a_record(form: FaceRecord) -> None:
    large = record(form, np.zeros((1001, 1000, 3), np.uint8))
    assert refusal(large) is ErrorCode.IMAGE_TOO_LARGE
    assert refusal(record(form), limits=ImageLimits(max_bytes=1000, max_pixels=1_000_000)) is ErrorCode.IMAGE_TOO_LARGE


def test_an_image_larger_than_its_record_says_is_not_decoded() -> None:
    file = io.BytesIO()
    Image.new("RGB", (2000, 2000)).save(file, "JPEG2000")
    assert refusal(face_images.written(file.getvalue(), 48, 60, MOMENT)) is ErrorCode.IMAGE_TOO_LARGE
    Image.new("RGB", (47, 60)).save(file := io.BytesIO(), "JPEG2000")
    assert refusal(face_images.written(file.getvalue(), 48, 60, MOMENT)) is ErrorCode.IMAGE_TRUNCATED


def uncompressed(pixels: bytes) -> bytes:
    first = transactions.tagged(1, [(2, b"0502"), (3, b"1\x1f1\x1e10\x1f01")])
    fields = [(2, b"01"), (3, b"FACE"), (6, b"48"), (7, b"60"), (11, b"NONE"), (12, b"SRGB"), (999, pixels)]
    return first.encoded() + transactions.tagged(10, fields).encoded()


def test_an_uncompressed_face_is_red_first() -> None:
    np.testing.assert_array_equal(decoded(uncompressed(PIXELS[..., ::-1].tobytes())).pixels, PIXELS)
    assert refusal(uncompressed(PIXELS.tobytes()[:-1])) is ErrorCode.IMAGE_TRUNCATED


def test_two_faces_in_a_record_are_one_too_many() -> None:
    first = transactions.tagged(1, [(2, b"0502"), (3, b"1\x1f2\x1e10\x1f01\x1e10\x1f02")])
    face = transactions.read(record(FaceRecord.ANSI_NIST_ITL)).records[1].encoded()
    assert refusal(first.encoded() + face + face) is ErrorCode.IMAGE_ANIMATED


@pytest.mark.shared_data
def test_reference_records_of_others_are_read(shared_data: Path) -> None:
    for name in ("face01.iso2005", "type-10-sap10.an2"):
        sample = decoded((shared_data / INTERCHANGE / name).read_bytes(), limits=ImageLimits(2_000_000, 4_000_000))
        assert sample.pixels.shape[2] == 3
        assert sample.pixels.std() > 20


@pytest.mark.shared_data
def test_a_transaction_without_a_face_is_no_image_of_one(shared_data: Path) -> None:
    fingers = (shared_data / INTERCHANGE / "type-4-tpcard.an2").read_bytes()
    assert refusal(fingers) is ErrorCode.IMAGE_UNREADABLE
    assert refusal(record(FaceRecord.ANSI_NIST_ITL), Modality.FINGERPRINT) is ErrorCode.IMAGE_UNREADABLE


@pytest.mark.parametrize("form", FaceRecord)
def test_the_command_line_writes_records(form: FaceRecord, tmp_path: Path) -> None:
    picture, made = tmp_path / "face.png", tmp_path / f"face.{form.value}"
    Image.fromarray(PIXELS[..., ::-1]).save(picture)
    done = CliRunner().invoke(app, ["images", "convert", str(picture), str(made), "--agency", "OURS"])
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(decoded(made.read_bytes()).pixels, PIXELS)
    assert CliRunner().invoke(app, ["images", "convert", str(picture), str(tmp_path / "face.xyz")]).exit_code == 2
