"""JWE in compact form (RFC 7516): RSA-OAEP-256 with A256GCM, and A128GCM where others write it."""

import base64
import json
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM = "RSA-OAEP-256"
KEY_BYTES: Mapping[str, int] = {"A256GCM": 32, "A128GCM": 16}

_PARTS = 5
_NONCE_BYTES = 12
_TAG_BYTES = 16


def encrypted(key: RSAPublicKey, plain: bytes) -> str:
    """For the holder of the private key alone."""
    head = _coded(json.dumps({"alg": ALGORITHM, "enc": "A256GCM"}).encode())
    content_key, nonce = AESGCM.generate_key(8 * KEY_BYTES["A256GCM"]), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(content_key).encrypt(nonce, plain, head.encode())
    wrapped = key.encrypt(content_key, _padding())
    return ".".join([head, *map(_coded, (wrapped, nonce, sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]))])


def decrypted(key: RSAPrivateKey, compact: str) -> bytes:
    """What was encrypted; ValueError, KeyError, TypeError or InvalidTag for what does not open."""
    parts = compact.split(".")
    if len(parts) != _PARTS:
        raise ValueError("not in compact form")
    head, wrapped, nonce, sealed, tag = (base64.urlsafe_b64decode(part + "==") for part in parts)
    header = json.loads(head)
    if header["alg"] != ALGORITHM or {"crit", "zip"} & header.keys():
        raise ValueError("another algorithm")
    content_key = key.decrypt(wrapped, _padding())
    if len(content_key) != KEY_BYTES[header["enc"]]:
        raise ValueError("a key of another length")
    return AESGCM(content_key).decrypt(nonce, sealed + tag, parts[0].encode())


def _padding() -> OAEP:
    return OAEP(MGF1(SHA256()), SHA256(), None)


def _coded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
