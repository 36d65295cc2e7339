"""A comparison as one picture: the probe on the left, the reference on the right."""

from io import BytesIO

from PIL import Image

from biometric_service.api.explanation import faces, fingerprints
from biometric_service.recognition.explanation import ExplainedComparison
from biometric_service.vocabulary.templates import FaceTemplate


def draw(compared: ExplainedComparison) -> bytes:
    """The picture as PNG."""
    if isinstance(compared.probe.template, FaceTemplate):
        return _png(faces.draw(compared))
    return _png(fingerprints.draw(compared))


def words(compared: ExplainedComparison, language: str) -> str:
    """The picture in words, for those who cannot see it."""
    if isinstance(compared.probe.template, FaceTemplate):
        return faces.words(compared).told(language)
    return fingerprints.words(compared).told(language)


def _png(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
