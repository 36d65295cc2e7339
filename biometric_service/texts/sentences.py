"""A sentence that is not said yet: the name of its text and what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from biometric_service.texts.speaking import ENGLISH, say


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text by its dotted name, with its values; a value may be a sentence itself.

    ``english``: more exact words in English than the text has, empty where there are none.
    """

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    english: str = ""

    def told(self, language: str) -> str:
        """It in a language."""
        if self.english and language == ENGLISH:
            return self.english
        values = {
            name: each.told(language) if isinstance(each, Sentence) else each for name, each in self.values.items()
        }
        return say(language, self.name, **values)

    def __str__(self) -> str:
        """It in English."""
        return self.told(ENGLISH)
