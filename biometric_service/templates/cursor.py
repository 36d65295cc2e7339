"""Reading a record from its start to its end, field by field, never past it."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Cursor:
    """Takes fields off the front of ``data``; ValueError where it holds too little, or too much at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise ValueError("it is truncated")
        return self._data[start : self._at]

    def take_up_to(self, length: int) -> bytes:
        """The next ``length`` bytes, or as many as there are."""
        return self.take(min(length, self.left))

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def unpack(self, form: struct.Struct) -> tuple[Any, ...]:
        """The next fields, as ``form`` has them."""
        return form.unpack(self.take(form.size))

    def floats(self, count: int) -> NDArray[np.float32]:
        """The next ``count`` little-endian float32, as an array of their own."""
        return np.frombuffer(self.take(4 * count), "<f4").astype(np.float32)

    def octets(self, count: int) -> NDArray[np.uint8]:
        """The next ``count`` bytes as uint8, as an array of their own."""
        return np.frombuffer(self.take(count), np.uint8).copy()

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self._at != len(self._data):
            raise ValueError("bytes trail it")
