"""The public keys of a token issuer (RFC 7517): from a file, or from an HTTPS address that the operator names.

Keys are kept for some minutes. A token that names a key which is not among them makes the set be read anew, so that an
issuer can change its keys at any time, but not more often than every half minute whatever tokens say. Where the issuer
cannot be reached, the keys known last stay good.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt

from biometric_service.errors import BiometricServiceError, ErrorCode

PATIENCE_S = 5.0
LARGEST = 1_000_000
LEAST_INTERVAL_S = 30.0

log = logging.getLogger(__name__)


class IssuerKeys:
    """The issuer's keys by their id; safe in threads. ``read``: the set's bytes. ``seconds``: how long it is kept."""

    def __init__(self, read: Callable[[], bytes], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._lock = Lock()

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key with this id; None where the issuer has none. Faults of reading are logged."""
        with self._lock:
            age = self._clock() - self._read_at
            if age >= self._seconds or (key_id not in self._keys and age >= LEAST_INTERVAL_S):
                self._renew()
            return self._keys.get(key_id)

    def _renew(self) -> None:
        self._read_at = self._clock()
        try:
            self._keys = _signing_keys(self._read())
        except (OSError, ValueError, jwt.PyJWTError) as fault:
            log.warning("the issuer's keys cannot be read, those known last stay good: %s", fault)


def source_of(place: str) -> Callable[[], bytes]:
    """How to read a key set at a path or an HTTPS address; SETTINGS_INVALID for any other address."""
    scheme = urlsplit(place).scheme
    if not scheme:
        return Path(place).read_bytes
    if scheme != "https":
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            "The issuer's keys would be read over a connection that is not protected.",
            "Set jwt_jwks to a file or an https address.",
        )
    return lambda: _download(place)


class _NoRedirects(HTTPRedirectHandler):
    """The operator named one address and no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow none: the answer is then an error."""


def _download(address: str) -> bytes:
    request = Request(address, headers={"Accept": "application/json"})  # noqa: S310 - https alone, see source_of
    with build_opener(_NoRedirects).open(request, timeout=PATIENCE_S) as answer:
        data: bytes = answer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("it is too large")
    return data


def _signing_keys(data: bytes) -> dict[str, jwt.PyJWK]:
    listed: Any = json.loads(data)
    if not isinstance(listed, dict) or not isinstance(listed.get("keys"), list):
        raise ValueError("it is not a set of keys")  # noqa: TRY004 - what was read, not its type
    found = jwt.PyJWKSet.from_dict(listed).keys
    return {key.key_id: key for key in found if key.key_id and key.public_key_use in {None, "sig"}}
