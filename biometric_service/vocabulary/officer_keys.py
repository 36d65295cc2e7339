"""Keys of officers as a checkpoint knows them with the line cut: enough to tell one by, and nothing to call with.

A secret holds 256 random bits, so that nobody finds it by a digest. The store keeps its SHA-256. Whatever leaves the
store is a MAC (HMAC-SHA256) under that, of what it is for: in a slice, of a salt made for that slice, the device and
the key. Who has such a MAC has neither the secret nor what the store keeps, and cannot make another one. Whoever is
given the secret can: so a device proves to the service that an officer gave it for this one check.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from biometric_service.vocabulary.access import ApiKey
from biometric_service.vocabulary.movements import Passing, Ruling

_IN_A_SLICE = "biometric-service 1 officer key in a slice"
_CHECKED_BY_HAND = "biometric-service 1 checked by hand"


@dataclass(frozen=True, slots=True)
class OfficerKey:
    """A key that a device may take. ``id``: its public part; ``owner``: whose it is; ``mac``: for this slice, hex."""

    id: str
    owner: str
    expires_at: datetime | None
    mac: str


@dataclass(frozen=True, slots=True)
class OfficerKeys:
    """The keys of those who may check by hand at the post of a slice; ``salt``: of this slice alone, hex."""

    salt: str
    keys: tuple[OfficerKey, ...]


@dataclass(frozen=True, slots=True)
class GivenKey:
    """A key that an officer gave. ``id``: its public part; ``digest``: SHA-256 of the secret, which is kept nowhere."""

    id: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyProof:
    """That somebody gave a key for one check by hand. ``key``: its public part; ``mac``: hex."""

    key: str
    mac: str


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key as the store has it, even where it is over; ``revoked_at``: None where it was not revoked."""

    key: ApiKey
    revoked_at: datetime | None


class OfficerKeyStore(Protocol):
    """What the store of API keys says of officers to whom the service cannot speak."""

    def officer_keys(self, device: str, may: Callable[[ApiKey], bool]) -> OfficerKeys:
        """The keys in force that ``may`` take part, for a slice of this device, under a new salt."""

    def proven(self, proof: KeyProof, said: bytes) -> KeptKey | None:
        """The key that said it, even where it is over; None where there is none, or the proof is another's."""


def given_key(secret: str) -> GivenKey:
    """What is needed of a secret, ``<id>.<random>``."""
    return GivenKey(secret.rpartition(".")[0], digest_of(secret))


def digest_of(secret: str) -> bytes:
    """As the store keeps a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def mac_in_slice(digest: bytes, salt: str, device: str, key: str) -> str:
    """What a slice carries of a key, hex."""
    return _mac(digest, _IN_A_SLICE, salt, device, key)


def proof_of(given: GivenKey, said: bytes) -> KeyProof:
    """Proof that the key was given for what is said."""
    return KeyProof(given.id, mac_of_said(given.digest, said))


def mac_of_said(digest: bytes, said: bytes) -> str:
    """What proves that a key was given for what is said, hex."""
    return _mac(digest, _CHECKED_BY_HAND, said.decode())


def said_by_hand(passing: Passing, ruling: Ruling, why: str) -> bytes:
    """All that two officers answer for; what it says of another person, post or moment is another thing said."""
    at = passing.at.astimezone(UTC).isoformat()
    where = (passing.device, passing.id, passing.post.id, passing.direction.value)
    return json.dumps([*where, at, ruling.subject, ruling.passage.value, ruling.ground.value, why]).encode()


def _mac(digest: bytes, *said: str) -> str:
    return hmac.digest(digest, json.dumps(said).encode(), hashlib.sha256).hex()
