"""A watched folder: what it takes for an image, when, and what it makes of it."""

import asyncio
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from wsq import WsqImagePlugin

from device_drivers.errors import DeviceError
from device_drivers.pictures import DamagedPictureError, decoded
from device_drivers.protocol import CaptureRequest, Characteristic, Frame, Retry
from device_drivers.registry import device

PIXELS = (np.add.outer(np.arange(96), np.arange(80)) + np.random.default_rng(1).integers(0, 12, (96, 80))).astype(
    np.uint8
)


def file_of(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def captured(url: str) -> list[Retry | Frame]:
    """What comes until nothing more does."""
    found: list[Retry | Frame] = []

    async def run() -> None:
        async with device(url).open() as session:
            async for each in session.capture(CaptureRequest(Characteristic.FINGERPRINT, 0.3)):
                found.append(each)  # noqa: PERF401 (it ends with a fault)

    with pytest.raises(DeviceError, match="timeout"):
        asyncio.run(run())
    return found


@pytest.mark.parametrize(("kind", "loss"), [("PNG", 0), ("TIFF", 0), ("BMP", 0), ("JPEG2000", 0), ("WSQ", 6)])
def test_scanner_formats_are_read(tmp_path: Path, kind: str, loss: int) -> None:
    assert WsqImagePlugin
    suffix = {"JPEG2000": "jp2"}.get(kind, kind.lower())
    (tmp_path / f"scan.{suffix.upper()}").write_bytes(file_of(PIXELS, kind))
    (frame,) = captured(f"folder://{tmp_path}?dpi=1000")
    assert isinstance(frame, Frame)
    assert frame.dpi == 1000
    assert np.abs(frame.pixels.astype(int) - PIXELS).mean() <= loss


def test_sixteen_bits_keep_their_upper_eight() -> None:
    deep = file_of(PIXELS.astype(np.uint16) * 257, "PNG")
    np.testing.assert_array_equal(decoded(deep).pixels, PIXELS)


def test_a_photograph_stands_upright_and_in_bgr() -> None:
    colours = np.zeros((40, 60, 3), np.uint8)
    colours[:, :30] = (250, 20, 10)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    pixels = decoded(file_of(colours, "PNG", exif=exif)).pixels
    assert pixels.shape == (60, 40, 3)
    assert pixels[0, 0].tolist() == [10, 20, 250]


@pytest.mark.parametrize("data", [b"", b"text", file_of(PIXELS, "PNG")[:200], file_of(PIXELS, "WSQ")[:300]])
def test_what_is_not_all_of_an_image_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedPictureError):
        decoded(data)


def test_an_image_that_is_still_being_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device_drivers.folder.device.SETTLED_SECONDS", 60)
    whole = file_of(PIXELS, "PNG")
    path = tmp_path / "scan.png"
    path.write_bytes(whole[:300])

    async def first() -> Retry | Frame:
        async with device(f"folder://{tmp_path}").open() as session:
            asyncio.get_running_loop().call_later(0.2, path.write_bytes, whole)
            return await anext(aiter(session.capture(CaptureRequest(Characteristic.FINGERPRINT, 60))))

    assert isinstance(asyncio.run(first()), Frame)


def test_names_of_files_on_their_way_and_other_files_are_passed_over(tmp_path: Path) -> None:
    for name in (".scan.png", "scan.png.part", "scan.tmp", "dpi", "notes.txt"):
        (tmp_path / name).write_bytes(file_of(PIXELS, "PNG"))
    (tmp_path / "folder.png").mkdir()
    assert captured(f"folder://{tmp_path}") == []


def test_oldest_first_and_again_when_written_anew(tmp_path: Path) -> None:
    for age, name in enumerate("cab"):
        (tmp_path / f"{name}.png").write_bytes(file_of(PIXELS[: 40 - age], "PNG"))
        os.utime(tmp_path / f"{name}.png", (1_000 + age, 1_000 + age))
    found = captured(f"folder://{tmp_path}")
    assert [each.pixels.shape[0] for each in found if isinstance(each, Frame)] == [40, 39, 38]


def test_only_what_is_new_since_it_was_opened_is_given_where_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "earlier.png").write_bytes(file_of(PIXELS, "PNG"))

    async def run() -> list[str]:
        async with device(f"folder://{tmp_path}?new=true").open() as session:
            (tmp_path / "later.png").write_bytes(file_of(255 - PIXELS, "PNG"))
            capture = session.capture(CaptureRequest(Characteristic.FINGERPRINT, 60))
            frame = await anext(aiter(capture))
            assert isinstance(frame, Frame)
            np.testing.assert_array_equal(frame.pixels, 255 - PIXELS)
            return [setting.value for setting in frame.settings]

    assert asyncio.run(run()) == ["later.png"]


def test_new_is_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="neither true nor false"):
        device(f"folder://{tmp_path}?new=perhaps")
