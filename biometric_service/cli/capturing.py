"""Images of one person, from files or from a device."""

from collections.abc import Sequence
from pathlib import Path

from biometric_service.capture.devices import capture_one
from biometric_service.cli.people import image_files, parse_numbers
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.samples import FingerPosition, Modality


def images_of(  # noqa: PLR0913, PLR0917 - what the command line was given
    paths: Sequence[Path] | None,
    device: str | None,
    modality: Modality,
    position: FingerPosition,
    dpi: float | None,
    samples: str | None = None,
) -> tuple[GivenImage, ...]:
    """The images in the paths, or one captured from the device; REQUEST_INVALID for both or neither."""
    if (device is None) == (not paths):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "It is not clear where the images are.", "Name image files or a --device."
        )
    if device is not None:
        data, captured_dpi = capture_one(device, modality)
        return (GivenImage(data, modality, position, dpi or captured_dpi, device),)
    return tuple(file.read(modality, position, dpi) for file in image_files(paths or (), parse_numbers(samples)))
