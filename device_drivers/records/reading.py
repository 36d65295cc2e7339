"""Reads a binary record from its front to its end."""

from device_drivers.pictures import DamagedPictureError


class Reader:
    """Big-endian numbers and bytes in turn; DamagedPictureError wherever the record ends before."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at(self) -> int:
        """How many bytes were read."""
        return self._at

    def since(self, start: int) -> bytes:
        """The bytes that were read since ``at`` was ``start``."""
        return self._data[start : self._at]

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise DamagedPictureError("bytes follow the last part of the record")

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count < 0 or self._at + count > len(self._data):
            raise DamagedPictureError("the record is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        self.take(count)

    def number(self, count: int) -> int:
        """The next bytes as a number, 0 or above."""
        return int.from_bytes(self.take(count), "big")

    def expect(self, what: bytes) -> None:
        """Pass over bytes that must be there."""
        if self.take(len(what)) != what:
            raise DamagedPictureError("the record does not begin as it should")

    def expect_length(self, count: int) -> None:
        """Read the record's own length, which must be that of the bytes given."""
        if self.number(count) != len(self._data):
            raise DamagedPictureError("the record is not as long as it says")
