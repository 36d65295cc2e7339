"""Nodes that a caller encrypted (OSIA's ``encryption``), opened before a body is read.

JWE in compact form (RFC 7516), RSA-OAEP-256 with A256GCM or A128GCM, under the public half of the deployment's key; or
PKCS7, which is enveloped data of RFC 5652 (PEM, or DER in base64) for the deployment's certificate. What was encrypted
is either JSON, which takes the node's place, or an embedded buffer, which does so in base64.
"""

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7
from cryptography.x509 import Certificate, load_pem_x509_certificate
from pydantic_core import from_json

from biometric_service.api.osia import integrity
from biometric_service.api.osia.allowance import Allowance
from biometric_service.api.osia.json_paths import nodes_at, steps_of
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.outbound.jwe import ALGORITHM, decrypted

MARK = "encryption"
PEM = b"-----BEGIN "

_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")


class EncryptedNodes:
    """Opens what was encrypted for this deployment; without a key everything encrypted is refused.

    ``key_file``: an RSA private key, PEM; with its certificate in the same file PKCS7 is opened too.
    """

    def __init__(self, key_file: Path | None) -> None:
        self._formats = {} if key_file is None else _formats(key_file)

    def open(self, holder: dict[str, Any], allowance: Allowance) -> None:
        """Put what was encrypted of this object back in the clear, and take the mark away.

        REQUEST_INVALID, REQUEST_TOO_LARGE.
        """
        known = holder.pop(MARK, None)
        if known is None:
            return
        if not isinstance(known, dict) or not isinstance(known.get("scope"), str):
            raise _refused("It does not say what is encrypted.")
        opening = self._formats.get(str(known.get("type")))
        if opening is None:
            raise _refused(f"This deployment opens {' and '.join(self._formats) or 'none'}.")
        for steps in steps_of(known["scope"]):
            if steps[0] == integrity.MARK:
                raise _refused("Its blocks of integrity are to be read before it is opened.")
            nodes = nodes_at(holder, steps, allowance)
            allowance.take(keys=len(nodes))
            for place, name in nodes:
                place[name] = _as_node(_plain(opening, place[name]))


def _formats(path: Path) -> dict[str, Callable[[str], bytes]]:
    try:
        kept = path.read_bytes()
        key = load_pem_private_key(kept, None)
        certificate = load_pem_x509_certificate(kept) if b"BEGIN CERTIFICATE" in kept else None
    except (OSError, ValueError, TypeError):
        raise _no_key() from None
    if not isinstance(key, RSAPrivateKey):
        raise _no_key()
    formats: dict[str, Callable[[str], bytes]] = {"JWE": lambda sealed: decrypted(key, sealed)}
    if certificate is not None:
        formats["PKCS7"] = lambda sealed: _from_pkcs7(key, certificate, sealed)
    return formats


def _no_key() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SETTINGS_INVALID, "osia_key_file holds no RSA private key in PEM.", "Make one with openssl genrsa."
    )


def _plain(opening: Callable[[str], bytes], sealed: object) -> bytes:
    """One answer to all that is wrong with it: a caller learns nothing about the key by trying."""
    try:
        return opening(str(sealed))
    except (ValueError, TypeError, KeyError, AttributeError, InvalidTag, UnsupportedAlgorithm, binascii.Error):
        raise _refused("It does not open with this deployment's key.") from None


def _from_pkcs7(key: RSAPrivateKey, certificate: Certificate, sealed: str) -> bytes:
    data = sealed.encode()
    if data.startswith(PEM):
        return pkcs7.pkcs7_decrypt_pem(data, certificate, key, [])
    return pkcs7.pkcs7_decrypt_der(base64.b64decode(data, validate=True), certificate, key, [])


def _as_node(plain: bytes) -> Any:  # noqa: ANN401 - JSON
    if plain[:1] in {b"{", b"["}:
        try:
            return from_json(plain)
        except ValueError:
            raise _refused("What was encrypted is not JSON.") from None
    return plain.decode() if _BASE64.fullmatch(plain) else base64.b64encode(plain).decode()


def _refused(why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        f"An encrypted node cannot be opened. {why}",
        f"Encrypt it as a compact JWE ({ALGORITHM}, A256GCM) under the deployment's key, or send it in the clear.",
    )
