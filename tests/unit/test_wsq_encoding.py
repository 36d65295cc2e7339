"""Our WSQ encoder against NIST's decoder and encoder, and against our own decoder."""

import io
import math
from pathlib import Path

import _wsq
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from wsq import WsqImagePlugin  # noqa: F401 (lets Pillow write WSQ)

from device_drivers.wsq.decoding import read
from device_drivers.wsq.encoding import encode
from device_drivers.wsq.entropy import codes_for, encoded, message_of
from device_drivers.wsq.huffman import coefficients
from device_drivers.wsq.segments import CodedBlock


def ridges(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    wave = 128 + 90 * np.sin(np.hypot(x - width / 3, y - height / 2) * 2 * np.pi / 9)
    return np.clip(wave + np.random.default_rng(1).normal(0, 5, x.shape), 0, 255).astype(np.uint8)


def decoded_by_nist(data: bytes) -> tuple[np.ndarray, int]:
    raw, width, height, ppi = _wsq.decompress(data)
    return np.frombuffer(raw, np.uint8).reshape(height, width), ppi


def encoded_by_nist(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WSQ")
    return file.getvalue()


def psnr(found: np.ndarray, wanted: np.ndarray) -> float:
    return 10 * math.log10(255**2 / float(np.mean((found.astype(float) - wanted) ** 2)))


@pytest.mark.parametrize(("height", "width"), [(128, 128), (97, 131), (301, 255), (480, 640), (111, 222), (500, 333)])
def test_nists_decoder_reads_what_ours_wrote_as_ours_does(height: int, width: int) -> None:
    data = encode(ridges(height, width), 500)
    theirs, _ = decoded_by_nist(data)
    assert theirs.shape == (height, width)
    assert np.abs(theirs.astype(int) - read(data).pixels()).max() <= 1


@pytest.mark.parametrize(("rate", "least"), [(0.4, 20.0), (0.75, 24.0), (2.25, 36.0), (5.0, 38.0)])
def test_more_bits_bring_the_picture_nearer(rate: float, least: float) -> None:
    pixels = ridges(300, 300)
    data = encode(pixels, rate=rate)
    assert psnr(read(data).pixels(), pixels) > least
    assert 8 * len(data) / pixels.size == pytest.approx(rate, rel=0.35)


@pytest.mark.shared_data
def test_at_the_fbis_rate_a_print_is_as_small_and_as_true_as_from_nists_encoder(shared_data: Path) -> None:
    files = sorted((shared_data / "fingerprints").glob("fvc200[24]_db[1-4]/10[15]_1.png"))
    assert len(files) >= 12
    for file in files:
        pixels = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8)
        ours, theirs = encode(pixels, 500, 0.75), encoded_by_nist(pixels)
        assert len(ours) == pytest.approx(len(theirs), rel=0.01)
        assert psnr(decoded_by_nist(ours)[0], pixels) > psnr(decoded_by_nist(theirs)[0], pixels) - 0.05


@pytest.mark.parametrize("ppi", [250, 500, 569, 1000])
def test_the_resolution_is_kept_both_ways(ppi: int) -> None:
    data = encode(ridges(128, 128), ppi)
    assert read(data).ppi == ppi
    assert decoded_by_nist(data)[1] == ppi


def test_an_unknown_resolution_stays_unknown() -> None:
    data = encode(ridges(128, 128))
    assert read(data).ppi is None
    assert decoded_by_nist(data)[1] == -1


@pytest.mark.parametrize("level", [0, 9, 128, 255])
def test_a_flat_picture_comes_back(level: int) -> None:
    pixels = np.full((100, 90), level, np.uint8)
    data = encode(pixels)
    assert np.array_equal(read(data).pixels(), pixels)
    assert np.array_equal(decoded_by_nist(data)[0], pixels)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from([0, 0, 0, 1, -1, 74, -73, 75, -74, 255, -255, 256, -256, 65535, -65535]), max_size=400),
    st.integers(0, 140_000),
)
def test_every_coefficient_and_every_run_of_zeros_comes_back(values: list[int], zeros: int) -> None:
    wanted = np.array([*values, *[0] * zeros, *values[:1]], np.int32)
    message = message_of(wanted)
    codes = codes_for(message)
    assert np.array_equal(coefficients([CodedBlock(codes, encoded(message, codes))], len(wanted)), wanted)


def test_no_code_is_longer_than_sixteen_bits_or_of_ones_alone() -> None:
    wanted = np.repeat(np.arange(1, 31), np.array([int(1.6**each) for each in range(30)])).astype(np.int32)
    codes = codes_for(message_of(wanted))
    taken = sum(count << (16 - length) for length, count in enumerate(codes.counts, start=1))
    assert len(codes.symbols) == 30
    assert taken < 1 << 16


@pytest.mark.parametrize(
    ("pixels", "rate"),
    [
        (np.zeros((63, 200), np.uint8), 0.75),
        (np.zeros((200, 200, 3), np.uint8), 0.75),
        (np.zeros((200, 200), np.float32), 0.75),
        (np.zeros((200, 200), np.uint8), 0.0),
        (np.zeros((200, 200), np.uint8), math.nan),
    ],
)
def test_what_wsq_cannot_hold_is_refused(pixels: np.ndarray, rate: float) -> None:
    with pytest.raises(ValueError, match=r"WSQ holds|bit rate"):
        encode(pixels, 500, rate)
