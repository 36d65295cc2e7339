"""Keys and certificates of nobody: an authority, and devices that it vouches for."""

import base64
import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Identity:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()

    def files(self, folder: Path) -> tuple[str, str]:
        certificate, key = folder / f"{uuid4().hex}.pem", folder / f"{uuid4().hex}.key"
        certificate.write_text(self.pem)
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(certificate), str(key)

    def proof(self, device: str, method: str, target: str, body: bytes = b"", **changes: object) -> str:
        """What a device signs for one request; ``changes``: claims to falsify."""
        claims = {
            "htm": method,
            "htu": target,
            "iat": time.time(),
            "jti": uuid4().hex,
            "bdy": base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode(),
            **changes,
        }
        return jwt.encode(claims, self.key, "ES256", {"typ": "device-proof+jwt", "kid": device})


def identity(name: str, authority: Identity | None = None) -> Identity:
    """An authority where none is given, else what it vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = authority.certificate.subject if authority else subject
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    return Identity(key, builder.sign(authority.key if authority else key, SHA256()))
