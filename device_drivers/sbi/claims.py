"""What an SBI device says, believed or not: JSON objects, read strictly."""

from collections.abc import Mapping
from typing import cast


class Claims:
    """What a JSON object says; ValueError for what it does not say."""

    def __init__(self, said: object) -> None:
        if not isinstance(said, Mapping):
            raise ValueError("where an object should be there is none")  # noqa: TRY004 (what was sent is wrong)
        self._said = cast("Mapping[str, object]", said)

    def text(self, name: str, default: str | None = None) -> str:
        """The string, or the number as one, under this name."""
        value = self._said.get(name, default)
        if not isinstance(value, str | int | float):
            raise ValueError(f"it does not say {name}")  # noqa: TRY004 (what was sent is wrong)
        return str(value)

    def inner(self, name: str) -> "Claims":
        """The object under this name; an empty one where there is none."""
        return Claims(self._said.get(name) or {})

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings under this name; none where there is nothing."""
        value = self._said.get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{name} is no list of strings")
        return tuple(value)

    def many(self, name: str) -> list["Claims"]:
        """The objects under this name."""
        value = self._said.get(name)
        if not isinstance(value, list):
            raise ValueError(f"it does not list {name}")  # noqa: TRY004 (what was sent is wrong)
        return [Claims(each) for each in value]
