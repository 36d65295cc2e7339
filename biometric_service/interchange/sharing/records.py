"""The record of a person in the form that an agreement names: JSON, or files as agencies exchange them."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.cbeff.sending import document_of
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.description import missing_fields
from biometric_service.interchange.itl.profile import FieldRule, Role
from biometric_service.interchange.itl.spelling import spelled
from biometric_service.interchange.sending import Layout, transaction_of
from biometric_service.interchange.sharing.minimising import minimised, reduced
from biometric_service.vocabulary.references import Encounter, Json, SubjectId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.sharing import Channel, RecordForm, Terms

DAY, ALWAYS = "encounter.at", ""
_IMAGES = frozenset(f"image.{each.value}" for each in Modality)
_TELLS_DAYS = _IMAGES | {"encounter.exceptions"}
_SAYS: Mapping[RecordForm, frozenset[str]] = {
    RecordForm.ANSI_NIST_ITL: _TELLS_DAYS | {DAY, "encounter.legal_basis", "template.fingerprint", "transaction.rest"},
    RecordForm.CBEFF: _TELLS_DAYS | {DAY},
}
"""What a form can say beside the biographic fields of a domain profile."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A Type-2 field that transactions will not have; ``kinds``: types of transaction in which it is mandatory."""

    number: int
    means: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{field_name(self.number)} ({self.means}), mandatory in {', '.join(self.kinds)}"


@dataclass(frozen=True, slots=True)
class Record:
    """``content``: as JSON can say it, files in base64. ``files``: the same files as they are, none of JSON itself.

    ``lacks``: mandatory Type-2 fields that are not in one of the transactions, for which a reader holds it back.
    """

    content: Mapping[str, Json]
    files: tuple[bytes, ...] = ()
    lacks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    lacks: tuple[int, ...] = ()


def field_name(number: int) -> str:
    """A Type-2 field as transactions name it, such as ``2.010``."""
    return f"2.{number:03}"


def require_sayable(terms: Terms, rules: ExchangeRules) -> None:
    """REQUEST_INVALID names the first field that the form cannot say, or that it would say without being named."""
    if terms.form is RecordForm.JSON:
        if "transaction.rest" in terms.fields:
            raise _unsayable("transaction.rest", terms)
        return
    if terms.partner.channel is Channel.OSIA:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "no_files_by_osia")
    sayable = _SAYS[terms.form] | (_described(terms, rules) if terms.form is RecordForm.ANSI_NIST_ITL else frozenset())
    for each in terms.fields:
        if each not in sayable:
            raise _unsayable(each, terms)
    if _TELLS_DAYS & set(terms.fields) and DAY not in terms.fields:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "day_not_named", field=DAY)


def lacking(terms: Terms, rules: ExchangeRules) -> tuple[Lack, ...]:
    """The mandatory fields that transactions under these terms will lack, whoever they are about.

    Whoever reads by the same domain profile will not take such a transaction in. REQUEST_INVALID and SETTINGS_INVALID
    for a profile that cannot be loaded.
    """
    if terms.form is not RecordForm.ANSI_NIST_ITL:
        return ()
    ruled = rules.profile(terms.profile).fields.items()
    return tuple(
        Lack(number, rule.means, tuple(sorted(rule.mandatory_in)))
        for number, rule in ruled
        if rule.mandatory_in and _given_by(rule) not in {*terms.fields, ALWAYS}
    )


def record_of(
    rules: ExchangeRules,
    subject: SubjectId,
    encounters: Sequence[Encounter],
    terms: Terms,
    layout: Layout | None = None,
) -> Record:
    """The fields that an agreement names; no file where nothing is within it.

    ``layout``: of transactions, None for the usual one. Raises what the payloads raise of images.
    """
    if terms.form is RecordForm.JSON:
        return Record(minimised(subject, encounters, terms, rules.image_limits))
    laid_out = layout or Layout(terms.partner.agency, terms.profile)
    written = [_WRITERS[terms.form](rules, each, terms, laid_out) for each in encounters]
    files = tuple(each.data for each in written if each.data)
    said: list[Json] = [base64.b64encode(each).decode() for each in files]
    lacks = sorted({number for each in written for number in each.lacks})
    return Record({"subject": subject, "form": terms.form.value, "files": said}, files, tuple(lacks))


def _described(terms: Terms, rules: ExchangeRules) -> frozenset[str]:
    fields = rules.profile(terms.profile).fields.values()
    return frozenset(f"biographic.{each.name}" for each in fields if each.role is Role.BIOGRAPHIC)


def _given_by(rule: FieldRule) -> str:
    """What an agreement has to name for the field to be written."""
    return {
        Role.BIOGRAPHIC: f"biographic.{rule.name}",
        Role.SUBJECT: ALWAYS,
        Role.LEGAL_BASIS: "encounter.legal_basis",
        Role.EXCEPTIONS: "encounter.exceptions",
    }[rule.role]


def _transaction(rules: ExchangeRules, encounter: Encounter, terms: Terms, layout: Layout) -> _File:
    """What the record calls otherwise goes under the profile's names, which the agreement has."""
    profile, known = rules.profile(layout.profile), encounter.circumstances
    said = spelled(known.biographic, profile, layout.kind or profile.usual_transaction)
    by_profile = replace(encounter, circumstances=replace(known, biographic=said))
    message = transaction_of(rules, reduced(by_profile, terms), layout, datetime.now(UTC))
    return _File(message.encoded(), missing_fields(message, profile))


def _document(rules: ExchangeRules, encounter: Encounter, terms: Terms, _: Layout) -> _File:
    return _File(document_of(reduced(encounter, terms), rules.image_limits))


_WRITERS: Mapping[RecordForm, Callable[[ExchangeRules, Encounter, Terms, Layout], _File]] = {
    RecordForm.ANSI_NIST_ITL: _transaction,
    RecordForm.CBEFF: _document,
}


def _unsayable(field: str, terms: Terms) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "field_unsayable", field=field, form=terms.form.value)
