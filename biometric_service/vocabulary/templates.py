"""What comparison works on: minutiae, other engines' templates and face embeddings, each marked with its format."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import FingerPosition, Modality


@dataclass(frozen=True, slots=True)
class TemplateFormat:
    """Names the extractor and its version; templates of different formats are never compared."""

    modality: Modality
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class MinutiaeTemplate:
    """Minutiae of one finger at 500 dpi.

    ``positions``: float32 (n, 2), x right and y down, in pixels at 500 dpi. ``directions``: float32 (n,), radians in
    [0, 2 pi), counter-clockwise from the x axis, as in ISO/IEC 19794-2 (along the ridge, away from its ending).
    ``qualities``: float32 (n,), 0 to 1, higher is better. ``kinds``: uint8 (n,), 0 other, 1 ending, 2 bifurcation.
    ``size``: (width, height) of the image at 500 dpi. Raises TEMPLATE_INVALID where shapes, ranges or finiteness fail.
    """

    format: TemplateFormat
    position: FingerPosition
    positions: NDArray[np.float32]
    directions: NDArray[np.float32]
    qualities: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        count = len(self.positions)
        shapes = (self.positions.shape, self.directions.shape, self.qualities.shape, self.kinds.shape)
        _require(shapes == ((count, 2), (count,), (count,), (count,)), "its arrays differ in length")
        arrays = (self.positions, self.directions, self.qualities)
        _require(all(bool(np.isfinite(array).all()) for array in arrays), "a number in it is not finite")


@dataclass(frozen=True, slots=True)
class FaceTemplate:
    """A face embedding: float32 (d,), unit length; the dot product of two is their cosine, higher is more alike.

    Raises TEMPLATE_INVALID where it is not finite or not of unit length.
    """

    format: TemplateFormat
    embedding: NDArray[np.float32]

    def __post_init__(self) -> None:
        _require(self.embedding.ndim == 1, "its embedding is not one vector")
        _require(bool(np.isfinite(self.embedding).all()), "a number in it is not finite")
        _require(abs(float(np.linalg.norm(self.embedding)) - 1) < 1e-3, "its embedding is not of unit length")  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class SourceAfisTemplate:
    """A fingerprint as SourceAFIS keeps it; ``data``: its native template (CBOR). TEMPLATE_INVALID where empty."""

    format: TemplateFormat
    position: FingerPosition
    data: bytes

    def __post_init__(self) -> None:
        _require(bool(self.data), "it holds nothing")


Template = MinutiaeTemplate | SourceAfisTemplate | FaceTemplate


def position_of(template: Template) -> FingerPosition:
    """The finger a template is of; UNKNOWN for a face."""
    return FingerPosition.UNKNOWN if isinstance(template, FaceTemplate) else template.position


def content_of(template: Template) -> bytes:
    """What is compared of a template, whichever finger it is said to be of: copies of one sample have one content."""
    if isinstance(template, FaceTemplate):
        return template.embedding.tobytes()
    if isinstance(template, SourceAfisTemplate):
        return template.data
    return template.positions.tobytes() + template.directions.tobytes()


def _require(holds: bool, fault: str) -> None:  # noqa: FBT001
    if not holds:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_INVALID, f"The template is not valid: {fault}.", "Capture the sample again."
        )
