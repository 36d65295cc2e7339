"""A frame from a capture device, as the bytes that the walk begins with."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import Modality
from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, Characteristic, DeviceInfo, Frame, Retry
from device_drivers.registry import device

TIMEOUT_SECONDS = 10.0
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
        raise device_failed(fault.reason, fault.message) from None


def device_info(url: str) -> DeviceInfo:
    """What the URL says of the device, which is not opened; DEVICE_FAILED for a URL that no driver knows."""
    try:
        return device(url).info
    except DeviceError as fault:
        raise device_failed(fault.reason, fault.message) from None


def png(pixels: NDArray[np.uint8], dpi: float | None) -> bytes:
    """Pixels, uint8 (h, w) grey or (h, w, 3) BGR, as a file without loss, with their dpi where that is known."""
    file = io.BytesIO()
    resolution = {} if dpi is None else {"dpi": (dpi, dpi)}
    Image.fromarray(pixels if pixels.ndim == 2 else pixels[:, :, ::-1]).save(file, "PNG", **resolution)  # noqa: PLR2004 (grey, or BGR)
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


def device_failed(reason: Reason, what_to_do: str, what: str = "The device could not capture") -> BiometricServiceError:
    """The fault of a device, as a fault of the service's; ``what``: the beginning of a sentence on what is wrong."""
    return BiometricServiceError(ErrorCode.DEVICE_FAILED, f"{what} ({reason.value}).", what_to_do)
