"""Name, sex and date of birth in the biographic data of a record, whichever way it came and whatever they are called.

The enrolment station says ``name`` (one text), ``sex`` and ``born``; registers over OSIA say ``firstName``,
``lastName``, ``gender`` and ``dateOfBirth``; domain profiles of ANSI/NIST-ITL say ``name`` in items, ``sex`` and
``date_of_birth``. Whoever reads a person's particulars reads them here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from biometric_service.vocabulary.references import Json

NAME_FIELD: Final = "name"
SEX_FIELDS: Final = ("sex", "gender")
BIRTH_FIELDS: Final = ("born", "dateOfBirth", "date_of_birth")
FAMILY, GIVEN = "family", "given"
_PARTS: Final = (("lastName", "firstName"), ("last_name", "first_name"))
_DAY = len("2026-01-01")


class SexCode(StrEnum):
    """As Field 2.024 of ANSI/NIST-ITL transactions has it; X: neither is said of the person."""

    MALE = "M"
    FEMALE = "F"
    UNSPECIFIED = "X"


_WRITTEN: Final = {
    **{each.value: each for each in SexCode},
    **{each.name: each for each in SexCode},
    **dict.fromkeys(("UNKNOWN", "U"), SexCode.UNSPECIFIED),
}


@dataclass(frozen=True, slots=True)
class Name:
    """``family``: all of a name that is not told apart."""

    family: str
    given: str = ""

    @property
    def whole(self) -> str:
        """Both, the given names first."""
        return f"{self.given} {self.family}".strip()


def sex_in(biographic: Mapping[str, Json], fields: Sequence[str] = SEX_FIELDS) -> SexCode | None:
    """The sex that the first of the fields that says one says, None where none does."""
    return next((sex for each in fields if (sex := sex_of(biographic.get(each))) is not None), None)


def birth_in(biographic: Mapping[str, Json], fields: Sequence[str] = BIRTH_FIELDS) -> date | None:
    """The date of birth that the first of the fields that says one says, None where none does."""
    return next((born for each in fields if (born := birth_of(biographic.get(each))) is not None), None)


def name_in(biographic: Mapping[str, Json]) -> Name | None:
    """The name, None where none is said."""
    said = biographic.get(NAME_FIELD)
    whole = _of_items(said) if isinstance(said, Mapping) else _of_text(said)
    apart = (Name(_text(biographic.get(family)), _text(biographic.get(given))) for family, given in _PARTS)
    return next((each for each in (whole, *apart) if each.whole), None)


def sex_of(said: object) -> SexCode | None:
    """From a code or a word in any case; None for anything else."""
    return _WRITTEN.get(_text(said).upper())


def birth_of(said: object) -> date | None:
    """From a date as in ISO 8601, with or without a time."""
    try:
        return date.fromisoformat(_text(said)[:_DAY])
    except ValueError:
        return None


def _of_items(said: Mapping[str, Json]) -> Name:
    """By the usual names of the items; of others all together, in their order."""
    if FAMILY in said or GIVEN in said:
        return Name(_text(said.get(FAMILY)), _text(said.get(GIVEN)))
    return Name(" ".join(filter(None, map(_text, said.values()))))


def _of_text(said: object) -> Name:
    """``Núñez, Ana`` tells both apart; any other text is not taken apart."""
    family, comma, given = _text(said).partition(",")
    return Name(family.strip(), given.strip()) if comma else Name(family)


def _text(said: object) -> str:
    return said.strip() if isinstance(said, str) else ""
