"""What only a transaction has, kept with the encounter as JSON so that an export can say it again."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from biometric_service.interchange.itl.description import KeptField
from biometric_service.vocabulary.references import Json
from device_drivers.records.transactions import Record, records_of

REMARKS = "itl"
"""Where the remarks of an encounter keep it."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """``profile``: under which it was received. ``fields``: of Type-2 records, that the profile does not know.

    ``records``: those that no sample, exception or latent stands for. ``impressions``: codes of impression by finger
    position.
    """

    profile: str = ""
    fields: tuple[KeptField, ...] = ()
    records: tuple[Record, ...] = ()
    impressions: Mapping[int, int] = field(default_factory=dict)


def packed(remainder: Remainder) -> Mapping[str, Json]:
    """As JSON."""
    return {
        "profile": remainder.profile,
        "fields": [list(each) for each in remainder.fields],
        "kinds": [each.kind for each in remainder.records],
        "records": base64.b64encode(b"".join(each.encoded() for each in remainder.records)).decode(),
        "impressions": {str(position): code for position, code in remainder.impressions.items()},
    }


def unpacked(remarks: Mapping[str, Json]) -> Remainder:
    """What ``packed`` made, out of an encounter's remarks; empty where nothing of it is there."""
    found = remarks.get(REMARKS)
    if not isinstance(found, Mapping):
        return Remainder()
    kinds = [_number(each) for each in _list(found.get("kinds"))]
    said = found.get("impressions")
    return Remainder(
        str(found.get("profile", "")),
        tuple(_field(_list(each)) for each in _list(found.get("fields"))),
        tuple(records_of(base64.b64decode(str(found.get("records", ""))), kinds)),
        {int(position): _number(code) for position, code in said.items()} if isinstance(said, Mapping) else {},
    )


def _field(each: Sequence[Json]) -> KeptField:
    record, number, text = each
    return _number(record), _number(number), str(text)


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
