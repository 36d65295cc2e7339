"""A transaction that was read: its records byte for byte, what its Type-1 record says, and its texts as text."""

from dataclasses import dataclass

from biometric_service.interchange.itl.characters import CharacterSet
from device_drivers.records.transactions import DATA, RS, US, Field, Record, Tagged, Transaction

Items = tuple[str, ...]
Subfields = tuple[Items, ...]

VERSION, CONTENTS, KIND, DATE, PRIORITY, DESTINATION, ORIGIN, CONTROL, RESPONSE = 2, 3, 4, 5, 6, 7, 8, 9, 10
NATIVE, NOMINAL, DOMAIN, GREENWICH, CHARACTERS = 11, 12, 13, 14, 15


@dataclass(frozen=True, slots=True)
class Header:
    """The Type-1 record. Fields as the standard's: VER, TOT, DAT (YYYYMMDD), PRY, DAI, ORI, TCN, TCR, DOM.

    ``domain``: name and version of the domain, both empty where none is named.
    """

    version: str
    kind: str
    date: str
    destination: str
    origin: str
    control: str
    response: str = ""
    priority: str = ""
    domain: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Message:
    """A transaction that was read whole; ``encoded`` gives the bytes that it was read from."""

    transaction: Transaction
    header: Header
    characters: CharacterSet

    def records(self, kind: int) -> list[Record]:
        """All records of a type, in order."""
        return [each for each in self.transaction.records if each.kind == kind]

    def subfields(self, field: Field) -> Subfields:
        """The subfields of a text field, each as its items."""
        return tuple(tuple(map(self.characters.decode, each.split(US))) for each in field.value.split(RS))

    def text(self, record: Tagged, number: int) -> str:
        """The first item of a field, empty where there is none."""
        found = record.field(number)
        return "" if found is None else self.subfields(found)[0][0]

    def encoded(self) -> bytes:
        """The bytes of the transaction."""
        return self.transaction.encoded()


def is_text(field: Field) -> bool:
    """Whether a field holds text, not the bytes of an image or of another record."""
    return field.number != DATA


def header_of(first: Tagged) -> Header:
    """What a Type-1 record says, empty where it does not; its fields are of plain ASCII."""
    name, version, *_ = (*first.text(DOMAIN).split("\x1f"), "", "")
    return Header(
        version=first.text(VERSION),
        kind=first.text(KIND),
        date=first.text(DATE),
        destination=first.text(DESTINATION),
        origin=first.text(ORIGIN),
        control=first.text(CONTROL),
        response=first.text(RESPONSE),
        priority=first.text(PRIORITY),
        domain=(name, version),
    )
