"""Domain profiles: what a community of agencies means by transactions and Type-2 fields, as data files."""

import codecs
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.itl.characters import CharacterSets
from biometric_service.interchange.itl.message import Header
from biometric_service.vocabulary.transactions import Hold, Refusal

SHIPPED = Path(__file__).parent / "profiles"
ANY = "*"
LEAST_AGREED_CSI, LONGEST_CSI = 128, 3


class Use(StrEnum):
    """What a type of transaction is for; ANY goes by the records that it holds."""

    ANY = "any"
    ENROL = "enrol"
    LATENT = "latent"


class Role(StrEnum):
    """Where what stands in a Type-2 field goes."""

    BIOGRAPHIC = "biographic"
    SUBJECT = "subject"
    LEGAL_BASIS = "legal_basis"
    EXCEPTIONS = "exceptions"


class Form(StrEnum):
    """How a Type-2 field writes what it says."""

    TEXT = "text"
    DATE = "date"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TransactionRule(_Strict):
    """One type of transaction; ``default``: what an export is, where nobody says."""

    means: str
    use: Use
    default: bool = False


class FieldRule(_Strict):
    """One Type-2 field; see ``profiles/belize.toml`` for what its keys mean."""

    means: str
    role: Role
    name: str
    form: Form = Form.TEXT
    codes: Mapping[str, str] = Field(default_factory=dict)
    items: tuple[str, ...] = ()
    many: bool = False
    mandatory_in: frozenset[str] = frozenset()


class Agencies(_Strict):
    """Whose transactions are taken, and whom they may be meant for; none named: any."""

    origins: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()


class Profile(_Strict):
    """A domain profile."""

    title: str
    version: Annotated[str, Field(pattern="^0[0-9]{3}$")]
    domain: tuple[str, str]
    agencies: Agencies
    character_sets: Mapping[str, str]
    transactions: Mapping[str, TransactionRule]
    fields: Mapping[Annotated[int, Field(ge=3, le=998)], FieldRule] = Field(default_factory=dict)

    @field_validator("character_sets")
    @classmethod
    def _known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for csi, codec in value.items():
            if not csi.isdigit() or len(csi) > LONGEST_CSI or int(csi) < LEAST_AGREED_CSI:
                raise ValueError("a character set is agreed upon by a number from 128 to 999")
            try:
                codecs.lookup(codec)
            except LookupError:
                raise ValueError("a character set has a codec that Python does not know") from None
        return value

    @property
    def sets(self) -> CharacterSets:
        """The character sets that are read."""
        return CharacterSets(self.character_sets)

    @property
    def usual_transaction(self) -> str:
        """The type of an export, where nobody says."""
        named = [kind for kind, rule in self.transactions.items() if rule.default]
        return (named or [kind for kind in self.transactions if kind != ANY] or ["ENR"])[0]

    def rule(self, kind: str) -> TransactionRule | None:
        """What a type of transaction is; None where the profile does not know it."""
        return self.transactions.get(kind, self.transactions.get(ANY))

    def unfit(self, header: Header) -> Refusal | None:
        """Why a transaction is not for this profile; None where it is."""
        if self.rule(header.kind) is None:
            return Refusal.said(Hold.TRANSACTION_UNKNOWN, "The profile does not know the type in Field 1.004.")
        for number, named, taken in (
            (8, header.origin, self.agencies.origins),
            (7, header.destination, self.agencies.destinations),
        ):
            if taken and named not in taken:
                return Refusal.of(Hold.AGENCY_UNKNOWN, "agency", field=f"1.{number:03}")
        return None


def profile_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all profiles: those that come with the service, and those of the deployer's folder."""
    return tuple(sorted(_files(folder)))


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """The profile of this name; one of the deployer's folder stands before one that comes with the service.

    REQUEST_INVALID where there is none, SETTINGS_INVALID where its file is wrong.
    """
    file = _files(folder).get(name)
    if file is None:
        known = ", ".join(profile_names(folder))
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "There is no domain profile of this name.", f"Name one of: {known}."
        )
    return _loaded(file, file.stat().st_mtime_ns)


@cache
def _loaded(file: Path, _: int) -> Profile:
    try:
        return Profile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as fault:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in fault.errors())
        raise _invalid(file, wrong) from None
    except ValueError as fault:
        raise _invalid(file, str(fault)) from None


def _files(folder: Path | None) -> dict[str, Path]:
    folders = [SHIPPED, *([folder] if folder else [])]
    return {file.stem: file for each in folders for file in sorted(each.glob("*.toml"))}


def _invalid(file: Path, wrong: str) -> BiometricServiceError:
    message = f"The domain profile {file.stem} is not valid ({wrong})."
    return BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, "Correct its file.")
