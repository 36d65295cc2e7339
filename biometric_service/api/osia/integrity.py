"""OSIA's ``integrity``: a hash over a part of what is sent, with or without a signature, checked before it is read.

The nodes of the scope alone, in the canonical form of RFC 8785, are hashed with SHA-2. The hash is written in hex or in
base64. A signature is a compact JWS (RFC 7515) whose payload is the hash as it is written, by one of the operator's
signers.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
import rfc8785
from pydantic_core import to_json

from biometric_service.api.osia.allowance import Allowance
from biometric_service.api.osia.json_paths import limited_to, steps_of
from biometric_service.errors import BiometricServiceError, ErrorCode

MARK = "integrity"
ALGORITHMS: Mapping[str, str] = {"SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
WEIGHTY = (b",", b":", b"[", b"{", b"\\")
"""What stands in JSON at each node and each escaped character, which are most of the work of its canonical form."""
SIGNATURES = ("RS256", "PS256", "ES256", "ES384", "EdDSA")


class IntegrityBlocks:
    """Checks what a caller says of its own data. ``signers_file``: a JWKS (RFC 7517) of those who may sign."""

    def __init__(self, signers_file: Path | None) -> None:
        self._signers = () if signers_file is None else _signers(signers_file)

    def check(self, holder: Mapping[str, Any], allowance: Allowance, *, encrypted: bool) -> None:
        """All blocks of an object about its encrypted, or its plain, nodes.

        SIGNATURE_INVALID, REQUEST_INVALID, REQUEST_TOO_LARGE.
        """
        blocks = holder.get(MARK)
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, dict) and bool(block.get("encrypted")) is encrypted:
                self._check(holder, block, allowance)

    def _check(self, holder: Mapping[str, Any], block: Mapping[str, Any], allowance: Allowance) -> None:
        allowance.take(keys=1)
        if block.get("followRef"):
            raise _unusable("It follows references.", "Hash the references themselves, or embed the data.")
        said = str(block.get("hash", ""))
        if not _same(_hashed(holder, block, allowance), said):
            raise _broken("The hash of what is sent is another.")
        kind = block.get("type", "NONE")
        if kind == "JWS":
            self._check_signature(str(block.get("signature", "")), said)
        elif kind != "NONE":
            raise _unusable(f"A signature of the type {str(kind)[:20]!r} is not read here.", "Sign as a compact JWS.")

    def _check_signature(self, compact: str, payload: str) -> None:
        if not self._signers:
            raise _unusable("This deployment knows no signers.", "Have your key put into osia_signers_file.")
        if not any(_signed_by(key, compact, payload) for key in self._signers):
            raise _broken("No signer that is known here signed this hash.")


def _signers(path: Path) -> Sequence[jwt.PyJWK]:
    try:
        return tuple(jwt.PyJWKSet.from_json(path.read_text(encoding="utf-8")).keys)
    except (OSError, ValueError, TypeError, AttributeError, jwt.PyJWTError):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, "osia_signers_file holds no set of keys.", "Write a JWKS of public keys."
        ) from None


def _hashed(holder: Mapping[str, Any], block: Mapping[str, Any], allowance: Allowance) -> bytes:
    name = ALGORITHMS.get(str(block.get("alg", "")).upper().replace("-", ""))
    if name is None:
        raise _unusable("Its algorithm is not known here.", f"Use one of {', '.join(ALGORITHMS)}.")
    part = limited_to(holder, steps_of(str(block.get("scope", ""))), allowance)
    try:
        text = to_json(part)
        allowance.take(steps=sum(map(text.count, WEIGHTY)), size=len(text))
        return hashlib.new(name, rfc8785.dumps(part)).digest()
    except (ValueError, RecursionError):
        raise _unusable("What it is about has no canonical form.", "Send I-JSON (RFC 7493).") from None


def _same(digest: bytes, said: str) -> bool:
    written = (digest.hex(), base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
    told = said.lower() if len(said) == len(written[0]) else said
    return any(hmac.compare_digest(each.encode(), told.encode(errors="replace")) for each in written)


def _signed_by(key: jwt.PyJWK, compact: str, payload: str) -> bool:
    try:
        return bool(hmac.compare_digest(jwt.PyJWS().decode(compact, key, algorithms=SIGNATURES), payload.encode()))
    except (jwt.PyJWTError, ValueError, TypeError):
        return False


def _broken(why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SIGNATURE_INVALID,
        f"The integrity of what is sent does not hold. {why}",
        "Send it as it was hashed; if it left you so, somebody changed it on the way.",
    )


def _unusable(why: str, what_to_do: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, f"An integrity block cannot be checked. {why}", what_to_do)
