"""Sealed for the holder of one certificate: ECDH on P-256 with a key made for this once, HKDF-SHA256, AES-256-GCM.

What is sealed begins with the ephemeral public key (uncompressed point, 65 bytes) and the nonce (12 bytes). The key is
derived from the shared secret with both public keys in the derivation, so that it fits no other pair (cf. RFC 9180).
"""

import os
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biometric_service.errors import BiometricServiceError, ErrorCode

_POINT_BYTES: Final = 65
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_LABEL: Final = b"biometric-service 1 slice"


def sealing_key(certificate: bytes) -> ec.EllipticCurvePublicKey:
    """The public key of a certificate (DER) that can be sealed to; REQUEST_INVALID for one that only signs."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        "Nothing can be sealed to the key of this device.",
        "Register the device with a certificate of an ECDSA P-256 key.",
    )


def seal(plain: bytes, recipient: ec.EllipticCurvePublicKey, binding: bytes) -> bytes:
    """Sealed for whoever has the private half; ``binding``: what it is and whose, without which it does not open."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point, nonce = _point(ephemeral.public_key()), os.urandom(_NONCE_BYTES)
    key = _key(ephemeral, recipient, point + _point(recipient))
    return point + nonce + AESGCM(key).encrypt(nonce, plain, binding)


def unseal(sealed: bytes, own: ec.EllipticCurvePrivateKey, binding: bytes) -> bytes:
    """What was sealed; SLICE_UNTRUSTED where a bit differs or it is another's."""
    point, rest = sealed[:_POINT_BYTES], sealed[_POINT_BYTES:]
    try:
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key = _key(own, sender, point + _point(own.public_key()))
        return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], binding)
    except (InvalidTag, ValueError):
        raise untrusted("It was not sealed for this device.") from None


def untrusted(why: str) -> BiometricServiceError:
    """SLICE_UNTRUSTED."""
    return BiometricServiceError(
        ErrorCode.SLICE_UNTRUSTED,
        f"The slice is not believed. {why}",
        "Ask the service for a whole one; where its key was renewed, name the new one (--service-key).",
    )


def _key(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey, both: bytes) -> bytes:
    shared = own.exchange(ec.ECDH(), other)
    return HKDF(SHA256(), _KEY_BYTES, both, _LABEL).derive(shared)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
