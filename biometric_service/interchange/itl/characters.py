"""Character sets of a transaction (Field 1.015): which codec its texts are in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from biometric_service.vocabulary.transactions import Hold, Refusal

ASCII, LATIN_1, UTF_8 = "ascii", "iso8859-1", "utf-8"
CODECS: Mapping[str, str] = {"000": ASCII, "001": LATIN_1, "003": UTF_8}
"""By CSI. UTF-16 and UTF-32 (002, 004) hold the bytes of the separators within characters, so they are refused."""
UTF_8_FIELD = (("003", "UTF-8"),)


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """``codec``: as Python names it; ``said``: the subfields of Field 1.015 in their items, none for plain ASCII."""

    codec: str = ASCII
    said: tuple[tuple[str, ...], ...] = ()

    def decode(self, value: bytes) -> str:
        """The text; UnicodeDecodeError where it is not of this character set."""
        return value.decode(self.codec)

    def encode(self, text: str) -> bytes:
        """The bytes; UnicodeEncodeError where the character set lacks a character."""
        return text.encode(self.codec)


PLAIN = CharacterSet()
UNICODE = CharacterSet(UTF_8, UTF_8_FIELD)


@dataclass(frozen=True, slots=True)
class CharacterSets:
    """The sets that are read: the standard's, and those that a domain agreed upon, by CSI (128 to 999)."""

    agreed: Mapping[str, str] = field(default_factory=dict)

    def named(self, said: tuple[tuple[str, ...], ...]) -> CharacterSet | Refusal:
        """The set of Field 1.015's subfields; several are read where one holds all of them."""
        codecs = [self._codec(each[0]) for each in said if each[0]]
        if None in codecs:
            return Refusal.said(Hold.CHARACTER_SET_UNKNOWN, "Field 1.015 names a character set that is not read.")
        others = {codec for codec in codecs if codec and codec != ASCII}
        if len(others) > 1:
            return Refusal.said(Hold.CHARACTER_SET_UNKNOWN, "Field 1.015 names several character sets at once.")
        return CharacterSet(next(iter(others), ASCII), said)

    def _codec(self, csi: str) -> str | None:
        return CODECS.get(csi.zfill(3), self.agreed.get(csi.zfill(3)))


STANDARD_SETS = CharacterSets()
