"""The ZFM protocol, as the data sheets of the R30x, AS608 and R503 describe it.

A packet: EF 01, address (4 bytes), kind, length of what follows (2), payload, sum of kind, length and payload (2), all
big-endian. The host sends a command, the module acknowledges with a code, and an image follows as data packets.
"""

import struct
import time
from enum import IntEnum
from typing import NamedTuple

from device_drivers.errors import DeviceError, Reason
from device_drivers.zfm.port import SerialPort

START = b"\xef\x01"
EVERY_ADDRESS = 0xFFFFFFFF
HEAD = struct.Struct(">2sIBH")
CHECKSUM_BYTES = 2
LONGEST_PAYLOAD = 256
MOST_IMAGE_BYTES = 2**18
REPLY_SECONDS = 2.0
QUIET_SECONDS = 0.15
DRAIN_SECONDS = 15.0


class Kind(IntEnum):
    """What a packet is."""

    COMMAND = 1
    DATA = 2
    ACKNOWLEDGE = 7
    LAST_DATA = 8


class Command(IntEnum):
    """What the host asks."""

    TAKE_IMAGE = 0x01
    UPLOAD_IMAGE = 0x0A
    SET_PARAMETER = 0x0E
    READ_PARAMETERS = 0x0F
    VERIFY_PASSWORD = 0x13


class Code(IntEnum):
    """What the module answers; there are more, which all are faults here."""

    DONE = 0x00
    BAD_PACKET = 0x01
    NO_FINGER = 0x02
    IMAGE_FAILED = 0x03
    WRONG_PASSWORD = 0x13


class Parameter(IntEnum):
    """What can be set on a module: the baud as multiples of 9,600; packets of 32, 64, 128 or 256 bytes as 0 to 3."""

    BAUD = 4
    PACKET_SIZE = 6


class Answer(NamedTuple):
    """What a module acknowledges with."""

    code: int
    data: bytes


class DamagedPacketError(Exception):
    """A packet whose checksum or length is wrong, or of which a part is missing."""


def packet(kind: Kind, payload: bytes, address: int = EVERY_ADDRESS) -> bytes:
    """The packet's bytes."""
    head = HEAD.pack(START, address, kind, len(payload) + CHECKSUM_BYTES)
    return head + payload + checksum(head, payload)


def checksum(head: bytes, payload: bytes) -> bytes:
    """Two bytes: the sum of kind, length and payload, modulo 65,536."""
    return ((sum(head[6:]) + sum(payload)) & 0xFFFF).to_bytes(2)


class Wire:
    """Commands and answers over one port. Where a command was left half done, the next begins by draining the line."""

    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self._come = bytearray()
        self._quiet = True
        self.patience = REPLY_SECONDS

    async def ask(self, command: Command, argument: bytes = b"") -> int:
        """The code that the module acknowledges with; DeviceError(TIMEOUT) where it is silent."""
        return (await self.answer(command, argument)).code

    async def answer(self, command: Command, argument: bytes = b"") -> Answer:
        """The code that the module acknowledges with, and what follows it; DeviceError(TIMEOUT) where it is silent."""
        await self._drained()
        self._quiet = False
        answer = await self._asked(command, argument)
        self._quiet = True
        return answer

    async def image(self) -> bytes:
        """The image in the module's buffer, as sent; DamagedPacketError where a byte of it is wrong or missing."""
        await self._drained()
        self._quiet = False
        if (answer := await self._asked(Command.UPLOAD_IMAGE)).code != Code.DONE:
            raise refused(Command.UPLOAD_IMAGE, answer.code)
        image = await self._data()
        self._quiet = True
        return image

    async def _asked(self, command: Command, argument: bytes = b"") -> Answer:
        self._port.write(packet(Kind.COMMAND, bytes([command]) + argument))
        try:
            kind, payload = await self._packet()
        except TimeoutError:
            raise DeviceError(Reason.TIMEOUT, "The reader is silent: check its wiring, power and baud.") from None
        if kind is not Kind.ACKNOWLEDGE or not payload:
            raise DamagedPacketError("no acknowledgement")
        return Answer(payload[0], payload[1:])

    async def _data(self) -> bytes:
        image = bytearray()
        kind = Kind.DATA
        while kind is Kind.DATA and len(image) <= MOST_IMAGE_BYTES:
            try:
                kind, payload = await self._packet()
            except TimeoutError:
                raise DamagedPacketError("the image broke off") from None
            image += payload
        if kind is not Kind.LAST_DATA:
            raise DamagedPacketError("not an image")
        return bytes(image)

    async def _packet(self) -> tuple[Kind, bytes]:
        """The next packet; TimeoutError where it does not come whole within ``patience`` seconds."""
        deadline = time.monotonic() + self.patience
        while (at := self._come.find(START)) < 0:
            await self._more(deadline)
        del self._come[:at]
        head = await self._exactly(HEAD.size, deadline)
        _, _, kind, length = HEAD.unpack(head)
        if not CHECKSUM_BYTES <= length <= LONGEST_PAYLOAD + CHECKSUM_BYTES:
            raise DamagedPacketError(f"a packet of {length} bytes")
        rest = await self._exactly(length, deadline)
        payload = rest[:-CHECKSUM_BYTES]
        if rest[-CHECKSUM_BYTES:] != checksum(head, payload) or kind not in set(Kind):
            raise DamagedPacketError("a wrong checksum")
        return Kind(kind), payload

    async def _exactly(self, count: int, deadline: float) -> bytes:
        while len(self._come) < count:
            await self._more(deadline)
        taken = bytes(self._come[:count])
        del self._come[:count]
        return taken

    async def _more(self, deadline: float) -> None:
        self._come += await self._port.read(deadline)

    async def _drained(self) -> None:
        """Let a module that still sends come to its end: it listens to nothing before."""
        end = time.monotonic() + DRAIN_SECONDS
        while not self._quiet:
            try:
                await self._port.read(time.monotonic() + QUIET_SECONDS)
            except TimeoutError:
                self._quiet = True
            if time.monotonic() > end:
                raise DeviceError(Reason.PROTOCOL, "The line never falls silent: is this a fingerprint reader?")
            self._come.clear()


def refused(command: Command, code: int) -> DeviceError:
    """The fault of a module that does not do what it is asked."""
    return DeviceError(Reason.PROTOCOL, f"The reader answers {command.name} with code {code:#04x}: restart it.")
