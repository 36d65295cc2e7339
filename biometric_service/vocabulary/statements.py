"""Signed statements: JSON that third parties can keep and check with nothing but the store's public key.

The signature (Ed25519, RFC 8032) covers the canonical form of all other fields: JSON in ASCII with sorted keys and no
blanks. The public key stands in the statement; whether it is the store's is the reader's to compare.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from biometric_service.errors import BiometricServiceError, ErrorCode

KEY, SIGNATURE = "public_key", "signature"


class Signer(Protocol):
    """Signs for the store."""

    @property
    def public_key(self) -> bytes:
        """32 bytes."""

    def sign(self, text: bytes) -> bytes:
        """The signature, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed, and with which public key (hex)."""

    fields: Mapping[str, Any]
    public_key: str


def state(fields: Mapping[str, object], signer: Signer) -> str:
    """The statement on one line."""
    signed = {**fields, KEY: signer.public_key.hex()}
    return _canonical({**signed, SIGNATURE: signer.sign(_canonical(signed).encode()).hex()})


def read_statement(text: str) -> Statement:
    """A statement whose signature holds; SIGNATURE_INVALID for any other text."""
    try:
        fields = dict(json.loads(text))
        signature, key = bytes.fromhex(fields.pop(SIGNATURE)), fields[KEY]
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, _canonical(fields).encode())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature):
        raise BiometricServiceError(
            ErrorCode.SIGNATURE_INVALID,
            "The statement was not signed as it stands.",
            "Take it from where it was first kept; a statement that was changed proves nothing.",
        ) from None
    del fields[KEY]
    return Statement(fields, key)


def _canonical(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))
