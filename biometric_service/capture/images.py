"""An image file becomes a biometric sample."""

import hashlib

from biometric_service.capture import tones
from biometric_service.capture.face_records import is_face_record, open_face_record
from biometric_service.capture.files import ImageLimits, Picture, open_picture
from biometric_service.capture.polarity import dark_ridges
from biometric_service.capture.resolution import resolution
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality

__all__ = ["ImageLimits", "decode"]


def decode(  # noqa: PLR0913, PLR0917 (each is a fact about the image that only the caller knows)
    data: bytes,
    modality: Modality,
    position: FingerPosition,
    dpi: float | None,
    source: CaptureSource,
    limits: ImageLimits,
) -> BiometricSample:
    """Decode a PNG, JPEG, JPEG 2000, TIFF, BMP, WebP, single GIF or WSQ file into an upright 8-bit sample.

    A face may also lie in a record of ISO/IEC 19794-5 or ANSI/NIST-ITL (Type-10).

    ``dpi``: pixels an inch of a fingerprint, 250 to 1000, or None to go by the file and else by 500; not looked at for
    a face. Raises IMAGE_EMPTY, IMAGE_TOO_LARGE, IMAGE_UNREADABLE, IMAGE_TRUNCATED, IMAGE_ANIMATED, RESOLUTION_UNUSABLE.
    """
    digest = hashlib.sha256(data).hexdigest()
    if modality is Modality.FACE:
        picture = open_face_record(data, limits) if is_face_record(data) else open_picture(data, limits)
        return BiometricSample(modality, tones.bgr(picture.image), None, FingerPosition.UNKNOWN, source, digest)
    picture = open_picture(data, limits)
    return _fingerprint(picture, position, resolution(dpi, picture.dpi), source, digest)


def _fingerprint(
    picture: Picture, position: FingerPosition, dpi: float, source: CaptureSource, digest: str
) -> BiometricSample:
    pixels = dark_ridges(tones.grey(picture.image))
    return BiometricSample(Modality.FINGERPRINT, pixels, dpi, position, source, digest)
