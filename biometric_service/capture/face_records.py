"""Faces out of and into the records that agencies exchange: ISO/IEC 19794-5, and Type-10 of ANSI/NIST-ITL."""

import io
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.capture import refusals
from biometric_service.capture.files import ImageLimits, Picture, open_picture
from biometric_service.errors import BiometricServiceError, ErrorCode
from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import Characteristic
from device_drivers.records import face_images, face_transactions, transaction_images, transactions
from device_drivers.records.image import RecordPart

BYTE = 8
PLAIN_MODES = {8: "L", 24: "RGB"}


class FaceRecord(StrEnum):
    """A kind of record that is written; the value is its usual extension."""

    ISO_19794_5 = "fac"
    ANSI_NIST_ITL = "an2"


def is_face_record(data: bytes) -> bool:
    """Whether the bytes begin like a face image record or a transaction."""
    return data.startswith(face_images.MAGIC) or transactions.is_transaction(data)


def open_face_record(data: bytes, limits: ImageLimits) -> Picture:
    """The one face in a record; what ``face_part`` and ``open_part`` raise."""
    return open_part(face_part(data, limits), limits)


def face_part(data: bytes, limits: ImageLimits) -> RecordPart:
    """The one face in a record, not decoded; what else a transaction holds is passed over.

    IMAGE_TRUNCATED where the record is not whole or contradicts its image, IMAGE_UNREADABLE where it holds no face,
    IMAGE_ANIMATED where it holds several.
    """
    limits.check_bytes(data)
    try:
        found = [part for part in _parts(data) if part.characteristic is Characteristic.FACE]
    except DamagedPictureError:
        raise refusals.truncated() from None
    if not found:
        raise refusals.unreadable("the record holds no face")
    if len(found) > 1:
        raise refusals.animated()
    return found[0]


def write_face(pixels: NDArray[np.uint8], form: FaceRecord, captured: datetime, agency: str) -> bytes:
    """A face, uint8 BGR (h, w, 3), as a record with the picture in JPEG 2000 without loss.

    ``agency``: who sends it, for a transaction. REQUEST_INVALID for a name that a transaction cannot hold.
    """
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., ::-1])).save(file, "JPEG2000", irreversible=False)
    height, width = pixels.shape[:2]
    try:
        return _WRITERS[form](file.getvalue(), width, height, captured, agency)
    except ValueError as fault:
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"{fault}.", "Name it by --agency.") from None


def _parts(data: bytes) -> list[RecordPart]:
    if data.startswith(face_images.MAGIC):
        return face_images.parts(data)
    return transaction_images.parts(transactions.read(data))


def open_part(part: RecordPart, limits: ImageLimits) -> Picture:
    """The image of a record, a face or a finger; IMAGE_TRUNCATED where it is not what its record says.

    Also what ``open_picture`` raises.
    """
    raster = part.raster
    limits.check_size(raster.width, raster.height)
    if not raster.compressed:
        return _plain(part)
    picture = open_picture(part.data, limits)
    if picture.image.size != (raster.width, raster.height):
        raise refusals.truncated()
    return picture


def _plain(part: RecordPart) -> Picture:
    """Pixels as they are, red first."""
    raster = part.raster
    mode = PLAIN_MODES.get(raster.bits)
    if mode is None or len(part.data) * BYTE != raster.bits * raster.width * raster.height:
        raise refusals.truncated()
    return Picture(Image.frombytes(mode, (raster.width, raster.height), part.data), None)


def _iso_19794_5(jpeg_2000: bytes, width: int, height: int, captured: datetime, _: str) -> bytes:
    return face_images.written(jpeg_2000, width, height, captured)


_WRITERS: Mapping[FaceRecord, Callable[[bytes, int, int, datetime, str], bytes]] = {
    FaceRecord.ISO_19794_5: _iso_19794_5,
    FaceRecord.ANSI_NIST_ITL: face_transactions.written,
}
