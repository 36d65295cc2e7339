"""Images as they are sent: files, or frames as a device driver gives them."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from biometric_service.api.operations.positions import Finger
from biometric_service.vocabulary.samples import Modality

COLOUR = 3


class DriverFrame(Protocol):
    """What a driver captures (``device_drivers.protocol.Frame`` is one)."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8 (h, w) grey or (h, w, 3) BGR."""

    @property
    def dpi(self) -> float | None:
        """Pixels an inch, None where unknown or meaningless."""


class Statement(Protocol):
    """What a scanner says of a frame (``device_drivers.signing.statement.Statement`` is one)."""

    @property
    def device(self) -> str:
        """The id that the scanner is registered under."""

    @property
    def nonce(self) -> str:
        """Other for each frame."""

    @property
    def captured_at(self) -> datetime:
        """When, UTC."""

    @property
    def dpi(self) -> float | None:
        """Pixels an inch."""

    @property
    def position(self) -> int:
        """Friction ridge position code, 0 where the scanner does not say."""


class SignedFrame(Protocol):
    """A statement and its signature (``device_drivers.signing.signer.FrameSigner.signed`` makes one)."""

    @property
    def statement(self) -> Statement:
        """What is said."""

    @property
    def signature(self) -> bytes:
        """Ed25519."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image: ``data`` is a file in any format that the service reads; ``dpi`` None to go by what the file says.

    ``signed``: what the scanner signed of it.
    """

    data: bytes
    modality: Modality
    position: Finger = Finger.UNKNOWN
    dpi: float | None = None
    signed: SignedFrame | None = None

    @classmethod
    def fingerprint(cls, data: bytes, position: Finger = Finger.UNKNOWN, dpi: float | None = None) -> "Image":
        """A fingerprint's file."""
        return cls(data, Modality.FINGERPRINT, position, dpi)

    @classmethod
    def face(cls, data: bytes) -> "Image":
        """A face's file."""
        return cls(data, Modality.FACE)

    @classmethod
    def of_frame(
        cls,
        frame: DriverFrame,
        modality: Modality,
        position: Finger = Finger.UNKNOWN,
        signed: SignedFrame | None = None,
    ) -> "Image":
        """What a driver captured, lossless, at the resolution that it says; ``signed``: by the scanner's key."""
        written = BytesIO()
        rgb = frame.pixels[..., ::-1] if frame.pixels.ndim == COLOUR else frame.pixels
        Pictures.fromarray(np.ascontiguousarray(rgb)).save(written, "PNG")
        return cls(written.getvalue(), modality, position, frame.dpi, signed)


@dataclass(frozen=True, slots=True)
class Form:
    """A request as multipart/form-data: the JSON part and the files by part."""

    data: Mapping[str, str]
    files: Mapping[str, bytes]


def form(asked: Mapping[str, Any], images: Sequence[Image]) -> Form:
    """A request about one person."""
    listed, files = _listed(images, 0)
    return Form({"request": json.dumps({**asked, "images": listed})}, files)


def batch_form(asked: Mapping[str, Any], probes: Sequence[Sequence[Image]]) -> Form:
    """A request about several persons."""
    files: dict[str, bytes] = {}
    people = []
    for images in probes:
        listed, more = _listed(images, len(files))
        people.append({"images": listed})
        files |= more
    return Form({"request": json.dumps({**asked, "probes": people})}, files)


def frames_form(asked: Mapping[str, Any], frames: Sequence[tuple[float, Image]]) -> Form:
    """A request with the frames of a camera, each with its time in seconds."""
    named = {f"frame-{number}": frame for number, frame in enumerate(frames)}
    listed = [{"file": name, "at": at} for name, (at, _) in named.items()]
    return Form(
        {"request": json.dumps({**asked, "frames": listed})}, {n: image.data for n, (_, image) in named.items()}
    )


def _listed(images: Sequence[Image], first: int) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    named = {f"image-{first + number}": image for number, image in enumerate(images)}
    listed = [
        {"modality": image.modality, "position": image.position, "dpi": image.dpi, "file": name} | _signature(image)
        for name, image in named.items()
    ]
    return listed, {name: image.data for name, image in named.items()}


def _signature(image: Image) -> dict[str, Any]:
    if image.signed is None:
        return {}
    said = image.signed.statement
    told = {"device": said.device, "captured_at": said.captured_at.isoformat(), "nonce": said.nonce}
    told |= {"signature": b64encode(image.signed.signature).decode()}
    return {"signature": {**told, "dpi": said.dpi, "position": said.position}}
