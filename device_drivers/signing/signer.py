"""The private key of a scanner, and frames signed with it."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import said_of
from device_drivers.key_files import require_private, write_new
from device_drivers.protocol import Frame
from device_drivers.signing.statement import Statement, size_of

VALID = timedelta(days=1826)


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with its Ed25519 signature, 64 bytes."""

    statement: Statement
    signature: bytes


class FrameSigner:
    """Signs frames as one registered device. ``device``: the id that it is registered under."""

    def __init__(self, device: str, key: Ed25519PrivateKey) -> None:
        self.device = device
        self._key = key

    def signed(self, frame: Frame) -> SignedStatement:
        """What the device says of the frame; each time with a new nonce."""
        position = said_of(frame, "position")
        statement = Statement(
            self.device,
            secrets.token_hex(16),
            frame.captured_at,
            frame.digest,
            size_of(frame.pixels),
            frame.dpi,
            int(position) if position.isdecimal() else 0,
        )
        return SignedStatement(statement, self._key.sign(statement.canonical()))


def make_key(key: Path, certificate: Path, name: str) -> None:
    """Write a new Ed25519 key, for its owner alone, and its self-signed certificate for five years, both PEM.

    DeviceError: BUSY where either file is there, PERMISSION where one cannot be written.
    """
    there = [path for path in (key, certificate) if path.exists()]
    if there:
        raise DeviceError(Reason.BUSY, f"{there[0]} is there already: name another, or use that.")
    secret = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    write_new(key, secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain), 0o600)
    write_new(certificate, _certificate(secret, name).public_bytes(serialization.Encoding.PEM), 0o644)


def open_signer(device: str, key: Path) -> FrameSigner:
    """The key in the file; DeviceError: BAD_ADDRESS where it holds none, PERMISSION where others may read it."""
    require_private(key)
    try:
        secret = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as fault:
        raise DeviceError(Reason.BAD_ADDRESS, f"{key} holds no key in PEM ({fault}): make one.") from None
    if not isinstance(secret, Ed25519PrivateKey):
        raise DeviceError(Reason.BAD_ADDRESS, f"{key} holds a key of another kind than Ed25519: make one.")
    return FrameSigner(device, secret)


def _certificate(key: Ed25519PrivateKey, name: str) -> x509.Certificate:
    named, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    builder = x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + VALID)
    return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(key, None)
