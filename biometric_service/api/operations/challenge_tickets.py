"""What a challenge was, kept by whoever was given it: a signed ticket (JWT, HS256), good once and for a short while."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from biometric_service.api.operations.challenge_wire import LONGEST_TICKET
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.challenges import Turn
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import GalleryId, SubjectId

ALGORITHM = "HS256"
TYPE = "challenge+jwt"
KEY_BYTES = 32
CLOCKS_APART_S = 2.0
"""How far the clocks of two hosts of the service may be apart: one may give a challenge that another judges."""
AGAIN = "Ask for a new challenge and answer that."


@dataclass(frozen=True, slots=True)
class Ticket:
    """A challenge as it was issued: what was asked of whom, and since when (seconds of the epoch)."""

    turns: tuple[Turn, ...]
    subject: SubjectId
    gallery: GalleryId
    issued_at: float
    expires_at: float

    def elapsed(self, answered_at: float) -> float:
        """The most seconds that can have passed until an answer came, by the clock of whichever host took it."""
        return answered_at - self.issued_at + CLOCKS_APART_S

    def sealed(self, key: bytes, caller: Caller) -> str:
        """The ticket for this caller alone, from this device, for this purpose."""
        claims = {
            "jti": uuid4().hex,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "turns": list(self.turns),
            "subject": self.subject,
            "gallery": self.gallery,
            "caller": _identity(caller),
        }
        return jwt.encode(claims, _derived(key), ALGORITHM, {"typ": TYPE})


def redeem(sealed: str, key: bytes, caller: Caller, use: Callable[[str, datetime], bool]) -> Ticket:
    """The ticket of a challenge that this caller answers now, for the first time; CHALLENGE_INVALID.

    ``use``: notes that a ticket was used until it expires by every host's clock; False where it was already.
    """
    try:
        header = jwt.get_unverified_header(sealed) if len(sealed) <= LONGEST_TICKET else {}
        if header.get("typ") != TYPE:
            raise _invalid("The challenge is none that this service gave.")
        claims = jwt.decode(
            sealed, _derived(key), [ALGORITHM], options={"require": ["exp", "iat", "jti"]}, leeway=CLOCKS_APART_S
        )
    except jwt.ImmatureSignatureError:
        raise _invalid("The clocks of the service's hosts are too far apart.") from None
    except jwt.ExpiredSignatureError:
        raise _invalid("The time to answer the challenge is over.") from None
    except jwt.PyJWTError:
        raise _invalid("The challenge is none that this service gave.") from None
    if claims["caller"] != _identity(caller):
        raise _invalid("The challenge was given to another caller, device or purpose.")
    until = datetime.fromtimestamp(claims["exp"] + 2 * CLOCKS_APART_S, UTC)
    if not use(_digest(f"challenge {claims['jti']}"), until):
        raise _invalid("The challenge has been answered already.")
    turns = tuple(map(Turn, claims["turns"]))
    return Ticket(turns, SubjectId(claims["subject"]), GalleryId(claims["gallery"]), claims["iat"], claims["exp"])


def ticket(turns: tuple[Turn, ...], subject: SubjectId, gallery: GalleryId, seconds: float) -> Ticket:
    """A ticket of now."""
    now = time.time()
    return Ticket(turns, subject, gallery, now, now + seconds)


def _identity(caller: Caller) -> str:
    return _digest(f"{caller.actor}\n{caller.device}\n{caller.purpose}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _derived(key: bytes) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, b"biometric-service challenges").derive(key)


def _invalid(message: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.CHALLENGE_INVALID, message, AGAIN)
