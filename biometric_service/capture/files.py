"""Opens an image file with care: header before pixels, one still picture, all of it or none."""

import io
from dataclasses import dataclass

from PIL import Image

from biometric_service.capture import refusals, wsq
from biometric_service.errors import BiometricServiceError

TAKEN = ("PNG", "JPEG", "JPEG2000", "TIFF", "BMP", "DIB", "WEBP", "GIF")
PHOTO_WITH_EXTRAS = "MPO"
LONGEST_SIDE = 32_766
SIGNATURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    b"RIFF",
    b"GIF8",
)


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
        return _open_wsq(data, limits) if wsq.is_wsq(data) else _open_with_pillow(data, limits)
    except BiometricServiceError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refusals.too_many_pixels(limits.max_pixels, LONGEST_SIDE) from None
    except Exception:  # noqa: BLE001 (decoders of foreign bytes raise whatever they like)
        raise refusals.truncated() if _is_known(data) else refusals.unreadable("it is not an image") from None


def _open_wsq(data: bytes, limits: ImageLimits) -> Picture:
    header = wsq.read_header(data)
    limits.check_size(header.width, header.height)
    dpi = None if header.ppi is None else (header.ppi, header.ppi)
    return Picture(Image.fromarray(wsq.decode(data)), dpi)


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


def _is_known(data: bytes) -> bool:
    return data.startswith((*SIGNATURES, wsq.SIGNATURE))
