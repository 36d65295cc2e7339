"""OSIA's filters: which modalities are compared, and what must be so of a candidate's biographic data.

``biometricType`` and ``biometricSubType`` list what is compared; nothing else of the probe is. Every other property
names an attribute of the biographic data: the attribute must equal the value or be among the values of a list;
``<attribute>Min`` and ``<attribute>Max`` bound it, numbers as such and texts (dates as ISO 8601 writes them) by their
letters. Somebody of whom the attribute is not known does not pass. Candidates are filtered once they are found.
"""

from collections.abc import Callable, Iterable, Mapping

from pydantic import JsonValue

from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.reading import Item
from biometric_service.api.osia.schemas.kinds import BiometricSubType, BiometricType
from biometric_service.api.osia.schemas.searching import Filter
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.references import Json, SubjectId

Biography = Mapping[str, Json]

_BOUNDS: Mapping[str, Callable[[float], bool]] = {"Min": lambda sign: sign >= 0, "Max": lambda sign: sign <= 0}
_SUFFIX = 3


def chosen(items: Iterable[Item], wanted: Filter | None) -> list[Item]:
    """The items that the filter lets be compared."""
    return [
        item
        for item in items
        if wanted is None or passing(item.data.biometric_type, item.data.biometric_sub_type, wanted)
    ]


def passing(kind: BiometricType, part: BiometricSubType | None, wanted: Filter) -> bool:
    """Whether the filter lets a biometric of this kind be compared."""
    kinds, parts = wanted.biometric_type, wanted.biometric_sub_type
    return (kinds is None or kind in kinds) and (parts is None or (part or BiometricSubType.UNKNOWN) in parts)


def passes(errand: Errand, wanted: Filter, subject: SubjectId) -> bool:
    """Whether what one encounter of the subject says of the person is all as the filter wants it."""
    attributes = wanted.model_extra or {}
    if not attributes:
        return True
    try:
        known = errand.encounters(subject)
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return False
        raise
    return any(matches(each.encounter.circumstances.biographic, attributes) for each in known)


def matches(biography: Biography, attributes: Mapping[str, JsonValue]) -> bool:
    """Whether everything that is asked is so."""
    return all(_holds(biography, name, value) for name, value in attributes.items())


def _holds(biography: Biography, name: str, value: JsonValue) -> bool:
    bound = _BOUNDS.get(name[-_SUFFIX:])
    if bound and name not in biography:
        sign = _order(biography.get(name[:-_SUFFIX]), value)
        return sign is not None and bound(sign)
    known = biography.get(name)
    return known is not None and (known == value or (isinstance(value, list) and known in value))


def _order(known: Json, value: JsonValue) -> int | None:
    """The sign of their difference, None where they cannot be compared."""
    if isinstance(known, str) and isinstance(value, str):
        return (known > value) - (known < value)
    if isinstance(known, int | float) and isinstance(value, int | float):
        return (known > value) - (known < value)
    return None
