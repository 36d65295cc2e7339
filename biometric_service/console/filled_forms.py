"""Large forms whose fields lie within one another: read as a model, and shown once more with what stands in them.

A field goes by its dotted name, such as ``terms.partner.agency``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError

from biometric_service.console.visits import SEVERAL, zoned

Form = TypeVar("Form", bound=BaseModel)
LOCAL_MINUTES = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in a form: its values by the name of each field."""

    values: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """What stands in a field, empty for nothing."""
        return next(iter(self.values.get(name, ())), "")

    def lines(self, name: str) -> tuple[str, ...]:
        """Every value of a field that holds several, each once; a line is one."""
        lines = (line.strip() for each in self.values.get(name, ()) for line in each.splitlines())
        return tuple(dict.fromkeys(each for each in lines if each))

    def has(self, name: str, value: str) -> bool:
        """Whether this is chosen."""
        return value in self.lines(name)

    def others(self, name: str, offered: Collection[str] = ()) -> str:
        """What is not among what is offered, one a line."""
        return "\n".join(each for each in self.lines(name) if each not in offered)

    def read(self, model: type[Form], **given: str) -> Form:
        """The form as the model; ValidationError.

        A field that was left empty was not given, and a time without a zone is that of the place where the service
        runs. What the model does not know is passed over. ``given``: what no field may say.
        """
        said: dict[str, Any] = {}
        for name in self.values:
            kind = _kind(model, name)
            value = self.lines(name) if get_origin(kind) in SEVERAL else self.one(name)
            if kind is not None and value:
                _put(said, name, zoned(value))
        return model.model_validate({**said, **given})


async def sent(request: Request) -> Filled:
    """What a form sent; lines end as they do here."""
    form = await request.form()
    texts = {name: [each for each in form.getlist(name) if isinstance(each, str)] for name in form}
    return Filled({name: tuple(each.strip().replace("\r\n", "\n") for each in found) for name, found in texts.items()})


def filled_with(said: Mapping[str, Any]) -> Filled:
    """What a form with these values in it holds; times are those of the place where the service runs."""
    return Filled(dict(_flat("", said)))


def wrong_fields(fault: ValidationError) -> frozenset[str]:
    """The names of the fields that are not as they must be."""
    return frozenset(".".join(part for part in each["loc"] if isinstance(part, str)) for each in fault.errors())


def _kind(model: type[BaseModel], name: str) -> Any:  # noqa: ANN401 - an annotation
    """What a field is annotated with; None for one that the model does not know."""
    first, _, inner = name.partition(".")
    field = model.model_fields.get(first)
    if field is None or not inner:
        return field and field.annotation
    within = field.annotation
    return _kind(within, inner) if isinstance(within, type) and issubclass(within, BaseModel) else None


def _put(said: dict[str, Any], name: str, value: object) -> None:
    *outer, last = name.split(".")
    for each in outer:
        said = said.setdefault(each, {})
    said[last] = value


def _flat(prefix: str, said: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            several = sorted(value) if isinstance(value, frozenset) else value
            yield f"{prefix}{name}", tuple(map(_text, several if isinstance(several, list | tuple) else [several]))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone().strftime(LOCAL_MINUTES)
    return str(value).lower() if isinstance(value, bool) else str(value)
