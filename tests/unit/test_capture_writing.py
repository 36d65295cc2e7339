"""Fingerprints written as other files, and read again by the service."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from biometric_service.capture.images import ImageLimits, decode
from biometric_service.capture.writing import ImageFormat, write
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality

SOURCE = CaptureSource("test", datetime.now(UTC))


def ridges(height: int = 210, width: int = 190) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (128 + 90 * np.sin(np.hypot(x - 60, y - 90) * 2 * np.pi / 9)).astype(np.uint8)


def again(data: bytes) -> BiometricSample:
    limits = ImageLimits(10**7, 10**7)
    return decode(data, Modality.FINGERPRINT, FingerPosition.UNKNOWN, None, SOURCE, limits)


@pytest.mark.parametrize("dpi", [500.0, 569.0, 1000.0])
@pytest.mark.parametrize("form", ImageFormat)
def test_a_file_states_the_resolution_that_it_is_read_with(form: ImageFormat, dpi: float) -> None:
    sample = again(write(ridges(), dpi, form))
    assert sample.dpi == pytest.approx(dpi, abs=0.02)
    assert sample.pixels.shape == (210, 190)


@pytest.mark.parametrize("form", [ImageFormat.PNG, ImageFormat.JPEG_2000])
def test_without_a_bit_rate_nothing_is_lost(form: ImageFormat) -> None:
    assert np.array_equal(again(write(ridges(), 500, form)).pixels, ridges())


@pytest.mark.parametrize("form", [ImageFormat.WSQ, ImageFormat.JPEG_2000])
def test_a_lower_bit_rate_makes_a_smaller_file(form: ImageFormat) -> None:
    fine, coarse = (write(ridges(), 500, form, rate) for rate in (2.25, 0.5))
    assert len(coarse) < len(fine) <= 2.5 * ridges().size / 8
    assert np.abs(again(fine).pixels.astype(int) - ridges()).mean() < 3


@pytest.mark.parametrize(
    ("pixels", "form", "rate"),
    [(ridges(40, 90), ImageFormat.WSQ, None), (ridges(), ImageFormat.WSQ, 99), (ridges(), ImageFormat.JPEG_2000, 0)],
)
def test_what_a_format_cannot_hold_is_refused(pixels: np.ndarray, form: ImageFormat, rate: float | None) -> None:
    with pytest.raises(BiometricServiceError) as caught:
        write(pixels, 500, form, rate)
    assert caught.value.code is ErrorCode.REQUEST_INVALID


def convert(*words: object) -> str:
    done = CliRunner().invoke(app, ["images", "convert", *map(str, words)])
    if isinstance(done.exception, BiometricServiceError):
        raise done.exception
    return done.output


def test_a_bright_on_dark_scan_becomes_a_wsq_file_of_dark_ridges(tmp_path: Path) -> None:
    page = np.pad(ridges(), 60, constant_values=220)
    source = tmp_path / "in.png"
    Image.fromarray(255 - page).save(source, dpi=(500, 500))
    shown = json.loads(convert(source, tmp_path / "out.WSQ", "--bit-rate", 2.25, "--json"))
    assert (shown["width"], shown["height"], shown["dpi"]) == (310, 330, 500)
    sample = again((tmp_path / "out.WSQ").read_bytes())
    assert np.abs(sample.pixels.astype(int) - page).mean() < 5


def test_what_cannot_be_converted_is_said(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="cannot be read"):
        convert(tmp_path / "none.png", tmp_path / "out.wsq")
    assert ".wsq, .jp2, .png" in convert(tmp_path / "none.png", tmp_path / "out.gif")
    file = io.BytesIO()
    Image.fromarray(ridges()).save(file, "PNG")
    (tmp_path / "in.png").write_bytes(file.getvalue())
    with pytest.raises(BiometricServiceError, match="cannot be written"):
        convert(tmp_path / "in.png", tmp_path / "no" / "out.png")
