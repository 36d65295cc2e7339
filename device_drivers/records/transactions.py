"""ANSI/NIST-ITL transactions (NIST SP 500-290) in their traditional encoding, read and written byte for byte."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from device_drivers.pictures import DamagedPictureError

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
BINARY_TYPES = frozenset({3, 4, 5, 6, 7, 8})
TAG = re.compile(rb"(\d{1,2})\.(\d{1,3}):")
CONTENT, DATA = 3, 999
BINARY_HEAD = 5


@dataclass(frozen=True, slots=True)
class Field:
    """A tagged field. ``tag``: as it is written, such as ``14.013``; ``value``: what follows the colon."""

    tag: bytes
    value: bytes

    @property
    def number(self) -> int:
        """Its number within the record."""
        return int(self.tag.partition(b".")[2])

    def text(self) -> str:
        """The value as text."""
        return self.value.decode("utf-8", "replace")

    def subfields(self) -> list[list[str]]:
        """Its subfields, each as its items."""
        return [[item.decode("utf-8", "replace") for item in each.split(US)] for each in self.value.split(RS)]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A record of tagged fields."""

    kind: int
    fields: tuple[Field, ...]

    def field(self, number: int) -> Field | None:
        """The field with this number, if it is there."""
        return next((each for each in self.fields if each.number == number), None)

    def text(self, number: int, default: str = "") -> str:
        """The value of a field as text."""
        found = self.field(number)
        return default if found is None else found.text()

    def encoded(self) -> bytes:
        """The record as it is written."""
        return GS.join(each.tag + b":" + each.value for each in self.fields) + FS


@dataclass(frozen=True, slots=True)
class Binary:
    """A record of one of the binary types; ``data``: all of it, its length in front."""

    kind: int
    data: bytes

    def encoded(self) -> bytes:
        """The record as it is written."""
        return self.data


Record = Tagged | Binary


@dataclass(frozen=True, slots=True)
class Transaction:
    """The records of a transaction, Type-1 first."""

    records: tuple[Record, ...]

    def encoded(self) -> bytes:
        """The transaction as it is written: the bytes that it was read from."""
        return b"".join(each.encoded() for each in self.records)


def is_transaction(data: bytes) -> bool:
    """Whether the bytes begin like a transaction."""
    return re.match(rb"1\.0{0,2}1:\d", data) is not None


def tagged(kind: int, values: Sequence[tuple[int, bytes]]) -> Tagged:
    """A new record of these fields, with the length that Field 1 states put before them."""
    fields = tuple(Field(b"%d.%03d" % (kind, number), value) for number, value in values)
    size = 0
    while True:
        made = Tagged(kind, (Field(b"%d.001" % kind, b"%d" % size), *fields))
        if len(made.encoded()) == size:
            return made
        size = len(made.encoded())


def read(data: bytes) -> Transaction:
    """All of a transaction; DamagedPictureError where its lengths or its table of contents do not hold."""
    try:
        return Transaction(tuple(_records(data)))
    except (ValueError, IndexError, AttributeError) as fault:
        raise DamagedPictureError(f"it is no whole ANSI/NIST-ITL transaction ({fault})") from None


def _records(data: bytes) -> Iterator[Record]:
    first = _tagged(data, 0, 1)
    yield first
    at = len(first.encoded())
    for kind in _contents(first):
        record: Record = _reader(kind)(data, at, kind)
        at += len(record.encoded())
        yield record
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes follow its last record")


def _contents(first: Tagged) -> list[int]:
    """The kinds of the records after the first, as Field 1.003 lists them."""
    found = first.field(CONTENT)
    if found is None:
        raise ValueError("it has no table of contents")
    head, *rest = found.subfields()
    if int(head[1]) != len(rest):
        raise ValueError("its table of contents does not count right")
    return [int(each[0]) for each in rest]


def _reader(kind: int) -> Callable[[bytes, int, int], Record]:
    return _binary if kind in BINARY_TYPES else _tagged


def _binary(data: bytes, at: int, kind: int) -> Binary:
    size = int.from_bytes(data[at : at + 4], "big")
    if size < BINARY_HEAD or at + size > len(data):
        raise ValueError(f"its Type-{kind} record is cut short")
    return Binary(kind, data[at : at + size])


def _tagged(data: bytes, at: int, kind: int) -> Tagged:
    head = TAG.match(data, at)
    if head is None or int(head[1]) != kind:
        raise ValueError(f"where its Type-{kind} record should be there is none")
    size = int(data[head.end() : data.index(GS, at)])
    body = data[at : at + size]
    if len(body) != size or not body.endswith(FS):
        raise ValueError(f"its Type-{kind} record is cut short")
    return Tagged(kind, tuple(_fields(body[:-1])))


def _fields(body: bytes) -> Iterator[Field]:
    at = 0
    while at <= len(body):
        head = TAG.match(body, at)
        if head is None:
            raise ValueError(f"at byte {at} of a record there is no field")
        binary = int(head[2]) == DATA
        end = -1 if binary else body.find(GS, at)
        end = len(body) if end < 0 else end
        yield Field(body[at : head.end() - 1], body[head.end() : end])
        at = end + 1
