"""Messages between agencies: a statement, signed by who says it and encrypted to whom it is for (JWE).

What is signed says what it is, its own id, from whom and to whom, under which agreement and when. Receipts and
manifests are statements too; they are not encrypted, for they hold ids and digests alone.
"""

import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing.faults import refused, unproven
from biometric_service.interchange.sharing.osia import osia_call, osia_recall
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.outbound.jwe import decrypted, encrypted
from biometric_service.vocabulary.references import Json, SubjectId
from biometric_service.vocabulary.sharing import Agreement, Channel, DisclosureKind, Manifest, Message, Partner
from biometric_service.vocabulary.statements import Statement, read_statement, state

RECEIPT, MANIFEST = "receipt", "manifest"
SMALLEST_KEY_BITS = 2048
_FAULTS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
    InvalidTag,
    UnsupportedAlgorithm,
    binascii.Error,
)


@dataclass(frozen=True, slots=True)
class Saying:
    """What a message is about.

    ``subject_version``: of the person as it was read, so that nothing leaves that is no longer so. ``reviewed``:
    whether officers look at it before it leaves. ``fetched``: whether OSIA has no call for it, so that it is fetched:
    an answer, or the recall of what did not go by OSIA. ``by_hand``: whether somebody carries it. ``files``: those that
    the content holds in base64, as they are.
    ``lacks``: mandatory Type-2 fields that its transactions lack.
    """

    kind: DisclosureKind
    content: Mapping[str, Json]
    subject: SubjectId | None = None
    fields: tuple[str, ...] = ()
    about: str = ""
    cause: str | None = None
    subject_version: int | None = None
    reviewed: bool = False
    fetched: bool = False
    by_hand: bool = False
    files: tuple[bytes, ...] = ()
    lacks: tuple[int, ...] = ()


def written(sharing: Sharing, agreement: Agreement, saying: Saying) -> Message:
    """The message, signed and encrypted."""
    at, name, partner = datetime.now(UTC), uuid4().hex, agreement.terms.partner
    fields = {
        "kind": saying.kind.value,
        "id": name,
        "from": sharing.agency,
        "to": partner.agency,
        "agreement": agreement.id,
        "purpose": agreement.terms.purpose,
        "legal_basis": agreement.terms.legal_basis,
        "at": at.isoformat(),
        "about": saying.about,
        "content": saying.content,
    }
    plain = state(fields, sharing.disclosures.signer).encode()
    return Message(
        id=name,
        kind=saying.kind,
        agreement=agreement,
        at=at,
        subject=saying.subject,
        fields=saying.fields,
        plain=plain,
        sealed=_sealed(sharing, agreement, saying, (name, plain)),
        channel=_channel(agreement, saying),
        digest=hashlib.sha256(plain).hexdigest(),
        about=saying.about,
        cause=saying.cause,
        subject_version=saying.subject_version,
        reviewed=saying.reviewed,
    )


def _sealed(sharing: Sharing, agreement: Agreement, saying: Saying, made: tuple[str, bytes]) -> str:
    """What goes over the wire."""
    (name, plain), partner = made, agreement.terms.partner
    if _channel(agreement, saying) is not Channel.OSIA:
        return encrypted(public_key(partner), plain)
    if saying.kind is DisclosureKind.RECALL:
        return osia_recall(saying.subject or "", saying.about)
    return osia_call(sharing.agency, name, saying.content, public_key(partner))


def _channel(agreement: Agreement, saying: Saying) -> Channel:
    """How it goes: OSIA has calls for records and for their deletion; whoever asked by other means fetches the rest."""
    agreed = agreement.terms.partner.channel
    if saying.by_hand:
        return Channel.PULL
    return Channel.PULL if agreed is Channel.OSIA and saying.fetched else agreed


def opened(key: RSAPrivateKey | None, sealed: str) -> tuple[Statement, str]:
    """What a message says and its digest; MESSAGE_REFUSED with one answer for whatever is wrong with it."""
    if key is None:
        raise refused("This deployment takes no messages: it has no key for them.")
    try:
        plain = decrypted(key, sealed)
        return read_statement(plain.decode()), hashlib.sha256(plain).hexdigest()
    except _FAULTS:
        raise refused("It does not open with this deployment's key.") from None
    except BiometricServiceError:
        raise refused("It is not signed as it stands.") from None


def receipt(sharing: Sharing, disclosure: str, digest: str) -> str:
    """What a receiver signs."""
    fields = {"kind": RECEIPT, "disclosure": disclosure, "digest": digest, "from": sharing.agency}
    return state({**fields, "at": datetime.now(UTC).isoformat()}, sharing.disclosures.signer)


def require_receipt(partner: Partner, text: str, disclosure: str, digest: str) -> None:
    """DELIVERY_FAILED unless the partner signed for just this."""
    fields = signed_by(partner, text)
    if (fields.get("kind"), fields.get("disclosure"), fields.get("digest")) != (RECEIPT, disclosure, digest):
        raise unproven("The receipt is for something else.")


def statement_in(body: bytes) -> str:
    """The statement in an answer ``{"statement": ...}``; DELIVERY_FAILED."""
    try:
        return str(json.loads(body)["statement"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise unproven("What came back holds no statement.") from None


def signed_by(partner: Partner, text: str) -> Mapping[str, Any]:
    """What a partner signed; DELIVERY_FAILED where it did not."""
    try:
        statement = read_statement(text)
    except BiometricServiceError:
        raise unproven("What came back is no signed statement.") from None
    if statement.public_key != partner.signing_key:
        raise unproven("What came back is signed by somebody else.")
    return statement.fields


def manifest_statement(sharing: Sharing, manifest: Manifest, other: str, direction: str) -> str:
    """Which disclosures one side sent or received on a day; ``direction``: sent or received."""
    fields = {"kind": MANIFEST, "direction": direction, "from": sharing.agency, "with": other, "day": manifest.day}
    counted = {"count": len(manifest.entries), "digest": manifest_digest(manifest)}
    return state({**fields, **counted, "entries": dict(manifest.entries)}, sharing.disclosures.signer)


def manifest_digest(manifest: Manifest) -> str:
    """SHA-256 (hex) over a line ``<id> <digest>`` for each disclosure, in the order of ids."""
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(manifest.entries.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def read_manifest(partner: Partner, text: str, day: str, direction: str) -> Manifest:
    """A partner's manifest of a day; DELIVERY_FAILED."""
    fields = signed_by(partner, text)
    if (fields.get("kind"), fields.get("direction"), fields.get("day")) != (MANIFEST, direction, day):
        raise unproven("The manifest is of something else.")
    entries = fields.get("entries")
    if not isinstance(entries, Mapping):
        raise unproven("The manifest lists nothing.")
    return Manifest(day, {str(name): str(digest) for name, digest in entries.items()})


def public_key(partner: Partner) -> RSAPublicKey:
    """What is for the partner is encrypted with; REQUEST_INVALID for anything but RSA of 2048 bits or more."""
    try:
        key = load_pem_public_key(partner.encryption_key.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "no_encryption_key")
    return key
