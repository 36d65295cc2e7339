"""Client certificates: from the TLS connection, or from a proxy that ended it and is listed as trusted (RFC 9440)."""

import base64
import binascii
import hashlib
from collections.abc import Collection
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import HTTPConnection

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Device, Principal

EXTENSION = "tls"
CHAIN = "client_cert_chain"
PROXY_HEADER = "Client-Cert"
FORWARDED_FOR = "X-Forwarded-For"
LEAST_RSA_BITS = 2048

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def address_of(connection: HTTPConnection, trusted: Collection[str]) -> str:
    """The address of the caller; behind a trusted proxy, that which the proxy saw."""
    peer = _peer(connection)
    if peer not in trusted:
        return peer
    return connection.headers.get(FORWARDED_FOR, "").rpartition(",")[2].strip() or peer


def fingerprint_of_client(connection: HTTPConnection, trusted: Collection[str]) -> str:
    """SHA-256 (hex) of the certificate that the caller proved to hold, empty where there is none."""
    chain = connection.scope.get("extensions", {}).get(EXTENSION, {}).get(CHAIN, ())
    if chain:
        return hashlib.sha256(x509.load_pem_x509_certificate(chain[0].encode()).public_bytes(Encoding.DER)).hexdigest()
    given = connection.headers.get(PROXY_HEADER, "") if _peer(connection) in trusted else ""
    return hashlib.sha256(_unwrapped(given)).hexdigest() if given else ""


def read_certificate(pem: str) -> x509.Certificate:
    """A certificate that a device may be known by; REQUEST_INVALID for anything else."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        public_key_of(certificate)
    except (ValueError, TypeError):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            "The certificate is not one that a device can be known by.",
            "Send one X.509 certificate in PEM with an ECDSA P-256, an Ed25519 or an RSA key of 2048 bits or more.",
        ) from None
    return certificate


def device_of(rights: Principal, pem: str) -> Device:
    """A device that is known by the certificate until that ends; REQUEST_INVALID where it has, or is none."""
    certificate = read_certificate(pem)
    ends = certificate.not_valid_after_utc
    if ends <= datetime.now(UTC):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "The certificate has expired.", "Send the one that the device has now."
        )
    return Device(
        id=rights.id,
        name=rights.name,
        scopes=rights.scopes,
        galleries=rights.galleries,
        purposes=rights.purposes,
        expires_at=ends,
        certificate=certificate.public_bytes(Encoding.DER),
        fingerprint=certificate.fingerprint(SHA256()).hex(),
    )


def public_key_of(certificate: x509.Certificate) -> PublicKey:
    """Its key; ValueError for one that is weak or of another kind."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise ValueError("no such key is taken")


def confirmation_of(claim: object) -> str:
    """The certificate that a token is bound to (RFC 8705), hex; ValueError for another kind of binding."""
    if claim is None:
        return ""
    thumbprint = claim.get("x5t#S256") if isinstance(claim, dict) else None
    if not isinstance(thumbprint, str):
        raise ValueError("bound in a way that is not known")  # noqa: TRY004 - what the token says, not its type
    return base64.urlsafe_b64decode(thumbprint + "=" * (-len(thumbprint) % 4)).hex()


def _peer(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def _unwrapped(given: str) -> bytes:
    """The bytes of a structured field (RFC 8941): base64 between colons."""
    try:
        return base64.b64decode(given.strip().strip(":"), validate=True)
    except (ValueError, binascii.Error):
        return b""
