"""What comes from and goes to other agencies: why a transaction is held, and who must look at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

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


HOLDS = {
    Hold.EMPTY: "There are no bytes.",
    Hold.TOO_MANY_BYTES: "It has more bytes than the settings allow.",
    Hold.TOO_MANY_RECORDS: "It has more records than the settings allow.",
    Hold.TOO_MANY_PIXELS: "An image in it, or all together, have more pixels than the settings allow.",
    Hold.NO_TRANSACTION: "It does not begin like a transaction.",
    Hold.XML_ENCODING: "It is in the XML encoding; the traditional one is read.",
    Hold.CUT_SHORT: "A record ends before all of its bytes are there.",
    Hold.BYTES_LEFT_OVER: "Bytes follow the last record that its contents list.",
    Hold.CONTENTS_MISCOUNTED: "Its table of contents (Field 1.003) is not that of its records.",
    Hold.RECORD_MISPLACED: "A record stands where its contents list another.",
    Hold.FIELD_MALFORMED: "A field is not of the form that the standard gives it.",
    Hold.FIELD_MISSING: "A field is missing that the standard or the profile demands.",
    Hold.VERSION_UNKNOWN: "It names a version of the standard that is not read.",
    Hold.CHARACTER_SET_UNKNOWN: "It names a character set that is not read.",
    Hold.CHARACTERS_INVALID: "A text in it is not of the character set that it names.",
    Hold.TRANSACTION_UNKNOWN: "The profile does not know its type of transaction (Field 1.004).",
    Hold.AGENCY_UNKNOWN: "The profile does not take transactions of its agency, or not for this one.",
    Hold.NOTHING_TO_KEEP: "It holds neither a finger nor a face nor a latent.",
    Hold.IMAGE_UNREADABLE: "An image in it cannot be decoded, or is not what its record says.",
    Hold.RESOLUTION_UNUSABLE: "A fingerprint in it is of a resolution that cannot be compared.",
    Hold.POSITION_UNKNOWN: "A fingerprint in it is said to be of something that is no finger.",
    Hold.SLAP_NOT_TAKEN_APART: "The fingers of a slap cannot be told apart, and no other image shows them.",
    Hold.RECORD_UNREADABLE: "It is a CBEFF or ISO/IEC 19794 record that is damaged, encrypted or not read here.",
    Hold.NOT_ENROLLED: "Everything was read, and the enrolment was refused.",
}
"""What each reason means."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transaction is not taken in. ``why``: a sentence with the record and field, never what stands in them."""

    reason: Hold
    why: str


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
