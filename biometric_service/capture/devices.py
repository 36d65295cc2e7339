"""A frame from a capture device, as the bytes that the walk begins with."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from PIL import Image

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import FingerPosition, Modality
from device_drivers.errors import DeviceError
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry
from device_drivers.registry import device

TIMEOUT_SECONDS = 10.0
_POSITIONS = frozenset(FingerPosition)
Advise = Callable[[str], None]


def capture_one(
    url: str, modality: Modality, advise: Advise = lambda _: None, seconds: float = TIMEOUT_SECONDS
) -> Frame:
    """The first frame of the device at the URL; DEVICE_FAILED says what to do.

    ``advise`` is told what the person should do better meanwhile; ``seconds``: how long to wait for the frame.
    """
    request = CaptureRequest(Characteristic(modality.value), seconds)
    try:
        return asyncio.run(_first_frame(url, request, advise))
    except DeviceError as fault:
        raise _failed(fault) from None


def device_info(url: str) -> DeviceInfo:
    """What the URL says of the device, which is not opened; DEVICE_FAILED for a URL that no driver knows."""
    try:
        return device(url).info
    except DeviceError as fault:
        raise _failed(fault) from None


def position_of(frame: Frame, given: FingerPosition) -> FingerPosition:
    """The finger as the device or record says, else as it was given; REQUEST_INVALID where they contradict."""
    said = dict(frame.settings).get("position", "")
    told = FingerPosition(int(said)) if said.isdecimal() and int(said) in _POSITIONS else FingerPosition.UNKNOWN
    if FingerPosition.UNKNOWN in {told, given} or told is given:
        return told or given
    message = f"The device gives finger {told.value}, not finger {given.value} as was asked for."
    raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Capture the right finger, or correct its name.")


def png(frame: Frame) -> bytes:
    """The frame without loss, with its dpi where that is known."""
    pixels = frame.pixels if frame.pixels.ndim == 2 else frame.pixels[:, :, ::-1]  # noqa: PLR2004 (grey, or BGR)
    file = io.BytesIO()
    resolution = {} if frame.dpi is None else {"dpi": (frame.dpi, frame.dpi)}
    Image.fromarray(pixels).save(file, "PNG", **resolution)
    return file.getvalue()


async def _first_frame(url: str, request: CaptureRequest, advise: Advise) -> Frame:
    async with device(url).open() as session:
        capture = cast("AsyncGenerator[Retry | Frame]", session.capture(request))
        async with aclosing(capture):
            async for captured in capture:
                if isinstance(captured, Frame):
                    return captured
                advise(captured.advice)
    raise BiometricServiceError(
        ErrorCode.DEVICE_FAILED, "The device ended without a picture.", "Check the device and capture again."
    )


def _failed(fault: DeviceError) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.DEVICE_FAILED, f"The device could not capture ({fault.reason.value}).", fault.message
    )
