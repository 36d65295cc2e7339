"""What is said of a person at a post, as codes with facts, to be said in any language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from biometric_service.texts.sentences import Sentence


class RulingCode(StrEnum):
    """Why somebody passes or does not; each has a sentence ``ruling.<code>`` among the texts."""

    CLAIM_VERIFIED = "claim_verified"
    IDENTIFIED = "identified"
    CONFIRMED_BY_TWO = "confirmed_by_two"
    OFFICERS_UNPROVEN = "officers_unproven"
    NOT_TWO_OFFICERS = "not_two_officers"
    NOT_TWO_KEYS = "not_two_keys"
    ANOTHER_PERSON = "another_person"
    UNKNOWN_PERSON = "unknown_person"
    NOT_AS_CLAIMED = "not_as_claimed"
    NOT_CERTAIN = "not_certain"
    CLAIM_NOT_CERTAIN = "claim_not_certain"
    CLAIM_INCOMPLETE = "claim_incomplete"
    CLAIM_NOT_COMPARED = "claim_not_compared"
    NOT_USABLE = "not_usable"
    NOT_ACTIVE = "not_active"
    NO_ORDER = "no_order"
    ELSEWHERE = "elsewhere"
    LOOK = "look"
    ZONE_FULL = "zone_full"
    OLD_SLICE = "old_slice"
    CLAIM_NOT_IN_SLICE = "claim_not_in_slice"
    GALLERY_NOT_IN_SLICE = "gallery_not_in_slice"
    MODALITY_NOT_IN_SLICE = "modality_not_in_slice"
    NO_RULES = "no_rules"
    RECORDED_BEFORE = "recorded_before"


STATUS: Final = "status"
"""The fact that is a word itself, ``ruling.status.<value>`` among the texts."""


@dataclass(frozen=True, slots=True)
class RulingReason:
    """One reason. ``facts`` by name: ids of people and zones, ``status`` of an encounter, ``since`` in UTC, numbers."""

    code: RulingCode
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> Sentence:
        """It as a sentence."""
        values: dict[str, object] = dict(self.facts)
        if STATUS in values:
            values[STATUS] = Sentence(f"ruling.status.{values[STATUS]}")
        return Sentence(f"ruling.{self.code.value}", values)


def sentences(why: Iterable[RulingReason]) -> tuple[Sentence, ...]:
    """A sentence for each reason."""
    return tuple(each.sentence for each in why)


def because(code: RulingCode, **facts: object) -> tuple[RulingReason, ...]:
    """The one reason of a ruling."""
    return (RulingReason(code, {name: str(each) for name, each in facts.items()}),)
