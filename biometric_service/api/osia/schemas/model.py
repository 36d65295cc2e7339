"""What all of OSIA's objects have in common."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, Strict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """Read strictly: an unknown or misspelt property, or one of another type, is an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


_RFC_3339 = re.compile(r"(19|20|21)\d\d-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d.*", re.ASCII)


def _moment(value: object) -> object:
    """No bare number, which pydantic would take for seconds, and no year whose moments do not exist in every zone."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be a moment of the years 1900 to 2199 as RFC 3339 writes it")
    return value


Moment = Annotated[
    AwareDatetime, BeforeValidator(_moment), Strict(False), PlainSerializer(datetime.isoformat, return_type=str)  # noqa: FBT003
]
"""A moment as RFC 3339 writes it."""


def _different(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("must all be different")
    return values


Different = AfterValidator(_different)
"""No item twice."""
