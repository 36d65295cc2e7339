"""Requests that a device signs, for where TLS ends before this service: good once, for seconds, for one request alone.

The header ``Device-Proof`` holds a JWT that the device signed with the key of its certificate, after the manner of RFC
9449: ``typ`` is ``device-proof+jwt`` and ``kid`` the device's id; ``htm`` is the method, ``htu`` the path with its
query, ``iat`` when it was made, ``jti`` an id of its own, and ``bdy`` the SHA-256 of the body, base64url.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import jwt
from cryptography import x509
from starlette.requests import Request

from biometric_service.api.access.certificates import public_key_of
from biometric_service.api.access.tokens import ALGORITHMS, LONGEST
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.protocols import DeviceStore

HEADER = "Device-Proof"
TYPE = "device-proof+jwt"
LIFE_S = 60.0
"""How far the device's clock may be from ours, either way."""
LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A device with what it signed; the signature is right, the body is yet to be compared."""

    device: Device
    proof_id: str
    body_digest: str


def read_proof(proof: str, request: Request, find: Callable[[str], Device | None]) -> SignedRequest | None:
    """The device that signed this request just now; None where nobody did whom ``find`` finds by id."""
    try:
        header = jwt.get_unverified_header(proof) if len(proof) <= LONGEST else {}
        device = find(str(header.get("kid", "")))
        if device is None or header.get("typ") != TYPE or header.get("alg") not in ALGORITHMS:
            return None
        key = public_key_of(x509.load_der_x509_certificate(device.certificate))
        algorithms = [str(header["alg"])]  # iat is judged below: the library takes no clock that is ahead at all
        claims = jwt.decode(proof, key, algorithms, options={"verify_aud": False, "verify_iat": False})
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return _signed(device, claims, request)


def spend(signed: SignedRequest, body: bytes, devices: DeviceStore) -> bool:
    """Whether the proof is of this body and was never used before; it is used now."""
    if not hmac.compare_digest(signed.body_digest.encode(), digest_of(body).encode()):
        return False
    until = datetime.now(UTC) + timedelta(seconds=2 * LIFE_S)
    return devices.use(hashlib.sha256(f"{signed.device.id} {signed.proof_id}".encode()).hexdigest(), until)


def digest_of(body: bytes) -> str:
    """SHA-256, base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def target_of(request: Request) -> str:
    """The path with its query, as a device signs it."""
    raw: bytes | None = request.scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(request.url.path)
    query: bytes = request.scope.get("query_string", b"")
    return f"{path}?{query.decode('latin-1')}" if query else path


def _signed(device: Device, claims: Mapping[str, Any], request: Request) -> SignedRequest | None:
    proof_id, made, body = claims.get("jti"), claims.get("iat"), claims.get("bdy")
    if not isinstance(proof_id, str) or not isinstance(body, str) or not isinstance(made, int | float):
        return None
    now = time.time()
    fresh = now - LIFE_S <= made <= now + LIFE_S and 0 < len(proof_id) <= LONGEST_ID
    meant = (claims.get("htm"), claims.get("htu")) == (request.method, target_of(request))
    return SignedRequest(device, proof_id, body) if fresh and meant else None
