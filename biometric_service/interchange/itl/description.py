"""Type-2 records: what a profile says that their fields mean, and back; what it does not know is kept as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter

from biometric_service.interchange.itl.exceptions import code_of, exceptions_of
from biometric_service.interchange.itl.message import Items, Message, Subfields
from biometric_service.interchange.itl.profile import FieldRule, Form, Profile, Role
from biometric_service.vocabulary.references import CaptureException, Json
from biometric_service.vocabulary.transactions import Hold, Refusal
from device_drivers.records.transactions import Tagged

TYPE_2, LENGTH, IDC = 2, 1, 2
NO_DATE = "00000000"
DAY = "%Y%m%d"

KeptField = tuple[int, int, str]
"""Which of the Type-2 records, the field's number, and its text."""
NumberedField = tuple[int, Subfields]


@dataclass(frozen=True, slots=True)
class Description:
    """What the Type-2 records say of a person. ``kept``: fields that the profile does not know."""

    subject: str = ""
    legal_basis: str = ""
    biographic: Mapping[str, Json] = field(default_factory=dict)
    exceptions: tuple[CaptureException, ...] = ()
    kept: tuple[KeptField, ...] = ()


class MalformedFieldError(ValueError):
    """A field is not of the form that the profile gives it; ``case``: in which way."""

    def __init__(self, case: str, number: int) -> None:
        super().__init__(case)
        self.case = case
        self.number = number


def description_of(message: Message, profile: Profile) -> Description | Refusal:
    """What the Type-2 records say, or which of their fields is missing or not of the profile's form."""
    found = [each for each in message.records(TYPE_2) if isinstance(each, Tagged)]
    first = _known(message, found[0], profile) if found else {}
    for number in missing_fields(message, profile):
        return Refusal.of(Hold.FIELD_MISSING, "missing", field=f"2.{number:03}", name=profile.fields[number].means)
    try:
        return _described(message, found, first, profile)
    except MalformedFieldError as fault:
        return Refusal.of(Hold.FIELD_MALFORMED, fault.case, field=f"2.{fault.number:03}")


def missing_fields(message: Message, profile: Profile) -> tuple[int, ...]:
    """The Type-2 fields that the profile makes mandatory in a transaction of this type, and that are not there."""
    found = [each for each in message.records(TYPE_2) if isinstance(each, Tagged)]
    said = _known(message, found[0], profile) if found else {}
    needed = (number for number, rule in profile.fields.items() if message.header.kind in rule.mandatory_in)
    return tuple(sorted(number for number in needed if number not in said))


def fields_of(described: Description, profile: Profile) -> list[tuple[NumberedField, ...]]:
    """The fields of every Type-2 record that says the same; the inverse of ``description_of``."""
    records: dict[int, list[NumberedField]] = {0: list(_written(described, profile))}
    for record, number, text in described.kept:
        records.setdefault(record, []).append((number, _split(text)))
    return [tuple(sorted(each, key=itemgetter(0))) for _, each in sorted(records.items())]


def _known(message: Message, record: Tagged, profile: Profile) -> dict[int, Subfields]:
    """Fields that say something and that the profile knows; of a tag that is there twice, the first."""
    known: dict[int, Subfields] = {}
    for each in record.fields:
        if each.number in profile.fields and each.value:
            known.setdefault(each.number, message.subfields(each))
    return known


def _described(
    message: Message, records: Sequence[Tagged], known: Mapping[int, Subfields], profile: Profile
) -> Description:
    by_role: dict[Role, dict[str, Json]] = {role: {} for role in Role}
    for number, subfields in known.items():
        rule = profile.fields[number]
        by_role[rule.role][rule.name] = _meaning(number, rule, subfields)
    return Description(
        subject="".join(map(str, by_role[Role.SUBJECT].values())),
        legal_basis="".join(map(str, by_role[Role.LEGAL_BASIS].values())),
        biographic=by_role[Role.BIOGRAPHIC],
        exceptions=exceptions_of(_said(known, profile)),
        kept=tuple(_kept(message, records, profile)),
    )


def _said(known: Mapping[int, Subfields], profile: Profile) -> Iterator[tuple[int, str]]:
    for number, subfields in known.items():
        if profile.fields[number].role is Role.EXCEPTIONS:
            for position, code, *_ in (each for each in subfields if len(each) > 1):
                yield int(position) if position.isdigit() and len(position) <= len("10") else 0, code


def _kept(message: Message, records: Sequence[Tagged], profile: Profile) -> Iterator[KeptField]:
    seen: set[int] = set()
    for place, record in enumerate(records):
        for each in record.fields:
            known = place == 0 and each.number in profile.fields and each.value and each.number not in seen
            seen |= {each.number} if place == 0 else set()
            if each.number not in {LENGTH, IDC} and not known:
                yield place, each.number, message.characters.decode(each.value)


def _meaning(number: int, rule: FieldRule, subfields: Subfields) -> Json:
    meanings = [_of_items(number, rule, each) for each in subfields]
    if rule.many:
        return meanings
    if len(meanings) > 1:
        raise MalformedFieldError("subfields", number)
    return meanings[0]


def _of_items(number: int, rule: FieldRule, items: Items) -> Json:
    said = [_of_item(number, rule, each) for each in items]
    if len(said) > max(len(rule.items), 1):
        raise MalformedFieldError("items", number)
    return dict(zip(rule.items, said, strict=False)) if rule.items else said[0]


def _of_item(number: int, rule: FieldRule, text: str) -> str:
    if rule.form is Form.DATE:
        return _date(number, text)
    if not rule.codes:
        return text
    if text not in rule.codes:
        raise MalformedFieldError("code", number)
    return rule.codes[text]


def _date(number: int, text: str) -> str:
    """ISO 8601; empty for zeros, which say that nobody knows."""
    if text == NO_DATE:
        return ""
    try:
        return datetime.strptime(text, DAY).date().isoformat()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise MalformedFieldError("date", number) from None


def _written(described: Description, profile: Profile) -> Iterator[tuple[int, Subfields]]:
    for number, rule in profile.fields.items():
        if rule.role is Role.SUBJECT and described.subject:
            yield number, ((described.subject,),)
        elif rule.role is Role.LEGAL_BASIS and described.legal_basis:
            yield number, ((described.legal_basis,),)
        elif rule.role is Role.EXCEPTIONS and described.exceptions:
            yield number, tuple((str(each.position.value), code_of(each)) for each in described.exceptions)
        elif rule.role is Role.BIOGRAPHIC and rule.name in described.biographic:
            yield number, _subfields(rule, described.biographic[rule.name])


def _subfields(rule: FieldRule, meaning: Json) -> Subfields:
    each = meaning if rule.many and isinstance(meaning, Sequence) and not isinstance(meaning, str) else [meaning]
    return tuple(_items(rule, one) for one in each)


def _items(rule: FieldRule, meaning: Json) -> Items:
    if isinstance(meaning, Mapping):
        said = [_item(rule, meaning.get(name, "")) for name in rule.items]
        return tuple(said[: max((at for at, name in enumerate(rule.items, 1) if name in meaning), default=1)])
    return (_item(rule, meaning),)


def _item(rule: FieldRule, meaning: Json) -> str:
    text = "" if meaning is None else str(meaning)
    if rule.form is Form.DATE:
        return date.fromisoformat(text).strftime(DAY) if text else NO_DATE
    return {said: code for code, said in rule.codes.items()}.get(text, text)


def _split(text: str) -> Subfields:
    return tuple(tuple(each.split("\x1f")) for each in text.split("\x1e"))
