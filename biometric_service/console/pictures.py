"""Pictures of kept images, in a form that browsers show."""

import base64
from io import BytesIO

from PIL import Image

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
    written = BytesIO()
    Image.fromarray(pixels if modality is Modality.FINGERPRINT else pixels[:, :, ::-1]).save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"
