"""Every kind of image that is taken, and every kind of bad one, each refused with one typed error."""

import io
import random
import struct
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from wsq import WsqImagePlugin  # noqa: F401 (lets Pillow write WSQ)

from biometric_service.capture.images import ImageLimits, decode
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality

SOURCE = CaptureSource("test", datetime(2026, 1, 1, tzinfo=UTC))
LIMITS = ImageLimits(max_bytes=5_000_000, max_pixels=4_000_000)
LOSSLESS = ["PNG", "BMP", "TIFF", "GIF"]
Make = Callable[[int, int], bytes]
FORMATS = [*LOSSLESS, "JPEG", "JPEG2000", "WEBP", "WSQ"]


def decoded(
    data: bytes, modality: Modality = Modality.FINGERPRINT, dpi: float | None = None, limits: ImageLimits = LIMITS
) -> BiometricSample:
    return decode(data, modality, FingerPosition.LEFT_THUMB, dpi, SOURCE, limits)


def refusal(data: bytes, modality: Modality = Modality.FINGERPRINT, dpi: float | None = None) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as raised:
        decoded(data, modality, dpi)
    assert raised.value.message.endswith((".", "."))
    assert raised.value.action.endswith(".")
    return raised.value.code


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def ridges(height: int = 200, width: int = 160) -> NDArray[np.uint8]:
    """A round patch of dark ridges on white."""
    y, x = np.mgrid[:height, :width]
    inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (0.4 * min(height, width)) ** 2
    wave = 128 - 90 * np.sin((x + 0.5 * y) * 2 * np.pi / 9)
    return np.where(inside, wave, 250).astype(np.uint8)


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_comes_out_as_8_bit_grey_with_its_digest_and_position(kind: str) -> None:
    data = encoded(Image.fromarray(ridges()), kind)
    sample = decoded(data)
    assert sample.pixels.dtype == np.uint8
    assert sample.pixels.shape == (200, 160)
    assert np.abs(sample.pixels.astype(int) - ridges()).mean() < 6
    assert len(sample.digest) == 64
    assert sample.position is FingerPosition.LEFT_THUMB


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_are_exact(kind: str) -> None:
    assert np.array_equal(decoded(encoded(Image.fromarray(ridges()), kind)).pixels, ridges())


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
def test_16_bit_grey_is_scaled_to_8(kind: str) -> None:
    deep = (ridges().astype(np.uint32) * 257).astype(np.uint16)
    assert np.abs(decoded(encoded(Image.fromarray(deep), kind)).pixels.astype(int) - ridges()).max() <= 1


def test_a_face_is_bgr() -> None:
    sample = decoded(encoded(Image.new("RGB", (30, 20), (200, 100, 50)), "PNG"), Modality.FACE)
    assert sample.pixels.shape == (20, 30, 3)
    assert tuple(sample.pixels[0, 0]) == (50, 100, 200)
    assert sample.dpi is None
    assert sample.position is FingerPosition.UNKNOWN


def test_a_face_of_16_bit_grey_has_three_equal_channels() -> None:
    sample = decoded(encoded(Image.fromarray(np.full((9, 9), 65535, np.uint16)), "PNG"), Modality.FACE)
    assert sample.pixels.shape == (9, 9, 3)
    assert sample.pixels.min() == 255


def test_cmyk_is_turned_into_colours() -> None:
    data = encoded(Image.new("CMYK", (32, 32), (0, 0, 0, 255)), "JPEG")
    assert decoded(data, Modality.FACE).pixels.max() < 10


def test_a_palette_is_looked_up() -> None:
    data = encoded(Image.new("RGB", (16, 16), (255, 0, 0)).convert("P"), "PNG")
    assert tuple(decoded(data, Modality.FACE).pixels[3, 3]) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_white(mode: str) -> None:
    data = encoded(Image.new(mode, (16, 16), 0), "PNG")
    assert decoded(data).pixels.min() == 255
    assert decoded(data, Modality.FACE).pixels.min() == 255


