"""The service's own certificate, made at its first start where the deployer gave none."""

import os
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from biometric_service.durable_files import write
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings

DAYS = 397
"""What browsers take at the most."""
RENEWED_BEFORE = timedelta(days=30)


def certificate_files(settings: Settings) -> tuple[Path, Path]:
    """The certificate chain and its key: those given, else self-signed ones in data_dir; SETTINGS_INVALID."""
    if settings.tls_certificate_file and settings.tls_key_file:
        for file in (settings.tls_certificate_file, settings.tls_key_file):
            _require_readable(file)
        return settings.tls_certificate_file, settings.tls_key_file
    certificate, key = settings.data_dir / "tls.pem", settings.data_dir / "tls.key"
    if not (key.exists() and _lasts(certificate)):
        _make(settings.host, certificate, key)
    return certificate, key


def _require_readable(file: Path) -> None:
    if not os.access(file, os.R_OK):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, f"The file {file} cannot be read.", "Correct the setting, or its permissions."
        )


def _lasts(certificate: Path) -> bool:
    try:
        ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return False
    return ends - datetime.now(UTC) > RENEWED_BEFORE


def _make(host: str, certificate: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write(certificate, _self_signed(host, key).public_bytes(Encoding.PEM))


def _self_signed(host: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "biometric-service")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )


def _names(host: str) -> list[x509.GeneralName]:
    found = dict.fromkeys(("localhost", socket.gethostname(), "127.0.0.1", "::1", host))
    return [_name(each) for each in found if each not in {"0.0.0.0", "::"}]  # noqa: S104 - these name no machine


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
