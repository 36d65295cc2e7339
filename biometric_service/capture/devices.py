"""A frame from a capture device, as the bytes that the walk begins with."""

import asyncio

import cv2

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import Modality
from device_drivers.errors import DeviceError
from device_drivers.protocol import CaptureRequest, Characteristic, Frame
from device_drivers.registry import device


def capture_one(url: str, modality: Modality) -> tuple[bytes, float | None]:
    """One frame of the device at the URL: (PNG without loss, dpi or None); DEVICE_FAILED says what to do."""
    try:
        frame = asyncio.run(_first_frame(url, CaptureRequest(Characteristic(modality.value))))
    except DeviceError as fault:
        raise BiometricServiceError(
            ErrorCode.DEVICE_FAILED, f"The device could not capture ({fault.reason.value}).", fault.message
        ) from None
    _, encoded = cv2.imencode(".png", frame.pixels)
    return encoded.tobytes(), frame.dpi


async def _first_frame(url: str, request: CaptureRequest) -> Frame:
    async with device(url).open() as session:
        async for captured in session.capture(request):
            if isinstance(captured, Frame):
                return captured
    raise BiometricServiceError(
        ErrorCode.DEVICE_FAILED, "The device ended without a picture.", "Check the device and capture again."
    )
