"""Every text by its dotted name, one file a language, which the browser reads too."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import Any


class Language(StrEnum):
    """What it can be said in."""

    ENGLISH = "en"
    SPANISH = "es"


ENGLISH = Language.ENGLISH.value
LANGUAGES = tuple(each.value for each in Language)
FILES = Path(__file__).parent / "strings"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
GROUPS = {"en": ",", "es": NARROW_SPACE}
POINTS = {"en": ".", "es": ","}


@cache
def texts(language: str) -> Mapping[str, Any]:
    """The texts of a language, as a tree of names."""
    found: Mapping[str, Any] = json.loads((FILES / f"strings.{language}.json").read_text("utf-8"))
    return found


def find(language: str, name: str) -> str | None:
    """The text of a dotted name, None where there is none."""
    found: Any = texts(language)
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None


def say(language: str, name: str, /, **values: object) -> str:
    """The text of a dotted name with its {placeholders} filled in; the name itself where there is none."""
    text = find(language, name) or name
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", str(value))
    return text


def count(language: str, number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}".replace(",", GROUPS[language])


def decimal(language: str, number: float, places: int = 1) -> str:
    """A number with so many decimal places."""
    return f"{number:.{places}f}".replace(".", POINTS[language])


def moment(language: str, at: datetime, *, seconds: bool = False) -> str:
    """Date and time where the service runs, the month by its name."""
    here = at.astimezone()
    month = texts(language)["months"][here.month - 1]
    return (
        f"{here.day} {month} {here.year}, {here:%H:%M:%S}"
        if seconds
        else f"{here.day} {month} {here.year}, {here:%H:%M}"
    )


def spoken(language: str) -> Mapping[str, Callable[..., Any]]:
    """Everything that depends on the language, for templates."""
    return {each.__name__: partial(each, language) for each in _SPOKEN}


_SPOKEN: tuple[Callable[..., Any], ...] = (say, find, count, decimal, moment)
