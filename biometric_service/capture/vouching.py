"""Signatures of scanners, verified against the keys that they are registered with."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray

from biometric_service.capture.files import ImageLimits, open_picture
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Device, Scope
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.protocols import DeviceStore
from biometric_service.vocabulary.samples import FrameSignature
from device_drivers.signing.statement import Statement, digest_of, size_of

EVERYTHING = "*"
GREY = "L"


@dataclass(frozen=True, slots=True)
class SignedFrameRules:
    """``demanded``: purposes, and ids of posts, whose images must be signed, or *. ``seconds``: how old."""

    demanded: Collection[str]
    seconds: float


class RegisteredScanners:
    """Vouches for what registered devices with the scope ``abis.capture`` signed (``protocols.FrameVouching``)."""

    def __init__(self, devices: DeviceStore, rules: SignedFrameRules, limits: ImageLimits) -> None:
        self._devices, self._rules, self._limits = devices, rules, limits

    def demanded(self, caller: Caller) -> bool:
        """Whether every image must be signed, for this purpose or from this post."""
        return bool({EVERYTHING, caller.purpose, caller.device} & set(self._rules.demanded))

    def vouched(self, data: bytes, signature: FrameSignature, caller: Caller, use: str) -> Device:
        """The device that signed these pixels; faults as of the protocol."""
        device = self._devices.named(signature.device)
        if device is None or Scope.CAPTURE not in device.scopes or not device.may_ask_for(caller.purpose):
            raise _untrusted("No scanner is registered for it under that id.")
        if not _is_signed(device, statement_of(_pixels(data, self._limits), signature), signature.signature):
            raise _untrusted("The signature is not the scanner's over just these pixels.")
        self._require_lately(signature)
        self._spend(signature, use)
        return device

    def _require_lately(self, signature: FrameSignature) -> None:
        off = abs((datetime.now(UTC) - signature.captured_at).total_seconds())
        if off > self._rules.seconds:
            raise BiometricServiceError(
                ErrorCode.FRAME_STALE,
                f"A signed image was captured {off:.0f} s from now by its scanner's clock.",
                "Capture again, and set the clock of the scanner's machine.",
            )

    def _spend(self, signature: FrameSignature, use: str) -> None:
        """Once for each kind of use: who was searched for may be enrolled by the same image, but not twice."""
        named = hashlib.sha256(f"{use} {signature.device} {signature.nonce}".encode()).hexdigest()
        if not self._devices.use(named, datetime.now(UTC) + 2 * timedelta(seconds=self._rules.seconds)):
            raise BiometricServiceError(
                ErrorCode.FRAME_REPLAYED, "A signed image was used for the same before.", "Capture again."
            )


def statement_of(pixels: NDArray[np.uint8], signature: FrameSignature) -> Statement:
    """What the device must have signed of the pixels; FRAME_UNTRUSTED for what no device can say."""
    try:
        return Statement(
            signature.device,
            signature.nonce,
            signature.captured_at,
            digest_of(pixels),
            size_of(pixels),
            signature.dpi,
            signature.position,
        )
    except ValueError:
        raise _untrusted("The signature names no device, nonce or moment.") from None


def _pixels(data: bytes, limits: ImageLimits) -> NDArray[np.uint8]:
    """As the driver gave them: grey, or BGR."""
    image = open_picture(data, limits).image
    return np.asarray(image) if image.mode == GREY else np.asarray(image.convert("RGB"))[:, :, ::-1]


def _is_signed(device: Device, statement: Statement, signature: bytes) -> bool:
    key = x509.load_der_x509_certificate(device.certificate).public_key()
    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(signature, statement.canonical())
    except InvalidSignature:
        return False
    return True


def _untrusted(why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.FRAME_UNTRUSTED,
        f"An image's signature is not believed. {why}",
        "Send the pixels as the scanner signed them (PNG, not JPEG), and register the scanner's key.",
    )
