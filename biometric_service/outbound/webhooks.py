"""Signing what is sent to others, as Standard Webhooks has it, and how long to wait before it is sent again.

``webhook-id`` says what is sent and stays the same however often it is; ``webhook-timestamp`` is the moment of sending
in seconds since 1970; ``webhook-signature`` has, for each key in force, ``v1,`` and the base64 of HMAC-SHA256 over id,
timestamp and body with dots between them, with a blank between two of them.
"""

import base64
import binascii
import hashlib
import hmac
import random
from collections.abc import Mapping, Sequence

from biometric_service.errors import BiometricServiceError, ErrorCode

SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, is none
LONGEST_PAUSE_S = 3600.0
TAKEN = range(200, 300)
GONE = 410
"""A receiver that answers so wants nothing any more."""


def secret_of(written: str, otherwise: bytes) -> bytes:
    """The key of a secret as Standard Webhooks writes one (or any text), else that of the store.

    SETTINGS_INVALID where what follows the prefix is no base64.
    """
    if not written:
        return otherwise
    if not written.startswith(SECRET_PREFIX):
        return written.encode()
    try:
        return base64.b64decode(written.removeprefix(SECRET_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, "The secret is not one.", "Write it as whsec_ and base64, or any other way."
        ) from None


def written_secret(key: bytes) -> str:
    """The key as receivers are given it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signed_headers(message: str, body: bytes, keys: Sequence[bytes], seconds: int) -> Mapping[str, str]:
    """The three headers; ``message``: its id, ``keys``: all that receivers may check it by."""
    signed = f"{message}.{seconds}.".encode() + body
    macs = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{mac}" for mac in macs),
    }


def pause(attempt: int, first_s: float) -> float:
    """Seconds until the next attempt: twice as long each time, up to an hour, less a random part up to a half.

    ``attempt``: how many there were.
    """
    longest = min(first_s * 2.0 ** min(attempt - 1, 30), LONGEST_PAUSE_S)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - to spread load, not to hide anything
