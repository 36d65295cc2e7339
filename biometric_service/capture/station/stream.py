"""One capture session as lines of JSON for the page: what is seen, what to do, what was taken, how it ended."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.capture.devices import png
from biometric_service.capture.session.events import CaptureEvent, Ended, Seen, Taken
from biometric_service.capture.session.guided import GuidedCapture
from biometric_service.capture.session.ticking import ticking
from biometric_service.vocabulary.references import Json
from device_drivers.protocol import DeviceInfo
from device_drivers.signing.signer import FrameSigner, SignedStatement

PREVIEW_SECONDS, PREVIEW_SIDE, PREVIEW_QUALITY = 0.2, 480, 70
BEAT_SECONDS = 1.0
"""A blank line is told so often where there is nothing to tell, so that a page that went away is noticed."""
MOST_SIGNED = 100


class SessionStream:
    """Tells a session. ``signer``: signs every frame that is taken whole, None where this machine has no key."""

    def __init__(self, session: GuidedCapture, info: DeviceInfo, signer: FrameSigner | None) -> None:
        self._session, self._info, self._signer = session, info, signer
        self._signed: dict[str, SignedStatement] = {}
        self._shown = 0.0

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """One JSON object a line; the last is ``ended``. Closing it closes the device."""
        async with aclosing(ticking(self._session.events(), BEAT_SECONDS)) as events:
            async for event in events:
                for line in (b"\n",) if event is None else self._told(event):
                    yield line

    def _told(self, event: CaptureEvent) -> list[bytes]:
        if isinstance(event, Seen):
            return self._seen(event)
        if isinstance(event, Taken):
            return [_line(self._taken(event))]
        if isinstance(event, Ended):
            fault = event.fault.value if event.fault else ""
            return [_line({**event.told(), "reason": fault})]
        return [_line({**event.told(), "device": name_of(self._info)} if "device" in event.told() else event.told())]

    def _seen(self, event: Seen) -> list[bytes]:
        """Every frame is signed, few are shown."""
        if self._signer is not None:
            self._signed[event.frame.digest] = self._signer.signed(event.frame)
            while len(self._signed) > MOST_SIGNED:
                del self._signed[next(iter(self._signed))]
        if time.monotonic() - self._shown < PREVIEW_SECONDS:
            return []
        self._shown = time.monotonic()
        return [_line({**event.told(), "picture": _base64(_preview(event.frame.pixels))})]

    def _taken(self, event: Taken) -> Mapping[str, Json]:
        sample = event.sample
        image = {"image": _base64(png(sample.pixels, sample.dpi)), "dpi": sample.dpi, "device": name_of(self._info)}
        signed = self._signed.get(sample.digest)
        return {**event.told(), **image, "signature": _signature(signed) if signed else None}


def name_of(info: DeviceInfo) -> str:
    """What the device is called in a record: never its URL, which may hold a password."""
    return f"{info.family}:{info.serial or info.model}"[:128]


def _preview(pixels: NDArray[np.uint8]) -> bytes:
    scale = min(1.0, PREVIEW_SIDE / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY])[1].tobytes()


def _signature(signed: SignedStatement) -> Mapping[str, Json]:
    said = signed.statement
    return {
        "device": said.device,
        "captured_at": said.captured_at.isoformat(),
        "nonce": said.nonce,
        "dpi": said.dpi,
        "position": said.position,
        "signature": _base64(signed.signature),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _line(said: Mapping[str, Json]) -> bytes:
    return json.dumps(said).encode() + b"\n"
