"""Fingerprints into the files that agencies exchange, with their resolution: WSQ, JPEG 2000, PNG."""

import io
import struct
from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.errors import BiometricServiceError, ErrorCode
from device_drivers.wsq.encoding import USUAL_RATE, encode

Pixels = NDArray[np.uint8]

BITS = 8
HEADER_BOX, HEADER_BOX_AT = b"jp2h", 4
PER_METRE = (254, 4)
"""A dot an inch is 10^4 / 254 dots a metre."""


class ImageFormat(StrEnum):
    """A kind of file that is written; the value is its usual extension."""

    WSQ = "wsq"
    JPEG_2000 = "jp2"
    PNG = "png"


def write(pixels: Pixels, dpi: float, form: ImageFormat, bit_rate: float | None = None) -> bytes:
    """A grey picture, uint8 (h, w), as a file that states its resolution.

    ``bit_rate``: bits a pixel to aim at; None for 0.75 in WSQ, and for no loss in JPEG 2000. PNG loses nothing.
    REQUEST_INVALID for a picture or a rate that the format cannot hold.
    """
    try:
        return _WRITERS[form](pixels, dpi, bit_rate)
    except ValueError as fault:
        action = "Give another bit rate, or write PNG."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"{fault}.", action) from None


def _wsq(pixels: Pixels, dpi: float, bit_rate: float | None) -> bytes:
    return encode(pixels, dpi, USUAL_RATE if bit_rate is None else bit_rate)


def _png(pixels: Pixels, dpi: float, _: float | None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", dpi=(dpi, dpi))
    return file.getvalue()


def _jpeg_2000(pixels: Pixels, dpi: float, bit_rate: float | None) -> bytes:
    if bit_rate is not None and not 0 < bit_rate <= BITS:
        raise ValueError(f"A bit rate of up to {BITS} bits a pixel can be aimed at")
    file = io.BytesIO()
    loss = {} if bit_rate is None else {"quality_mode": "rates", "quality_layers": [BITS / bit_rate]}
    Image.fromarray(pixels).save(file, "JPEG2000", irreversible=bit_rate is not None, **loss)
    return _with_resolution(file.getvalue(), dpi)


def _with_resolution(data: bytes, dpi: float) -> bytes:
    """The file with a capture resolution box (ISO/IEC 15444-1, I.5.3.7) in its header, which Pillow does not write."""
    at = data.index(HEADER_BOX) - HEADER_BOX_AT
    (length,) = struct.unpack_from(">I", data, at)
    inch, exponent = PER_METRE
    resolution = _box(b"resc", struct.pack(">HHHHbb", *(round(dpi), inch) * 2, exponent, exponent))
    grown = _box(HEADER_BOX, data[at + 2 * HEADER_BOX_AT : at + length] + _box(b"res ", resolution))
    return data[:at] + grown + data[at + length :]


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 2 * HEADER_BOX_AT) + kind + body


_WRITERS: Mapping[ImageFormat, Callable[[Pixels, float, float | None], bytes]] = {
    ImageFormat.WSQ: _wsq,
    ImageFormat.JPEG_2000: _jpeg_2000,
    ImageFormat.PNG: _png,
}
