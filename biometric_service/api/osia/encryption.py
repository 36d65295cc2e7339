"""Nodes that a caller encrypted (OSIA's ``encryption``), opened before a body is read.

JWE in compact form (RFC 7516), RSA-OAEP-256 with A256GCM or A128GCM, under the public half of the deployment's key.
``scope`` lists JSON paths of names, ``[n]`` and ``[*]`` from the object that holds ``encryption``. What was encrypted
is either JSON, which takes the node's place, or an embedded buffer, which does so in base64.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from biometric_service.errors import BiometricServiceError, ErrorCode

MARK = "encryption"
ITEMS = ("biometricData", "biometricData1", "biometricData2")
ALGORITHM = "RSA-OAEP-256"
KEY_BYTES: Mapping[str, int] = {"A256GCM": 32, "A128GCM": 16}

_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_]+|\[(?:\d{1,4}|\*)\])+)")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d{1,4}|\*)\]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_PARTS = 5

Node = tuple[Any, Any]
"""A list or an object, and the place in it."""


class EncryptedNodes:
    """Opens what was encrypted for this deployment; without a key everything encrypted is refused."""

    def __init__(self, key_file: Path | None) -> None:
        self._key = None if key_file is None else _private_key(key_file)

    def opened(self, text: bytes) -> bytes:
        """The body with its encrypted nodes in the clear; REQUEST_INVALID."""
        if b'"encryption"' not in text:
            return text
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return text  # whoever reads it says what is wrong with it
        for holder in _holders(body):
            self._open(holder)
        return json.dumps(body).encode()

    def _open(self, holder: dict[str, Any]) -> None:
        known = holder.pop(MARK)
        if not isinstance(known, dict) or known.get("type") != "JWE" or not isinstance(known.get("scope"), str):
            raise _refused("It is not of the type JWE.")
        for path in known["scope"].split():
            for place, name in _nodes(holder, path):
                place[name] = _as_node(self._plain(place[name]))

    def _plain(self, sealed: object) -> bytes:
        if self._key is None:
            raise _refused("This deployment has no key for it.")
        try:
            return _decrypted(self._key, str(sealed))
        except (ValueError, TypeError, KeyError, AttributeError, InvalidTag, binascii.Error):
            raise _refused("It does not open with this deployment's key.") from None


def _private_key(path: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            "osia_key_file holds no RSA private key in PEM.",
            "Make one with openssl genrsa.",
        )
    return key


def _holders(body: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The objects that say what of them is encrypted: the body itself first, for it may hide the others."""
    if isinstance(body, dict):
        if MARK in body:
            yield body
        for name in ITEMS:
            items = body.get(name)
            if isinstance(items, list):
                yield from (each for each in items if isinstance(each, dict) and MARK in each)


def _nodes(holder: dict[str, Any], path: str) -> list[Node]:
    matched = _PATH.fullmatch(path)
    if matched is None:
        raise _refused("Its scope is not a list of plain JSON paths.")
    steps: list[str] = [name or index for name, index in _STEP.findall(matched[1])]
    places: list[Any] = [holder]
    for step in steps[:-1]:
        places = [place[name] for each in places for place, name in _within(each, step)]
    return [node for each in places for node in _within(each, steps[-1])]


def _within(place: Any, step: str) -> list[Node]:  # noqa: ANN401 - JSON
    if isinstance(place, dict) and step in place:
        return [(place, step)]
    if isinstance(place, list) and step == "*":
        return [(place, index) for index in range(len(place))]
    if isinstance(place, list) and step.isdigit() and int(step) < len(place):
        return [(place, int(step))]
    raise _refused("Its scope names a node that is not there.")


def _decrypted(key: RSAPrivateKey, compact: str) -> bytes:
    parts = compact.split(".")
    if len(parts) != _PARTS:
        raise ValueError("not in compact form")
    head, wrapped, nonce, sealed, tag = (base64.urlsafe_b64decode(part + "==") for part in parts)
    header = json.loads(head)
    if header["alg"] != ALGORITHM or {"crit", "zip"} & header.keys():
        raise ValueError("another algorithm")
    content_key = key.decrypt(wrapped, OAEP(MGF1(SHA256()), SHA256(), None))
    if len(content_key) != KEY_BYTES[header["enc"]]:
        raise ValueError("a key of another length")
    return AESGCM(content_key).decrypt(nonce, sealed + tag, parts[0].encode())


def _as_node(plain: bytes) -> Any:  # noqa: ANN401 - JSON
    if plain[:1] in {b"{", b"["}:
        try:
            return json.loads(plain)
        except (ValueError, RecursionError):
            raise _refused("What was encrypted is not JSON.") from None
    return plain.decode() if _BASE64.fullmatch(plain) else base64.b64encode(plain).decode()


def _refused(why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        f"An encrypted node cannot be opened. {why}",
        f"Encrypt it as a compact JWE ({ALGORITHM}, A256GCM) under the deployment's key, or send it in the clear.",
    )
