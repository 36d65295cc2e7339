"""What is signed of a frame, byte for byte: README of the format.

The statement is UTF-8 text of these lines, each ended by a line feed, in this order:

    biometric-frame-1
    device=ID                       as the device is registered; no control characters
    nonce=HEX                       32 hexadecimal digits, other ones for each frame
    captured_at=2026-03-04T05:06:07.123456Z
    pixels=HEX                      SHA-256 of the pixels in row order: grey, or blue, green, red of each
    size=WIDTHxHEIGHTxCHANNELS      in pixels; 1 channel or 3
    dpi=500.0                       shortest decimal that is the same binary64 number, or - where unknown
    position=2                      friction ridge position code (ANSI/NIST-ITL), 0 where the device does not say

The signature is Ed25519 (RFC 8032) over these bytes.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

SCHEME = "biometric-frame-1"
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
CHANNELS = 2
"""The axis after height and width."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Says which device took which pixels, and when. ``digest``: SHA-256 (hex) of the pixels' bytes in row order.

    ``size``: width, height, channels. ``position``: as the device says, 0 unknown. ValueError for a device or a nonce
    that would break the lines, and for a moment without a time zone.
    """

    device: str
    nonce: str
    captured_at: datetime
    digest: str
    size: tuple[int, int, int]
    dpi: float | None = None
    position: int = 0

    def __post_init__(self) -> None:
        if not self.device.isprintable() or not self.device or not self.nonce.isalnum():
            raise ValueError("a device and a nonce are printable, on one line")
        if self.captured_at.tzinfo is None:
            raise ValueError("the moment has no time zone")

    def canonical(self) -> bytes:
        """The bytes that are signed."""
        said = {
            "device": self.device,
            "nonce": self.nonce,
            "captured_at": self.captured_at.astimezone(UTC).strftime(TIME),
            "pixels": self.digest,
            "size": "x".join(map(str, self.size)),
            "dpi": "-" if self.dpi is None else repr(float(self.dpi)),
            "position": str(self.position),
        }
        return "".join([f"{SCHEME}\n", *(f"{name}={value}\n" for name, value in said.items())]).encode()


def digest_of(pixels: NDArray[np.uint8]) -> str:
    """SHA-256 (hex) of the pixels' bytes in row order, as ``Frame.digest``."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def size_of(pixels: NDArray[np.uint8]) -> tuple[int, int, int]:
    """Width, height, channels."""
    height, width = pixels.shape[:2]
    return width, height, pixels.shape[CHANNELS] if pixels.ndim > CHANNELS else 1
