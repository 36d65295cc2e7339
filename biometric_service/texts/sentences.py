"""A sentence that is not said yet: the name of its text and what it is about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from biometric_service.texts.speaking import ENGLISH, say


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text by its dotted name, with its values; a value may be a sentence itself, or several.

    ``english``: more exact words in English than the text has, empty where there are none.
    """

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    english: str = ""

    def told(self, language: str) -> str:
        """It in a language."""
        if self.english and language == ENGLISH:
            return self.english
        return say(language, self.name, **{name: _told(each, language) for name, each in self.values.items()})

    def __str__(self) -> str:
        """It in English."""
        return self.told(ENGLISH)


def _told(value: object, language: str) -> object:
    if isinstance(value, tuple):
        return ", ".join(str(_told(each, language)) for each in value)
    return value.told(language) if isinstance(value, Sentence) else value


def pack_sentence(sentence: Sentence) -> bytes:
    """It to be kept and said later, in whichever language; values are texts, numbers or sentences."""
    return json.dumps(_plain(sentence), ensure_ascii=False).encode()


def unpack_sentence(packed: bytes) -> Sentence:
    """What ``pack_sentence`` packed; ValueError."""
    found: Sentence = _read(json.loads(packed))
    return found


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if not isinstance(value, Sentence):
        return value
    return {
        "name": value.name,
        "values": {name: _plain(each) for name, each in value.values.items()},
        "english": value.english,
    }


def _read(plain: Any) -> Any:  # noqa: ANN401 - of what JSON has
    if isinstance(plain, list):
        return tuple(map(_read, plain))
    if not isinstance(plain, dict):
        return plain
    return Sentence(plain["name"], {name: _read(each) for name, each in plain["values"].items()}, plain["english"])
