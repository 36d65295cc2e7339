"""Opens an image file with care: header before pixels, one still picture, all of it or none."""

import io
import struct
from dataclasses import dataclass

from PIL import Image

from biometric_service.capture import refusals
from biometric_service.errors import BiometricServiceError
from device_drivers.wsq.decoding import read
from device_drivers.wsq.segments import is_wsq

TAKEN = ("PNG", "JPEG", "JPEG2000", "TIFF", "BMP", "DIB", "WEBP", "GIF")
PHOTO_WITH_EXTRAS = "MPO"
LONGEST_SIDE = 32_766
PNG, GIF, BMP = b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM"
JPEG, JPEG_2000, JPEG_2000_CODESTREAM = b"\xff\xd8\xff", b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"
TIFF_LITTLE, TIFF_BIG, WEBP = b"II*\x00", b"MM\x00*", b"RIFF"
SIGNATURES = (PNG, GIF, BMP, JPEG, JPEG_2000, JPEG_2000_CODESTREAM, TIFF_LITTLE, TIFF_BIG, WEBP)
STATED_SIZES = {PNG: (16, ">II"), GIF: (6, "<HH"), BMP: (18, "<ii")}


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What is taken at the most: ``max_bytes`` of a file and ``max_pixels`` (Pillow's own guard is at 178 million)."""

    max_bytes: int
    max_pixels: int

    def check_bytes(self, data: bytes) -> None:
        """IMAGE_EMPTY, IMAGE_TOO_LARGE."""
        if not data:
            raise refusals.empty()
        if len(data) > self.max_bytes:
            raise refusals.too_many_bytes(len(data), self.max_bytes)

    def check_size(self, width: int, height: int) -> None:
        """IMAGE_EMPTY, IMAGE_TOO_LARGE; no side may be longer than OpenCV's remapping goes."""
        if width <= 0 or height <= 0:
            raise refusals.empty()
        if width * height > self.max_pixels or max(width, height) > LONGEST_SIDE:
            raise refusals.too_many_pixels(self.max_pixels, LONGEST_SIDE)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and the (horizontal, vertical) dpi that its file states, if any."""

    image: Image.Image
    dpi: tuple[float, float] | None


def open_picture(data: bytes, limits: ImageLimits) -> Picture:
    """Decode a file.

    IMAGE_EMPTY, IMAGE_TOO_LARGE (from the header alone), IMAGE_UNREADABLE, IMAGE_TRUNCATED, IMAGE_ANIMATED.
    """
    limits.check_bytes(data)
    try:
        return _open_wsq(data, limits) if is_wsq(data) else _open_with_pillow(data, limits)
    except BiometricServiceError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refusals.too_many_pixels(limits.max_pixels, LONGEST_SIDE) from None
    except Exception:  # noqa: BLE001 (decoders of foreign bytes raise whatever they like)
        raise _diagnosis(data) from None


def _open_wsq(data: bytes, limits: ImageLimits) -> Picture:
    file = read(data)
    limits.check_size(file.frame.width, file.frame.height)
    return Picture(Image.fromarray(file.pixels()), None if file.ppi is None else (file.ppi, file.ppi))


def _open_with_pillow(data: bytes, limits: ImageLimits) -> Picture:
    with Image.open(io.BytesIO(data), formats=TAKEN) as image:
        limits.check_size(*image.size)
        if image.format != PHOTO_WITH_EXTRAS and getattr(image, "is_animated", False):
            raise refusals.animated()
        image.load()
        return Picture(image, _stated_dpi(image))


def _stated_dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = image.info["dpi"]
        return float(across), float(down)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _diagnosis(data: bytes) -> BiometricServiceError:
    """What is to be said of a file that could not be decoded."""
    if not (is_wsq(data) or data.startswith(SIGNATURES)):
        return refusals.unreadable("it is not an image")
    return refusals.empty() if _states_no_pixels(data) else refusals.truncated()


def _states_no_pixels(data: bytes) -> bool:
    for signature, (at, layout) in STATED_SIZES.items():
        if data.startswith(signature) and len(data) >= at + struct.calcsize(layout):
            return 0 in struct.unpack_from(layout, data, at)
    return False
