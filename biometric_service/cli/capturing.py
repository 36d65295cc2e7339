"""Images of one person, from files or from a device."""

from collections.abc import Sequence
from pathlib import Path

from biometric_service.capture.devices import capture_one, png, position_of
from biometric_service.cli.people import Reading, image_files, parse_numbers
from biometric_service.cli.printing import advise
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage


def images_of(
    paths: Sequence[Path] | None, device: str | None, reading: Reading, samples: str | None = None
) -> tuple[GivenImage, ...]:
    """The images in the paths, or one captured from the device; REQUEST_INVALID for both or neither."""
    if (device is None) == (not paths):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "It is not clear where the images are.", "Name image files or a --device."
        )
    if device is not None:
        frame = capture_one(device, reading.modality, advise)
        dpi = reading.dpi or frame.dpi
        position = position_of(frame, reading.position)
        return (GivenImage(png(frame), reading.modality, position, dpi, frame.device.url),)
    return tuple(file.read(reading) for file in image_files(paths or (), parse_numbers(samples)))
