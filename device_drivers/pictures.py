"""Image files as pixels: PNG, JPEG, JPEG 2000, WSQ, BMP, TIFF."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from device_drivers.errors import DeviceError, Reason
from device_drivers.wsq.segments import is_wsq

FORMATS = ("PNG", "JPEG", "JPEG2000", "BMP", "DIB", "TIFF")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".wsq", ".bmp", ".tif", ".tiff"})
GREY_MODES = frozenset({"1", "L", "LA"})
DEEP_GREY_MODES = frozenset({"I;16", "I;16B", "I"})
LEAST_DPI = 250


class DamagedPictureError(Exception):
    """The bytes are not an image, or not all of one."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``pixels``: uint8, (height, width) grey or (height, width, 3) BGR. ``dpi``: as the file says, None below 250."""

    pixels: NDArray[np.uint8]
    dpi: float | None


def decoded(data: bytes) -> Picture:
    """All of the picture, upright as its EXIF says; DamagedPictureError where a part is missing or wrong.

    DeviceError(UNSUPPORTED) for WSQ where the extra ``wsq`` is not installed.
    """
    try:
        return _wsq(data) if is_wsq(data) else _with_pillow(data)
    except DeviceError:
        raise
    except Exception as fault:  # noqa: BLE001 (decoders of foreign bytes raise whatever they like)
        raise DamagedPictureError(str(fault)) from None


def _wsq(data: bytes) -> Picture:
    try:
        from device_drivers.wsq.decoding import read  # noqa: PLC0415 (its compiler takes a second to import)
    except ModuleNotFoundError as missing:
        raise DeviceError(Reason.UNSUPPORTED, f"WSQ needs {missing.name}: install the extra wsq.") from None
    file = read(data)
    return Picture(file.pixels(), file.ppi)


def _with_pillow(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        said = float(image.info.get("dpi", (0, 0))[0])
        return Picture(_pixels(ImageOps.exif_transpose(image)), said if said >= LEAST_DPI else None)


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in DEEP_GREY_MODES:
        return (np.asarray(image, np.int64) >> 8).astype(np.uint8)
    if image.mode in GREY_MODES:
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGB"))[:, :, ::-1]
