"""Image files of every kind that is taken, as fingerprints and as faces."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from benchmarks.fuzz.target import Target
from biometric_service.capture.images import ImageLimits, decode
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality

LIMITS = ImageLimits(max_bytes=1_000_000, max_pixels=1_000_000)
SOURCE = CaptureSource("fuzzing", datetime(2020, 1, 1, tzinfo=UTC))
FORMATS = ("PNG", "JPEG", "JPEG2000", "TIFF", "BMP", "WEBP", "GIF")
COMPRESSED = ("tiff_lzw", "tiff_deflate", "packbits", "group4", "jpeg")


def exercise(data: bytes) -> None:
    """Decode it; a sample is never larger than is taken."""
    for modality in Modality:
        sample = decode(data, modality, FingerPosition.UNKNOWN, None, SOURCE, LIMITS)
        assert 0 < sample.pixels.shape[0] * sample.pixels.shape[1] <= LIMITS.max_pixels


def seeds() -> Iterator[bytes]:
    """A small picture in every format, in grey, in colour and by every compression of TIFF."""
    y, x = np.mgrid[:24, :20]
    grey = (128 + 90 * np.sin((x + y) / 1.5)).astype(np.uint8)
    for pixels in (grey, np.stack([grey, 255 - grey, grey], axis=2)):
        for form in FORMATS:
            yield _saved(pixels, form)
    for compression in COMPRESSED:
        yield _saved(grey, "TIFF", compression)


def _saved(pixels: np.ndarray, form: str, compression: str | None = None) -> bytes:
    file, image = io.BytesIO(), Image.fromarray(pixels)
    if compression == "group4":
        image = image.convert("1")
    image.save(file, form, **({"compression": compression} if compression else {"dpi": (500, 500)}))
    return file.getvalue()


TARGET = Target(exercise, seeds, longest=8192)
