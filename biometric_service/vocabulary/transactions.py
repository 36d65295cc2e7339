"""What comes from and goes to other agencies: why a transaction is held, and who must look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

from biometric_service.texts.sentences import Sentence
from biometric_service.texts.speaking import ENGLISH, say
from biometric_service.vocabulary.events import AuditEvent


class Hold(StrEnum):
    """Why a transaction was not taken in; the value is stable and part of the wire contract."""

    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_RECORDS = "too_many_records"
    TOO_MANY_PIXELS = "too_many_pixels"
    NO_TRANSACTION = "no_transaction"
    XML_ENCODING = "xml_encoding"
    CUT_SHORT = "cut_short"
    BYTES_LEFT_OVER = "bytes_left_over"
    CONTENTS_MISCOUNTED = "contents_miscounted"
    RECORD_MISPLACED = "record_misplaced"
    FIELD_MALFORMED = "field_malformed"
    FIELD_MISSING = "field_missing"
    VERSION_UNKNOWN = "version_unknown"
    CHARACTER_SET_UNKNOWN = "character_set_unknown"
    CHARACTERS_INVALID = "characters_invalid"
    TRANSACTION_UNKNOWN = "transaction_unknown"
    AGENCY_UNKNOWN = "agency_unknown"
    NOTHING_TO_KEEP = "nothing_to_keep"
    IMAGE_UNREADABLE = "image_unreadable"
    RESOLUTION_UNUSABLE = "resolution_unusable"
    POSITION_UNKNOWN = "position_unknown"
    SLAP_NOT_TAKEN_APART = "slap_not_taken_apart"
    RECORD_UNREADABLE = "record_unreadable"
    NOT_ENROLLED = "not_enrolled"


HOLDS: Mapping[Hold, str] = {each: say(ENGLISH, f"held.means.{each.value}") for each in Hold}
"""What each reason means, in English."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transaction is not taken in. ``why``: with the record and field, never what stands in them."""

    reason: Hold
    why: Sentence

    @classmethod
    def of(cls, reason: Hold, case: str, /, **values: object) -> Self:
        """With the sentence of a case, ``held.details.<case>``."""
        return cls(reason, Sentence(f"held.details.{case}", values))

    @classmethod
    def said(cls, reason: Hold, english: str) -> Self:
        """With words in English, which other languages say by what the reason means."""
        return cls(reason, Sentence(f"held.means.{reason.value}", english=english))


class HoldState(StrEnum):
    """What became of a transaction that was held."""

    HELD = "held"
    TAKEN_IN = "taken_in"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class NewHold:
    """A transaction to be held. ``name``: of its file or message, as the sender called it."""

    id: str
    data: bytes
    refusal: Refusal
    name: str
    profile: str
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class HeldTransaction:
    """A transaction that is held, without its bytes.

    ``sender``: the actor that sent it. ``digest``: SHA-256 (hex) of its bytes. ``attempts``: how often it was tried.
    ``settled_at``: when it was taken in or released; its bytes are gone then.
    """

    number: int
    id: str
    received_at: datetime
    sender: str
    name: str
    profile: str
    digest: str
    size: int
    refusal: Refusal
    state: HoldState
    attempts: int
    keep_until: datetime
    settled_at: datetime | None


class QuarantineStore(Protocol):
    """Keeps what could not be taken in, sealed; each change is one transaction with its audit event."""

    def hold(self, held: NewHold, event: AuditEvent) -> HeldTransaction:
        """Keep it, unless the same bytes of the same sender are held: then that one is returned, tried once more."""

    def held(self, after: int, limit: int, *, settled: bool) -> Sequence[HeldTransaction]:
        """Held or settled ones by number, after the given one."""

    def find(self, held: str) -> HeldTransaction:
        """One; TRANSACTION_UNKNOWN."""

    def data(self, held: str) -> bytes:
        """Its bytes as they came; TRANSACTION_UNKNOWN, also where it is settled; RECORD_TAMPERED."""

    def settle(self, held: str, state: HoldState, event: AuditEvent) -> HeldTransaction:
        """Forget its bytes and note what became of it; TRANSACTION_UNKNOWN where it is not held."""

    def tried(self, held: str, refusal: Refusal, event: AuditEvent) -> HeldTransaction:
        """Note another attempt that failed, and why; TRANSACTION_UNKNOWN where it is not held."""

    def due(self, now: datetime) -> int:
        """How many ``expire`` would delete at a moment."""

    def expire(self, event: AuditEvent) -> int:
        """Delete all whose time is over; returns how many, and records nothing where there are none."""
