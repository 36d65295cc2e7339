"""Frames made of pixels."""

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, DeviceInfo, Frame, Setting


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was captured: ``utc``, and ``monotonic`` seconds of the host's clock that is never put back."""

    utc: datetime
    monotonic: float


def now() -> Moment:
    """This moment."""
    return Moment(datetime.now(UTC), time.monotonic())


def at(monotonic: float) -> Moment:
    """The moment at which the monotonic clock showed this."""
    return Moment(datetime.now(UTC) - timedelta(seconds=time.monotonic() - monotonic), monotonic)


def frame_of(
    pixels: NDArray[np.uint8],
    dpi: float | None,
    device: DeviceInfo,
    settings: tuple[Setting, ...] = (),
    captured: Moment | None = None,
) -> Frame:
    """A frame, captured now where no moment is given; the pixels are copied and can no longer be written to."""
    kept = np.ascontiguousarray(pixels).copy()
    kept.setflags(write=False)
    moment = captured or now()
    digest = hashlib.sha256(kept.tobytes()).hexdigest()
    return Frame(kept, dpi, moment.utc, moment.monotonic, device, digest, settings)


def require_captures(device: DeviceInfo, request: CaptureRequest) -> None:
    """DeviceError(UNSUPPORTED) where the device does not capture what is asked."""
    if request.characteristic not in device.captures:
        known = " and ".join(sorted(each.value for each in device.captures))
        raise DeviceError(Reason.UNSUPPORTED, f"{device.url} captures {known} only: use another device.")