def test_a_bilevel_picture_is_black_and_white() -> None:
    assert set(np.unique(decoded(encoded(Image.new("1", (16, 16), 1), "PNG")).pixels)) == {255}


def _quadrants() -> Image.Image:
    return Image.fromarray(np.kron([[10, 80], [160, 240]], np.ones((20, 30))).astype(np.uint8))


@pytest.mark.parametrize(
    ("orientation", "corners"),
    [
        (1, [10, 80, 160, 240]),
        (2, [80, 10, 240, 160]),
        (3, [240, 160, 80, 10]),
        (4, [160, 240, 10, 80]),
        (5, [10, 160, 80, 240]),
        (6, [160, 10, 240, 80]),
        (7, [240, 80, 160, 10]),
        (8, [80, 240, 10, 160]),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied(kind: str, orientation: int, corners: list[int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decoded(encoded(_quadrants(), kind, exif=exif), Modality.FACE).pixels[..., 0]
    assert pixels.shape == ((40, 60) if orientation < 5 else (60, 40))
    assert [int(pixels[y, x]) for y in (0, -1) for x in (0, -1)] == corners
    assert pixels.flags.c_contiguous or pixels.base is not None


def test_broken_exif_does_not_spoil_a_good_picture() -> None:
    data = encoded(_quadrants(), "PNG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert decoded(data).pixels.shape == (40, 60)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WSQ"])
def test_bright_ridges_are_turned_dark(kind: str) -> None:
    inverted = decoded(encoded(Image.fromarray(np.invert(ridges(256, 256))), kind)).pixels
    assert np.abs(inverted.astype(int) - ridges(256, 256)).mean() < 6


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_left_as_it_is(level: int) -> None:
    assert set(np.unique(decoded(encoded(Image.new("L", (64, 64), level), "PNG")).pixels)) == {level}


def test_a_tiny_picture_is_no_fault_of_decoding() -> None:
    assert decoded(encoded(Image.new("L", (1, 1), 7), "PNG")).pixels.shape == (1, 1)


@pytest.mark.shared_data
def test_no_real_fingerprint_is_turned_and_most_negatives_are(shared_data: Path) -> None:
    files = sorted((shared_data / "fingerprints").glob("*/*_1.png"))
    turned = 0
    for file in files:
        upright = np.asarray(Image.open(file).convert("L"))
        assert np.array_equal(decoded(file.read_bytes()).pixels, upright), file
        turned += np.array_equal(decoded(encoded(Image.fromarray(np.invert(upright)), "PNG")).pixels, upright)
    assert len(files) == 80
    assert turned > 0.6 * len(files)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_the_files_resolution_is_taken_where_it_can_be_one(kind: str) -> None:
    assert decoded(encoded(Image.fromarray(ridges()), kind, dpi=(400, 400))).dpi == pytest.approx(400, abs=0.01)
    assert decoded(encoded(Image.fromarray(ridges()), kind, dpi=(72, 72))).dpi == 500
    assert decoded(encoded(Image.fromarray(ridges()), kind, dpi=(500, 300))).dpi == 500


def test_wsq_says_its_resolution_in_a_comment() -> None:
    data = encoded(Image.fromarray(ridges()), "WSQ")
    assert decoded(data).dpi == 500
    assert decoded(data.replace(b"PPI 500", b"PPI 333")).dpi == 333


def test_a_given_resolution_wins() -> None:
    assert decoded(encoded(Image.fromarray(ridges()), "PNG", dpi=(400, 400)), dpi=569).dpi == 569


@pytest.mark.parametrize("dpi", [0, -500, 249.9, 1000.1, float("nan"), float("inf")])
def test_a_given_resolution_that_cannot_be_is_refused(dpi: float) -> None:
    data = encoded(Image.fromarray(ridges()), "PNG")
    assert refusal(data, dpi=dpi) is ErrorCode.RESOLUTION_UNUSABLE
    assert decoded(data, Modality.FACE, dpi=dpi).dpi is None


@pytest.mark.parametrize("data", [b"hello", b"\x00" * 100, b"%PDF-1.7 ...", b"<svg/>", b"P5 3 3 255\n123456789"])
def test_what_is_not_an_image_is_unreadable(data: bytes) -> None:
    assert refusal(data) is ErrorCode.IMAGE_UNREADABLE


def test_floating_point_pixels_are_unreadable() -> None:
    assert refusal(encoded(Image.new("F", (9, 9), 0.5), "TIFF")) is ErrorCode.IMAGE_UNREADABLE


def test_no_bytes_is_empty() -> None:
    assert refusal(b"") is ErrorCode.IMAGE_EMPTY


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_never_half_a_picture(kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (128, 128), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    assert refusal(data[: int(share * len(data))]) is ErrorCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_several_pictures_are_refused(kind: str) -> None:
    frames = [Image.new("L", (32, 32), level) for level in (0, 100, 200)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refusal(data) is ErrorCode.IMAGE_ANIMATED


def test_the_first_picture_of_a_phones_mpo_is_taken() -> None:
    first, extra = Image.new("RGB", (32, 32), (255, 0, 0)), Image.new("RGB", (8, 8))
    data = encoded(first, "MPO", save_all=True, append_images=[extra])
    assert decoded(data, Modality.FACE).pixels.shape == (32, 32, 3)


def _png_of(width: int, height: int) -> bytes:
    """A PNG whose header says so, with next to nothing behind it."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _wsq_of(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.fromarray(ridges()), "WSQ"))
    at = data.index(b"\xff\xa2") + 6
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("size", [(30_000, 30_000), (2001, 2000), (40_000, 1), (1, 40_000), (12_000, 9_000)])
@pytest.mark.parametrize("make", [_png_of, _wsq_of])
def test_a_huge_picture_is_refused_by_its_header_alone(make: Make, size: tuple[int, int]) -> None:
    began = time.process_time()
    assert refusal(make(*size)) is ErrorCode.IMAGE_TOO_LARGE
    assert time.process_time() - began < 0.5


def _gif_of(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def _bmp_of(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (8, 8)), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


@pytest.mark.parametrize("make", [_png_of, _wsq_of, _gif_of, _bmp_of])
def test_a_picture_without_width_is_empty(make: Make) -> None:
    assert refusal(make(0, 300)) is ErrorCode.IMAGE_EMPTY


def test_a_file_of_too_many_bytes_is_not_even_looked_at() -> None:
    assert refusal(b"x" * (LIMITS.max_bytes + 1)) is ErrorCode.IMAGE_TOO_LARGE


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # Pillow's remarks on odd metadata
@pytest.mark.parametrize("kind", FORMATS)
def test_a_damaged_file_gives_a_picture_or_one_typed_error(kind: str) -> None:
    chance = random.Random(kind)
    whole = encoded(Image.fromarray(ridges(96, 80)), kind)
    for _ in range(400):
        data = _damaged(whole, chance)
        try:
            pixels = decoded(data, limits=ImageLimits(1_000_000, 250_000)).pixels
        except BiometricServiceError as fault:
            assert fault.code in REFUSALS  # noqa: PT017 (either way is right)
        else:
            assert pixels.dtype == np.uint8
            assert pixels.size


REFUSALS = {
    ErrorCode.IMAGE_UNREADABLE,
    ErrorCode.IMAGE_TRUNCATED,
    ErrorCode.IMAGE_TOO_LARGE,
    ErrorCode.IMAGE_EMPTY,
    ErrorCode.IMAGE_ANIMATED,
}


def _damaged(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.choice([1, 2, 5, 20])):
        at = chance.randrange(min(len(damaged), chance.choice([64, 600, 100_000])))
        match chance.randrange(4):
            case 0 | 1:
                damaged[at] = chance.choice([0, 255, chance.randrange(256)])
            case 2:
                del damaged[at : at + chance.randrange(1, 30)]
            case _:
                damaged[at:at] = chance.randbytes(chance.randrange(1, 20))
        if not damaged:
            break
    return bytes(damaged[: chance.randrange(len(damaged) + 1)] if chance.random() < 0.2 else damaged)
