"""Our WSQ decoder against NIST's."""

import io
from pathlib import Path

import _wsq
import numpy as np
import pytest
from PIL import Image
from wsq import WsqImagePlugin  # noqa: F401 (lets Pillow write WSQ)

from device_drivers.wsq.decoding import read
from device_drivers.wsq.faults import DamagedError
from device_drivers.wsq.subbands import plan


def compressed(height: int, width: int, seed: int = 1) -> bytes:
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    wave = 128 + 90 * np.sin(np.hypot(x - width / 3, y - height / 2) * 2 * np.pi / 9) + chance.normal(0, 9, x.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(wave, 0, 255).astype(np.uint8)).save(file, "WSQ")
    return file.getvalue()


def decoded_by_nist(data: bytes) -> np.ndarray:
    raw, width, height, _ = _wsq.decompress(data)
    return np.frombuffer(raw, np.uint8).reshape(height, width).astype(int)


def assert_same(data: bytes) -> None:
    ours, theirs = read(data).pixels(), decoded_by_nist(data)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1
    assert np.mean(ours != theirs) < 1e-3


@pytest.mark.parametrize(("height", "width"), [(128, 128), (97, 131), (64, 200), (301, 255), (480, 320), (111, 222)])
def test_pixels_are_nists_whatever_the_size(height: int, width: int) -> None:
    assert_same(compressed(height, width))


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["img.wsq", "sample.wsq"])
def test_pixels_of_real_files_are_nists(shared_data: Path, name: str) -> None:
    data = (shared_data / "interchange" / name).read_bytes()
    assert_same(data)
    assert read(data).ppi == 500


@pytest.mark.parametrize(("width", "height"), [(64, 64), (97, 131), (545, 622), (1000, 999)])
def test_subbands_tile_the_picture(width: int, height: int) -> None:
    covered = np.zeros((height, width), int)
    bands = plan(width, height).bands
    for band in bands:
        covered[band.y : band.y + band.height, band.x : band.x + band.width] += 1
    assert len(bands) == 64
    assert covered.min() == covered.max() == 1


@pytest.mark.parametrize("lost", [1, 50, 1000])
def test_a_missing_stretch_of_codes_is_damage(lost: int) -> None:
    data = compressed(128, 128)
    with pytest.raises(DamagedError):
        read(data[: -2 - lost] + data[-2:]).pixels()


def test_filters_of_even_length_are_refused() -> None:
    data = bytearray(compressed(128, 128))
    data[data.index(b"\xff\xa4") + 4] = 8
    with pytest.raises(DamagedError, match="even"):
        read(bytes(data))


def test_numbers_beyond_reason_are_damage() -> None:
    data = bytearray(compressed(128, 128))
    at = data.index(b"\xff\xa2") + 13
    data[at : at + 3] = b"\x00\xff\xff"
    filters = data.index(b"\xff\xa4") + 6
    for tap in range(9):
        data[filters + 6 * tap : filters + 6 * tap + 6] = b"\x00\x00\xff\xff\xff\xff"
    with pytest.raises(DamagedError, match="reason"):
        read(bytes(data)).pixels()
