"""Who a checkpoint is: the id that it is registered under, and the private key of its certificate."""

import base64
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from biometric_service.durable_files import flush
from biometric_service.errors import BiometricServiceError, ErrorCode

PROOF: Final = "Device-Proof"
_TYPE: Final = "device-proof+jwt"
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """``id``: as the service knows it. ``key``: proves requests and opens slices."""

    id: str
    key: ec.EllipticCurvePrivateKey

    def proof(self, method: str, target: str, body: bytes) -> str:
        """What goes with one request as ``Device-Proof`` (see ``api.access.proofs``); good once, for a minute."""
        claims = {
            "htm": method,
            "htu": target,
            "iat": time.time(),
            "jti": uuid4().hex,
            "bdy": base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode(),
        }
        return jwt.encode(claims, self.key, "ES256", {"typ": _TYPE, "kid": self.id})


def read_identity(device: str, key_file: Path) -> DeviceIdentity:
    """The identity with the key in a PEM file that only its owner may read; SETTINGS_INVALID."""
    try:
        if key_file.stat().st_mode & _OTHERS:
            raise _unusable(key_file, "others may read it")
        key = load_pem_private_key(key_file.read_bytes(), None)
    except OSError as fault:
        raise _unusable(key_file, str(fault.strerror)) from None
    except (ValueError, TypeError):
        raise _unusable(key_file, "it is no private key in PEM without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _unusable(key_file, "it is not of the curve P-256")
    return DeviceIdentity(device, key)


def destroy(file: Path) -> None:
    """Write over a file and remove it; nothing where there is none."""
    try:
        size = file.stat().st_size
        with file.open("r+b") as open_file:
            open_file.write(os.urandom(size))
        flush(file)
        file.unlink()
    except FileNotFoundError:
        return


def _unusable(key_file: Path, why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SETTINGS_INVALID,
        f"The key of this device, {key_file.name}, cannot be used: {why}.",
        "Make one with openssl ecparam -name prime256v1 -genkey, chmod 600, and register its certificate.",
    )
