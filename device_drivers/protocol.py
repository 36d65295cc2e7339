"""What every capture device promises: it knows optics and wire, never identity."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Characteristic(StrEnum):
    """What a device captures."""

    FINGERPRINT = "fingerprint"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """Identity of a device. ``dpi``: pixels an inch of a fingerprint scanner, None where the image itself says it."""

    url: str
    family: str
    model: str
    serial: str
    captures: frozenset[Characteristic]
    dpi: float | None


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What to capture. ``timeout``: seconds to wait for each frame, above 0."""

    characteristic: Characteristic
    timeout: float = 10.0


class Setting(NamedTuple):
    """One thing that was set on the device while it captured, such as ``baud`` or ``pixel format``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured image.

    ``pixels``: uint8, (height, width) grey or (height, width, 3) BGR. ``dpi``: pixels an inch, None where unknown or
    meaningless. ``captured_at``: UTC; ``monotonic``: seconds of the host's monotonic clock. ``digest``: SHA-256
    (hex) of the pixels' bytes in row order. ``settings``: how the device was set, without secrets.
    """

    pixels: NDArray[np.uint8]
    dpi: float | None
    captured_at: datetime
    monotonic: float
    device: DeviceInfo
    digest: str
    settings: tuple[Setting, ...] = ()


class Advice(StrEnum):
    """What is advised, for whoever says it in another language; AGAIN where there is no kind of it here."""

    AGAIN = "device"
    PLACE = "device_place"
    UNCLEAR = "device_unclear"
    ASKEW = "device_askew"
    OFF_CENTRE = "device_off_centre"
    TOO_SHORT = "device_too_short"
    TOO_FAST = "device_too_fast"
    LIFT = "device_lift"
    NOT_LIVING = "device_not_living"
    DAMAGED = "device_damaged"
    FILE_UNREADABLE = "device_file_unreadable"
    FILE_OF_OTHER = "device_file_of_other"


@dataclass(frozen=True, slots=True)
class Retry:
    """Advice to the subject on how to do better, in English; not a fault."""

    advice: str
    kind: Advice = Advice.AGAIN


class CaptureSession(Protocol):
    """An opened device."""

    def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """Frames captured after this was asked, until the caller stops or the device has no more.

        A frame that shows what was before the device earlier is never given: it may be another person. DeviceError:
        UNSUPPORTED for a characteristic that the device does not capture, TIMEOUT where no frame comes in time,
        UNPLUGGED where the device goes, PROTOCOL where it sends what its family does not.
        """


class CaptureDevice(Protocol):
    """A device that can be opened; opening twice at once raises DeviceError(BUSY) where the hardware cannot share."""

    info: DeviceInfo

    def open(self) -> AbstractAsyncContextManager[CaptureSession]:
        """Open the device for as long as the context lasts."""


class PreviewSession(CaptureSession, Protocol):
    """An opened device that shows what it sees before it captures."""

    def preview(self, request: CaptureRequest) -> AsyncGenerator[NDArray[np.uint8], None]:
        """Pictures for somebody to look at, as ``Frame.pixels``: nothing says whose they are, so none is a sample.

        DeviceError as ``capture`` raises.
        """
