"""CBOR (RFC 8949) as far as SourceAFIS writes it: numbers, texts, bytes, arrays and maps; no tags."""

import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

from biometric_service.templates.cursor import Cursor

_LENGTHS = {24: struct.Struct(">B"), 25: struct.Struct(">H"), 26: struct.Struct(">I"), 27: struct.Struct(">Q")}
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_SIMPLE = {20: False, 21: True, 22: None}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_OPEN = 31
_FLOAT_32 = 0xFA
_SINGLE = struct.Struct(">f")

Writable: TypeAlias = "int | float | str | list[int] | list[float] | Mapping[str, Writable]"
"""What is written: whole numbers from 0, single floats, texts, lists of numbers, maps of them."""
_BREAK = object()
_DEEPEST = 16


def read_cbor(data: bytes) -> Any:  # noqa: ANN401
    """The one value that the data holds, keys of maps as texts; ValueError where it holds anything else."""
    cursor = Cursor(data)
    value = _value(cursor, 0)
    cursor.end()
    if value is _BREAK:
        raise ValueError("its CBOR breaks off")
    return value


def write_cbor(value: Writable) -> bytes:
    """The value in CBOR, each length in as few bytes as hold it; struct.error for a number below 0."""
    match value:
        case int():
            return _head(_UNSIGNED, value)
        case float():
            return bytes([_FLOAT_32]) + _SINGLE.pack(value)
        case str():
            return _head(_TEXT, len(value.encode())) + value.encode()
        case list():
            return _head(_ARRAY, len(value)) + b"".join(map(write_cbor, value))
        case Mapping():
            fields = (write_cbor(name) + write_cbor(each) for name, each in value.items())
            return _head(_MAP, len(value)) + b"".join(fields)


def _head(kind: int, number: int) -> bytes:
    if number < min(_LENGTHS):
        return struct.pack(">B", kind << 5 | number)
    more = next((more for more, form in _LENGTHS.items() if number < 1 << 8 * form.size), max(_LENGTHS))
    return bytes([kind << 5 | more]) + _LENGTHS[more].pack(number)


def _value(cursor: Cursor, depth: int) -> object:
    (first,) = cursor.take(1)
    kind, more = first >> 5, first & 31
    if kind > _TAG:
        return _simple_or_float(cursor, more)
    if kind in {_ARRAY, _MAP}:
        return _several(cursor, kind, more, depth + 1)
    length = _length(cursor, more)
    match kind:
        case 0:
            return length
        case 1:
            return -1 - length
        case 2:
            return cursor.take(length)
        case 3:
            return cursor.take(length).decode()
    raise ValueError("its CBOR has a tag")


def _length(cursor: Cursor, more: int) -> int:
    if more < min(_LENGTHS):
        return more
    if more not in _LENGTHS:
        raise ValueError("its CBOR has a length of no known size")
    return int(cursor.unpack(_LENGTHS[more])[0])


def _several(cursor: Cursor, kind: int, more: int, depth: int) -> object:
    if depth > _DEEPEST:
        raise ValueError("its CBOR is too deep")
    parts = 2 if kind == _MAP else 1
    values: list[object] = []
    count = None if more == _OPEN else parts * _length(cursor, more)
    while count is None or len(values) < count:
        value = _value(cursor, depth)
        if value is _BREAK:
            if count is None and not len(values) % parts:
                break
            raise ValueError("its CBOR breaks off")
        values.append(value)
    return dict(zip(map(str, values[::2]), values[1::2], strict=True)) if kind == _MAP else values


def _simple_or_float(cursor: Cursor, more: int) -> object:
    if more == _OPEN:
        return _BREAK
    if more in _FLOATS:
        return float(cursor.unpack(_FLOATS[more])[0])
    if more not in _SIMPLE:
        raise ValueError("its CBOR has a value of no known kind")
    return _SIMPLE[more]
