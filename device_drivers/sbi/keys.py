"""The key that a service of ours signs with, and its certificate: RSA, as SBI has it."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from device_drivers.errors import DeviceError, Reason
from device_drivers.key_files import write_new

BITS, EXPONENT, VALID = 3072, 65537, timedelta(days=1826)


class SigningKey:
    """A private key with the certificates that lead from it to whoever vouches for it, its own first."""

    def __init__(self, key: rsa.RSAPrivateKey, chain: list[x509.Certificate]) -> None:
        self._key = key
        sent = [each.public_bytes(serialization.Encoding.DER) for each in chain]
        self._headers = {"x5c": [base64.b64encode(each).decode() for each in sent]}

    def signed(self, said: object) -> str:
        """The claims as a JSON web signature (RFC 7515) that carries the certificates."""
        return jwt.encode(cast("dict[str, object]", said), self._key, "RS256", self._headers)


def made(name: str) -> tuple[bytes, bytes]:
    """A new key and its self-signed certificate for five years, both PEM."""
    key = rsa.generate_private_key(EXPONENT, BITS)
    named, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return secret, certificate.public_bytes(serialization.Encoding.PEM)


def make(key: Path, certificate: Path, name: str) -> None:
    """Write a new key, for its owner alone, and its certificate; DeviceError(BUSY) where either file is there."""
    there = [path for path in (key, certificate) if path.exists()]
    if there:
        raise DeviceError(Reason.BUSY, f"{there[0]} is there already: name another, or use that.")
    secret, public = made(name)
    write_new(key, secret, 0o600)
    write_new(certificate, public, 0o644)


def opened(key: Path, certificate: Path) -> SigningKey:
    """The key in one file and the chain of certificates in the other, PEM.

    DeviceError: BAD_ADDRESS for files that hold no such thing or do not belong together, PERMISSION for a key that
    others may read and for a certificate that has expired.
    """
    try:
        open_to_others = key.stat().st_mode & 0o077
        secret = serialization.load_pem_private_key(key.read_bytes(), None)
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError, TypeError) as fault:
        what = f"{key} and {certificate} hold no key and certificate in PEM ({fault}): make them, or correct the names."
        raise DeviceError(Reason.BAD_ADDRESS, what) from None
    if not isinstance(secret, rsa.RSAPrivateKey) or chain[0].public_key() != secret.public_key():
        raise DeviceError(Reason.BAD_ADDRESS, f"{certificate} is not of the RSA key in {key}: give the one that is.")
    if open_to_others:
        raise DeviceError(Reason.PERMISSION, f"Others may read {key}: make a new key that only its user may read.")
    if chain[0].not_valid_after_utc < datetime.now(UTC):
        raise DeviceError(Reason.PERMISSION, f"{certificate} has expired: make a new key, or have it certified anew.")
    return SigningKey(secret, chain)
