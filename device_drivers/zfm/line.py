"""How host and module come to terms: the baud, the password, the length of packets."""

import asyncio

from device_drivers.errors import DeviceError, Reason
from device_drivers.zfm.port import BAUDS, SerialPort
from device_drivers.zfm.wire import Code, Command, DamagedPacketError, Parameter, Wire, refused

COMMONEST_FIRST = sorted(BAUDS, reverse=True)
PROBE_SECONDS = 0.5
SWITCH_SECONDS = 0.1
BAUD_UNIT = 9_600
PACKET_SIZES = (32, 64, 128, 256)
PACKET_SIZE_AT = slice(12, 14)
TRIES = 2


class Line:
    """A port with a module at its other end."""

    def __init__(self, port: SerialPort, password: int) -> None:
        self._port = port
        self._password = password.to_bytes(4)
        self.wire = Wire(port)

    async def found(self, first: int) -> int:
        """The baud at which the module answers, tried from this one on; it has accepted the password then.

        The first is tried once more at the end: a module that has just got power, or a busy machine, is late.

        DeviceError: TIMEOUT where it is silent at each, PROTOCOL where only noise comes, PERMISSION for the password.
        """
        patience, self.wire.patience = self.wire.patience, min(PROBE_SECONDS, self.wire.patience)
        noise = False
        for baud in (*dict.fromkeys((first, *COMMONEST_FIRST)), first):
            self._port.set_baud(baud)
            code = await self._greeted()
            if code is not None:
                self.wire.patience = patience
                return self._accepted(baud, code)
            noise = noise or self._noise
        if noise:
            raise DeviceError(Reason.PROTOCOL, "The line carries noise: check that a fingerprint reader is on it.")
        raise DeviceError(Reason.TIMEOUT, "The reader is silent at every baud: check its wiring and power.")

    async def moved(self, baud: int) -> int:
        """The baud that module and port are at afterwards: this one, where the module agrees."""
        code = await self.wire.ask(Command.SET_PARAMETER, bytes([Parameter.BAUD, baud // BAUD_UNIT]))
        if code != Code.DONE:
            raise refused(Command.SET_PARAMETER, code)
        await asyncio.sleep(SWITCH_SECONDS)
        return await self.found(baud)

    async def with_longest_packets(self) -> int:
        """Bytes of a packet: the most, or what the module keeps to."""
        code, parameters = await self.wire.answer(Command.READ_PARAMETERS)
        if code != Code.DONE:
            raise refused(Command.READ_PARAMETERS, code)
        size = min(int.from_bytes(parameters[PACKET_SIZE_AT]), len(PACKET_SIZES) - 1)
        most = len(PACKET_SIZES) - 1
        longer = bytes([Parameter.PACKET_SIZE, most])
        if size != most and await self.wire.ask(Command.SET_PARAMETER, longer) == Code.DONE:
            size = most
        return PACKET_SIZES[size]

    async def _greeted(self) -> int | None:
        """The module's answer to the password; the first may be spoilt by what an earlier program left on the line."""
        self._noise = False
        for _ in range(TRIES):
            try:
                return await self.wire.ask(Command.VERIFY_PASSWORD, self._password)
            except DamagedPacketError:
                self._noise = True
            except DeviceError as fault:
                if fault.reason is not Reason.TIMEOUT:
                    raise
                return None
        return None

    @staticmethod
    def _accepted(baud: int, code: int) -> int:
        if code == Code.WRONG_PASSWORD:
            raise DeviceError(Reason.PERMISSION, "The reader refuses the password: put ?password= into its URL.")
        if code != Code.DONE:
            raise refused(Command.VERIFY_PASSWORD, code)
        return baud
