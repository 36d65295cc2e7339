"""Brings whatever a file holds (16-bit grey, CMYK, palette, transparency) to 8-bit grey or BGR, upright."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from biometric_service.capture.refusals import unreadable

Pixels = NDArray[np.uint8]

DEEP_GREY = {"I;16", "I;16L", "I;16B", "I;16N"}
NOT_TAKEN = {"I", "F"}

UPRIGHT: Mapping[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    7: lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1],
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}


def grey(image: Image.Image) -> Pixels:
    """uint8 (h, w); colours are weighed by ITU-R BT.601, what is transparent is white."""
    return _upright(image, _deep_grey(image) if image.mode in DEEP_GREY else np.asarray(_opaque(image).convert("L")))


def bgr(image: Image.Image) -> Pixels:
    """uint8 (h, w, 3), blue first; what is transparent is white."""
    if image.mode in DEEP_GREY:
        return _upright(image, np.repeat(_deep_grey(image)[..., np.newaxis], 3, axis=2))
    return _upright(image, cv2.cvtColor(np.asarray(_opaque(image).convert("RGB")), cv2.COLOR_RGB2BGR).astype(np.uint8))


def _deep_grey(image: Image.Image) -> Pixels:
    """0 to 65535 scaled to 0 to 255 (so that white stays white), rounded."""
    return ((np.asarray(image).astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in NOT_TAKEN:
        raise unreadable("its pixels are 32-bit or floating-point numbers; 8 or 16 bits are taken")
    if not image.has_transparency_data:
        return image
    over = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")


def _upright(image: Image.Image, pixels: Pixels) -> Pixels:
    turn = UPRIGHT.get(_orientation(image))
    return np.ascontiguousarray(turn(pixels) if turn else pixels)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or where it cannot be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 (a parser of foreign bytes promises nothing; pixels are good without EXIF)
        return 1
