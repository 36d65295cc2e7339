"""Two agencies for tests: one that shares, and what is known of the other."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from benchmarks.throughput.random_encounters import GALLERY, random_encounter
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.sharing import agreeing
from biometric_service.interchange.sharing.parts import Patience, Sharing
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.rules import OutboundRules
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import Circumstances, Encounter, Json
from biometric_service.vocabulary.sharing import Agreement, Circle, Partner, Terms

PURPOSE = "police-cooperation"
CLERK, FIRST, SECOND = (Caller(name, PURPOSE) for name in ("clerk", "officer-1", "officer-2"))
POLICE = Caller("police-key", PURPOSE)
KEY = generate_private_key(65537, 2048)
FIELDS = ("biographic.lastName", "encounter.status", "template.fingerprint")
KNOWN: dict[str, Json] = {"lastName": "Arana", "firstName": "Ines", "gender": "F", "dateOfBirth": "1991-04-02"}


@dataclass(frozen=True)
class Signing:
    """The other side's signature."""

    key: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, text: bytes) -> bytes:
        return self.key.sign(text)


SIGNING = Signing(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def partner(**changes: Any) -> Partner:  # noqa: ANN401
    police = Partner("police", "The police", POLICE.actor, pem(KEY), SIGNING.public_key.hex())
    return replace(police, **changes)


def terms(who: Partner | None = None, **changes: Any) -> Terms:  # noqa: ANN401
    now = datetime.now(UTC)
    agreed = Terms(
        partner=who or partner(),
        circle=Circle(frozenset({GALLERY})),
        fields=FIELDS,
        purpose=PURPOSE,
        legal_basis="Police Act, s. 9",
        valid_from=now - timedelta(minutes=1),
        until=now + timedelta(days=1),
        two_person_review=False,
    )
    return replace(agreed, **changes)


def sharing_of(opened: OpenedStore, *origins: str, **changes: Any) -> Sharing:  # noqa: ANN401
    parts = Sharing(
        agency="prison",
        store=opened.store,
        encounters=opened.encounters,
        agreements=opened.agreements,
        disclosures=opened.disclosures,
        received=opened.received,
        requests=opened.agency_requests,
        outbound=OutboundGate(OutboundRules(origins, ("127.0.0.0/8",)), 60, 1_000_000),
        rules=ExchangeRules.of(Settings()),
        patience=Patience(first_s=0.001, attempts=3),
    )
    return replace(parts, **changes)


def agreed(sharing: Sharing, of: Terms | None = None, name: str = "police") -> Agreement:
    """Proposed, and signed by two officers."""
    made = agreeing.propose(sharing, name, of or terms(), CLERK)
    agreeing.sign(sharing, made.id, FIRST)
    return agreeing.sign(sharing, made.id, SECOND)


def at_no_turn_of_the_day() -> None:
    """Wait out the last two minutes of a day (UTC): what is counted by days here happens on one."""
    left = 86_400 - time.time() % 86_400
    time.sleep(left if left < 120 else 0)


def person(seed: int, subject: str, name: str = "first", **known: Json) -> Encounter:
    """Somebody with a name, two thumbs and a face."""
    circumstances = Circumstances(kind="booking", biographic={**KNOWN, **known}, contextual={"officer": "17"})
    return replace(random_encounter(seed, subject, name), circumstances=circumstances)
