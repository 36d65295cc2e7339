"""Pictures of images, in a form that browsers show."""

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.capture import tones
from biometric_service.capture.files import ImageLimits, open_picture
from biometric_service.errors import BiometricServiceError
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.samples import Modality


def as_png(walk: Walk, data: bytes, modality: Modality) -> str:
    """The address of the picture itself (data:), empty where the image cannot be read."""
    try:
        pixels = walk.decode(GivenImage(data, modality)).pixels
    except BiometricServiceError:
        return ""
    return _address(pixels if modality is Modality.FINGERPRINT else pixels[:, :, ::-1])


def file_as_png(data: bytes, limits: ImageLimits) -> tuple[str, int]:
    """The picture in a file as it is, and how many pixels that are: empty and 0 where it cannot be read."""
    try:
        image = open_picture(data, limits).image
        pixels = tones.bgr(image)[:, :, ::-1] if image.mode != "L" else tones.grey(image)
    except BiometricServiceError:
        return "", 0
    return _address(pixels), image.width * image.height


def _address(pixels: NDArray[np.uint8]) -> str:
    written = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"
