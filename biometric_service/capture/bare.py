"""An image that is kept, without what its file says beside the picture: place, time, camera, texts, thumbnails.

The pixels stay as they were coded wherever the file can be put together anew, and are written as PNG elsewhere.
"""

import io
import struct
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import ExifTags, Image

from biometric_service.capture import tones
from biometric_service.capture.containers import EXIF, bare_jpeg, bare_jpeg_2000, bare_png
from biometric_service.capture.devices import png
from biometric_service.capture.face_records import face_part, is_face_record, open_part
from biometric_service.capture.files import ImageLimits, Picture, open_picture
from biometric_service.errors import BiometricServiceError
from device_drivers.wsq.bare import without_comments
from device_drivers.wsq.faults import DamagedError
from device_drivers.wsq.segments import is_wsq

KEPT_TAGS: Final = (
    ExifTags.Base.Orientation,
    ExifTags.Base.XResolution,
    ExifTags.Base.YResolution,
    ExifTags.Base.ResolutionUnit,
)
"""How a picture is held and what its size is: all of EXIF that a reader needs."""
LARGEST: Final = 100_000
PLAIN_MODES: Final = frozenset({"1", "L", "RGB", "I;16"})
_FAULTS = (ValueError, IndexError, KeyError, struct.error, DamagedError, BiometricServiceError)

_FORMS: Mapping[str, Callable[[bytes, bytes], bytes]] = {
    "JPEG": bare_jpeg,
    "MPO": bare_jpeg,
    "PNG": bare_png,
    "JPEG2000": lambda data, _: bare_jpeg_2000(data),
}


def bare_image(data: bytes, limits: ImageLimits) -> bytes:
    """The file with the same pixels, how they are turned and their resolution, and nothing else.

    Of a record with a face, the image alone. Raises what ``open_picture`` and ``open_face_record`` raise.
    """
    if is_face_record(data):
        part = face_part(data, limits)
        return bare_image(part.data, limits) if part.raster.compressed else _as_png(open_part(part, limits), b"")
    picture = open_picture(data, limits)
    exif = _kept_exif(picture.image)
    try:
        made = without_comments(data) if is_wsq(data) else _FORMS[picture.image.format or ""](data, exif)
        if _alike(open_picture(made, limits), picture):
            return made
    except _FAULTS:
        pass
    return _as_png(picture, exif)


def _kept_exif(image: Image.Image) -> bytes:
    """A TIFF header with the tags that are kept; empty where the file says none of them, or nobody can read it."""
    kept = Image.Exif()
    try:
        said = image.getexif()
        for tag in KEPT_TAGS:
            if 0 < _number(said.get(tag)) <= LARGEST:
                kept[tag] = said[tag]
        return kept.tobytes().removeprefix(EXIF) if kept else b""
    except Exception:  # noqa: BLE001 (a parser of foreign bytes promises nothing; pixels are good without EXIF)
        return b""


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0


def _alike(made: Picture, kept: Picture) -> bool:
    return np.array_equal(np.asarray(made.image), np.asarray(kept.image))


def _as_png(picture: Picture, exif: bytes) -> bytes:
    """Without loss where PNG can hold what there is; else as the service itself sees it."""
    image, file = picture.image, io.BytesIO()
    if image.mode not in PLAIN_MODES:
        return png(tones.bgr(image), picture.dpi and picture.dpi[0])
    resolution = {"dpi": picture.dpi} if picture.dpi else {}
    Image.fromarray(np.asarray(image)).save(file, "PNG", exif=EXIF + exif if exif else b"", **resolution)
    return file.getvalue()
