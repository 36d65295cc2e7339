"""ANSI/NIST-ITL transactions (NIST SP 500-290) in their traditional encoding, read and written byte for byte."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from device_drivers.pictures import DamagedPictureError

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
BINARY_TYPES = frozenset({3, 4, 5, 6, 7, 8})
TAG = re.compile(rb"(\d{1,2})\.(\d{1,3}):")
CONTENT, DATA = 3, 999
BINARY_HEAD = 5
IDC = 2
LONGEST_NUMBER = 10
MOST_RECORDS = 1000
"""How many records a transaction may list, so that its table of contents cannot be a burden by itself."""
MOST_FIELDS, MOST_ITEMS = 2_000, 100_000
"""How many fields a record may have, and items a field: a byte makes one, which takes a hundred in memory."""


class Flaw(StrEnum):
    """What is wrong with bytes that are no whole transaction."""

    NO_TRANSACTION = "no_transaction"
    CUT_SHORT = "cut_short"
    CONTENTS_MISCOUNTED = "contents_miscounted"
    RECORD_MISPLACED = "record_misplaced"
    FIELD_MALFORMED = "field_malformed"
    BYTES_LEFT_OVER = "bytes_left_over"
    TOO_MANY_RECORDS = "too_many_records"


class DamagedTransactionError(DamagedPictureError):
    """The bytes are no whole transaction; ``flaw``: in which way."""

    def __init__(self, flaw: Flaw, what: str) -> None:
        super().__init__(f"it is no whole ANSI/NIST-ITL transaction: {what}")
        self.flaw = flaw


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

    def idc(self) -> int:
        """Its number in the transaction, by which records belong together; DamagedTransactionError."""
        return _number(self.text(IDC), f"IDC of a Type-{self.kind} record")

    def encoded(self) -> bytes:
        """The record as it is written."""
        return GS.join(each.tag + b":" + each.value for each in self.fields) + FS


@dataclass(frozen=True, slots=True)
class Binary:
    """A record of one of the binary types; ``data``: all of it, its length in front."""

    kind: int
    data: bytes

    def idc(self) -> int:
        """Its number in the transaction, by which records belong together."""
        return self.data[BINARY_HEAD - 1]

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
    """All of a transaction; DamagedTransactionError where its lengths or its table of contents do not hold."""
    if not is_transaction(data):
        raise DamagedTransactionError(Flaw.NO_TRANSACTION, "it does not begin with a Type-1 record")
    return Transaction(tuple(_records(data)))


def _records(data: bytes) -> Iterator[Record]:
    first = _tagged(data, 0, 1)
    yield first
    yield from records_of(data, [kind for kind, _ in contents(first)], len(first.encoded()))


def records_of(data: bytes, kinds: Sequence[int], at: int = 0) -> Iterator[Record]:
    """Records of these types, one after the other from ``at`` to the end; DamagedTransactionError."""
    for kind in kinds:
        record: Record = _reader(kind)(data, at, kind)
        at += len(record.encoded())
        yield record
    if at != len(data):
        raise DamagedTransactionError(Flaw.BYTES_LEFT_OVER, f"{len(data) - at} bytes follow its last record")


def contents(first: Tagged) -> list[tuple[int, int]]:
    """The kind and IDC of each record after the first, as Field 1.003 lists them; DamagedTransactionError."""
    found = first.field(CONTENT)
    if found is None:
        raise DamagedTransactionError(Flaw.CONTENTS_MISCOUNTED, "it has no table of contents")
    head, *rest = found.subfields()
    if len(rest) > MOST_RECORDS:
        raise DamagedTransactionError(Flaw.TOO_MANY_RECORDS, f"it lists {len(rest)} records")
    if len(head) != 2 or _number(head[1], "count") != len(rest) or any(len(each) != 2 for each in rest):  # noqa: PLR2004 (a kind and a number)
        raise DamagedTransactionError(Flaw.CONTENTS_MISCOUNTED, "its table of contents does not count right")
    return [(_number(kind, "record type"), _number(idc, "IDC")) for kind, idc in rest]


def _number(text: str | bytes, what: str) -> int:
    if not text.isdigit() or not text.isascii() or len(text) > LONGEST_NUMBER:
        raise DamagedTransactionError(Flaw.FIELD_MALFORMED, f"a {what} in it is no number")
    return int(text)


def _reader(kind: int) -> Callable[[bytes, int, int], Record]:
    return _binary if kind in BINARY_TYPES else _tagged


def _binary(data: bytes, at: int, kind: int) -> Binary:
    size = int.from_bytes(data[at : at + 4], "big")
    if size < BINARY_HEAD or at + size > len(data):
        raise DamagedTransactionError(Flaw.CUT_SHORT, f"its Type-{kind} record is cut short")
    return Binary(kind, data[at : at + size])


def _tagged(data: bytes, at: int, kind: int) -> Tagged:
    head = TAG.match(data, at)
    if head is None or int(head[1]) != kind:
        what = f"where its Type-{kind} record should be there is none"
        raise DamagedTransactionError(Flaw.CUT_SHORT if at >= len(data) else Flaw.RECORD_MISPLACED, what)
    end = data.find(GS, at)
    if end < 0:
        raise DamagedTransactionError(Flaw.CUT_SHORT, f"its Type-{kind} record is cut short")
    size = _number(data[head.end() : end], f"length of a Type-{kind} record")
    body = data[at : at + size]
    if len(body) != size or not body.endswith(FS):
        raise DamagedTransactionError(Flaw.CUT_SHORT, f"its Type-{kind} record is cut short")
    return Tagged(kind, tuple(_fields(body[:-1])))


def _fields(body: bytes) -> Iterator[Field]:
    at = count = 0
    while at <= len(body):
        head = TAG.match(body, at)
        if head is None:
            raise DamagedTransactionError(Flaw.FIELD_MALFORMED, f"at byte {at} of a record there is no field")
        binary = int(head[2]) == DATA
        end = -1 if binary else body.find(GS, at)
        end = len(body) if end < 0 else end
        field, at, count = Field(body[at : head.end() - 1], body[head.end() : end]), end + 1, count + 1
        if count > MOST_FIELDS or not (binary or field.value.count(RS) + field.value.count(US) < MOST_ITEMS):
            raise DamagedTransactionError(
                Flaw.FIELD_MALFORMED, "a record has too many fields, or a field too many items"
            )
        yield field
