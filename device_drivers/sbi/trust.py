"""What an SBI device signs: JSON web signatures whose certificates lead to an anchor that the deployer trusts."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from device_drivers.errors import DeviceError, Reason
from device_drivers.sbi.claims import Claims

ALGORITHMS = ("RS256", "ES256")


class Trust:
    """The anchors: certificates of authorities, or of single devices."""

    def __init__(self, anchors: Sequence[x509.Certificate]) -> None:
        self._anchors = tuple(anchors)

    def claims(self, token: str) -> Claims:
        """What is signed; DeviceError: PROTOCOL for a wrong signature, PERMISSION for a stranger's."""
        try:
            chain = _chain(token)
            said = Claims(jwt.decode(token, _key(chain[0]), list(ALGORITHMS), options={"verify_aud": False}))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, binascii.Error) as fault:
            what = f"What the device sent is not signed as it should be ({fault}): do not use this device."
            raise DeviceError(Reason.PROTOCOL, what) from None
        if not self._answers_for(chain):
            what = "No trust anchor answers for the device's signature: give its authority's certificate as trust=."
            raise DeviceError(Reason.PERMISSION, what)
        return said

    def _answers_for(self, chain: Sequence[x509.Certificate]) -> bool:
        now = datetime.now(UTC)
        in_time = all(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in chain)
        linked = all(_issued(child, parent) for child, parent in pairwise(chain))
        last = chain[-1]
        return in_time and linked and any(last == anchor or _issued(last, anchor) for anchor in self._anchors)


def anchors_in(path: Path) -> Trust:
    """The certificates in a PEM file; DeviceError(BAD_ADDRESS) where there are none."""
    try:
        return Trust(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        what = f"There are no PEM certificates in {path}: give the file of those to trust as trust=."
        raise DeviceError(Reason.BAD_ADDRESS, what) from None


def _chain(token: str) -> list[x509.Certificate]:
    sent = jwt.get_unverified_header(token)["x5c"]
    if not sent:
        raise ValueError("it carries no certificate")
    return [x509.load_der_x509_certificate(base64.b64decode(each)) for each in sent]


def _key(certificate: x509.Certificate) -> RSAPublicKey | EllipticCurvePublicKey:
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        return key
    raise ValueError("its key is neither RSA nor of an elliptic curve")


def _issued(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
        return parent.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
