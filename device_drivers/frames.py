"""Frames made of pixels."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, DeviceInfo, Frame, Retry, Setting


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


def together(found: Sequence[Retry | Frame]) -> list[Retry | Frame]:
    """What one capture gave: where it gave several frames, each says in ``image`` which it is, such as ``3 of 14``."""
    frames = [each for each in found if isinstance(each, Frame)]
    if len(frames) < 2:  # noqa: PLR2004 (one alone says nothing)
        return list(found)
    numbers = {id(frame): f"{number} of {len(frames)}" for number, frame in enumerate(frames, 1)}
    return [_saying(each, Setting("image", numbers[id(each)])) if isinstance(each, Frame) else each for each in found]


def said_of(frame: Frame, name: str) -> str:
    """What the frame says under this name of a setting, empty where it says nothing."""
    return next((each.value for each in frame.settings if each.name == name), "")


def _saying(frame: Frame, setting: Setting) -> Frame:
    return replace(frame, settings=(*frame.settings, setting))


def require_captures(device: DeviceInfo, request: CaptureRequest) -> None:
    """DeviceError(UNSUPPORTED) where the device does not capture what is asked."""
    if request.characteristic not in device.captures:
        known = " and ".join(sorted(each.value for each in device.captures))
        raise DeviceError(Reason.UNSUPPORTED, f"{device.url} captures {known} only: use another device.")
