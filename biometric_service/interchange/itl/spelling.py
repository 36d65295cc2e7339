"""A record's biographic data by the names that a domain profile gives them, whichever way the record came."""

from collections.abc import Mapping

from biometric_service.interchange.itl.profile import FieldRule, Form, Profile, Role
from biometric_service.vocabulary.particulars import (
    BIRTH_FIELDS,
    FAMILY,
    GIVEN,
    NAME_FIELD,
    SEX_FIELDS,
    SexCode,
    birth_in,
    name_in,
    sex_in,
    sex_of,
)
from biometric_service.vocabulary.references import Json


def spelled(biographic: Mapping[str, Json], profile: Profile, kind: str) -> Mapping[str, Json]:
    """With name, sex and date of birth also under the profile's names and in its forms.

    What nobody knows of these and a transaction of this ``kind`` must say is said as the profile says that it is not
    known (a date of zeros, a sex that is unspecified), where it can.
    """
    rules = [each for each in profile.fields.values() if each.role is Role.BIOGRAPHIC]
    told = {each.name: _particular(each, biographic, must=kind in each.mandatory_in) for each in rules}
    return {**biographic, **{name: value for name, value in told.items() if value is not None}}


def _particular(rule: FieldRule, biographic: Mapping[str, Json], *, must: bool) -> Json:
    """None for what is no particular, is not known, or is not known and stays as it is."""
    if rule.name in BIRTH_FIELDS and rule.form is Form.DATE:
        born = birth_in(biographic)
        return born.isoformat() if born else "" if must or rule.name in biographic else None
    if rule.name in SEX_FIELDS:
        sex = sex_in(biographic)
        return _coded(rule, SexCode.UNSPECIFIED if sex is None and must else sex)
    return _name(rule, biographic) if rule.name == NAME_FIELD else None


def _coded(rule: FieldRule, sex: SexCode | None) -> str | None:
    """As the profile means it; where it has codes and none for it, nothing."""
    if sex is None or not rule.codes:
        return sex and sex.value
    return next((meant for code, meant in rule.codes.items() if sex in {sex_of(code), sex_of(meant)}), None)


def _name(rule: FieldRule, biographic: Mapping[str, Json]) -> Json:
    """In the profile's items where those are the usual two; one that is not told apart is all family name."""
    name = name_in(biographic)
    if name is None or (rule.items and isinstance(biographic.get(rule.name), Mapping)):
        return None
    if not rule.items:
        return name.whole
    if set(rule.items) != {FAMILY, GIVEN}:
        return {rule.items[0]: name.whole}
    return {FAMILY: name.family, **({GIVEN: name.given} if name.given else {})}
