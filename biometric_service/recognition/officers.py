"""Officers who check by hand at a device while the service is out of reach: whose keys may, and whether they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from biometric_service.vocabulary.access import ApiKey, Device, Scope
from biometric_service.vocabulary.officer_keys import KeptKey, KeyProof, OfficerKeyStore
from biometric_service.vocabulary.places import Post

TWO: Final = 2


class Doubt(StrEnum):
    """Why what two officers are said to have decided is not believed."""

    DEVICE = "device_not_entitled"
    PROOF = "proof_wrong"
    REVOKED = "key_revoked"
    EXPIRED = "key_expired"
    RIGHTS = "key_not_entitled"
    ONE = "one_officer"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What officers are said to have decided. ``said``: what each proof is of; ``at``: when, by the device's clock."""

    device: Device
    post: Post
    purpose: str
    at: datetime
    said: bytes
    proofs: tuple[KeyProof, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """``officers``: whose keys it was, as far as that is proven. ``doubt``: None where all of it is believed."""

    officers: tuple[str, ...]
    doubt: Doubt | None


def may_decide(key: ApiKey, post: Post, purpose: str) -> bool:
    """Whether the key may check by hand at the post, as the service itself has it; one that nobody owns never may."""
    scope = Scope.MANUAL_CHECK in key.scopes
    return scope and bool(key.owner) and key.may_search(post.gallery) and key.may_ask_for(purpose)


def hear(store: OfficerKeyStore, confirmed: Confirmed) -> Heard:
    """Whether two officers decided it whose keys were in force at that moment and may do so; the first doubt counts."""
    kept = [store.proven(each, confirmed.said) for each in confirmed.proofs]
    known = [each for each in kept if each is not None]
    officers = tuple(each.key.owner or each.key.id for each in known)
    if Scope.OFFICER_KEYS not in confirmed.device.scopes:
        return Heard(officers, Doubt.DEVICE)
    if len(known) < len(kept):
        return Heard(officers, Doubt.PROOF)
    return Heard(officers, _doubt_of(known, confirmed) or (Doubt.ONE if len(set(officers)) < TWO else None))


def _doubt_of(known: Sequence[KeptKey], confirmed: Confirmed) -> Doubt | None:
    at = confirmed.at
    if any(each.revoked_at is not None and each.revoked_at <= at for each in known):
        return Doubt.REVOKED
    if any(each.key.expires_at is not None and each.key.expires_at <= at for each in known):
        return Doubt.EXPIRED
    entitled = all(may_decide(each.key, confirmed.post, confirmed.purpose) for each in known)
    return None if entitled else Doubt.RIGHTS
