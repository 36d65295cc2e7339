"""A slice on its way: a statement that the service signed, a line feed, and what is sealed for the device.

The statement (``vocabulary.statements``) says all of ``SliceHead``, so that a device tells a slice of its own from
another's, a later from an earlier one, and one that still holds from one that does not, before it opens anything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.slices.sealing import untrusted
from biometric_service.vocabulary.references import ChangeNumber, GalleryId
from biometric_service.vocabulary.slices import SliceHead
from biometric_service.vocabulary.statements import Signer, read_statement, state

SLICE: Final = "gallery_slice"
VERSION: Final = 1
_BREAK: Final = b"\n"


@dataclass(frozen=True, slots=True)
class Envelope:
    """``statement``: as it was signed, by the key ``public_key`` (hex). ``sealed``: what the head has the digest of."""

    head: SliceHead
    statement: str
    public_key: str
    sealed: bytes


def binding_of(head: SliceHead) -> bytes:
    """What the seal is bound to: whose slice it is, and which."""
    return f"slice {head.number} {head.base} {head.change} {head.device}".encode()


def enclose(head: SliceHead, sealed: bytes, signer: Signer) -> bytes:
    """The slice as it is sent; the head's digest is set here."""
    told = replace(head, digest=hashlib.sha256(sealed).hexdigest())
    return state(_fields(told), signer).encode("ascii") + _BREAK + sealed


def disclose(data: bytes) -> Envelope:
    """What was sent, its signature checked but not whose it is; SLICE_UNTRUSTED."""
    line, _, sealed = data.partition(_BREAK)
    try:
        statement = line.decode("ascii")
        signed = read_statement(statement)
        head = head_of(signed.fields)
    except (ValueError, KeyError, TypeError, BiometricServiceError):
        raise untrusted("It was not signed as it stands.") from None
    if hashlib.sha256(sealed).hexdigest() != head.digest:
        raise untrusted("It was changed on its way.")
    return Envelope(head, statement, signed.public_key, sealed)


def head_of(fields: Mapping[str, Any]) -> SliceHead:
    """The head that a statement tells; KeyError, ValueError, TypeError for any other statement."""
    if (fields["kind"], fields["version"]) != (SLICE, VERSION):
        raise ValueError("another kind of statement")
    return SliceHead(
        device=str(fields["device"]),
        number=int(fields["number"]),
        base=ChangeNumber(int(fields["base"])),
        change=ChangeNumber(int(fields["change"])),
        galleries=frozenset(map(GalleryId, fields["galleries"])),
        issued_at=datetime.fromisoformat(fields["issued_at"]),
        fresh_until=datetime.fromisoformat(fields["fresh_until"]),
        expires_at=datetime.fromisoformat(fields["expires_at"]),
        digest=str(fields["digest"]),
    )


def _fields(head: SliceHead) -> Mapping[str, object]:
    return {
        "kind": SLICE,
        "version": VERSION,
        "device": head.device,
        "number": head.number,
        "base": head.base,
        "change": head.change,
        "galleries": sorted(head.galleries),
        "issued_at": head.issued_at.isoformat(),
        "fresh_until": head.fresh_until.isoformat(),
        "expires_at": head.expires_at.isoformat(),
        "digest": head.digest,
    }
