"""Images as they are put into records: left as they are kept where that can be, else written anew."""

import io
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.capture.bare import bare_image
from biometric_service.capture.face_records import is_face_record
from biometric_service.capture.files import ImageLimits, Picture, open_picture
from biometric_service.capture.images import decode
from biometric_service.capture.writing import ImageFormat, write
from biometric_service.interchange.itl.writing import Payload
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality
from device_drivers.wsq.segments import is_wsq

UPRIGHT, ORIENTATION = 1, 274
PLAIN_MODES = frozenset({"L", "RGB"})


class Compression(StrEnum):
    """How an export writes images. KEPT: as the file that is kept, where a record can hold that; else PNG."""

    KEPT = "kept"
    WSQ = "wsq"
    JPEG_2000 = "jp2"
    PNG = "png"
    NONE = "none"


CODES = {Compression.WSQ: "WSQ20", Compression.JPEG_2000: "JP2L", Compression.PNG: "PNG", Compression.NONE: "NONE"}
FILES = {
    Compression.WSQ: ImageFormat.WSQ,
    Compression.JPEG_2000: ImageFormat.JPEG_2000,
    Compression.PNG: ImageFormat.PNG,
}
KEPT_CODES = {"PNG": "PNG", "JPEG": "JPEGB", "JPEG2000": "JP2"}


def finger_payload(
    data: bytes, dpi: float, compression: Compression, source: CaptureSource, limits: ImageLimits
) -> Payload:
    """A fingerprint that is kept as ``data``, a file; raises what ``decode`` raises."""
    if compression is Compression.KEPT:
        kept = _as_kept(data, dpi, limits)
        if kept:
            return kept
    pixels = decode(data, Modality.FINGERPRINT, FingerPosition.UNKNOWN, dpi, source, limits).pixels
    form = Compression.PNG if compression is Compression.KEPT else compression
    file = pixels.tobytes() if form is Compression.NONE else write(pixels, dpi, FILES[form])
    return Payload(file, CODES[form], pixels.shape[1], pixels.shape[0], dpi)


def face_payload(data: bytes, compression: Compression, source: CaptureSource, limits: ImageLimits) -> Payload:
    """A face that is kept as ``data``, a file or a record; WSQ holds no faces, which are written as PNG then."""
    if compression is Compression.KEPT and not is_face_record(data):
        kept = _as_kept(data, None, limits)
        if kept:
            return kept
    pixels = decode(data, Modality.FACE, FingerPosition.UNKNOWN, None, source, limits).pixels
    form = compression if compression in {Compression.JPEG_2000, Compression.NONE} else Compression.PNG
    return Payload(_face_file(pixels, form), CODES[form], pixels.shape[1], pixels.shape[0], None)


def _as_kept(data: bytes, dpi: float | None, limits: ImageLimits) -> Payload | None:
    """The file itself without what it says beside the picture, where a record can hold it and it needs no turning."""
    file = bare_image(data, limits)
    picture = open_picture(file, limits)
    code = "WSQ20" if is_wsq(file) else KEPT_CODES.get(picture.image.format or "")
    if code is None or picture.image.mode not in PLAIN_MODES or not _upright(picture):
        return None
    return Payload(file, code, *picture.image.size, dpi)


def _upright(picture: Picture) -> bool:
    return bool(picture.image.getexif().get(ORIENTATION, UPRIGHT) == UPRIGHT)


def _face_file(pixels: NDArray[np.uint8], form: Compression) -> bytes:
    colours = np.ascontiguousarray(pixels[..., ::-1])
    if form is Compression.NONE:
        return colours.tobytes()
    file = io.BytesIO()
    lossless = {"irreversible": False} if form is Compression.JPEG_2000 else {}
    Image.fromarray(colours).save(file, "JPEG2000" if form is Compression.JPEG_2000 else "PNG", **lossless)
    return file.getvalue()
