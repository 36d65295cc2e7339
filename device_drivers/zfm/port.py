"""A serial port for asyncio: raw, eight bits, no parity, one stop bit, one user at a time (Linux and other Unixes)."""

import asyncio
import errno
import fcntl
import os
import termios
import time

from device_drivers.errors import DeviceError, Reason

BAUDS = {
    9_600: termios.B9600,
    19_200: termios.B19200,
    38_400: termios.B38400,
    57_600: termios.B57600,
    115_200: termios.B115200,
}
OPENING = {
    errno.EACCES: (Reason.PERMISSION, "may not be opened: join the group dialout"),
    errno.EBUSY: (Reason.BUSY, "is used by another program: end that first"),
    errno.EAGAIN: (Reason.BUSY, "is used by another program: end that first"),
    errno.ENOTTY: (Reason.BAD_ADDRESS, "is no serial port: correct the URL"),
}
NOT_THERE = (Reason.NOT_FOUND, "is not there: plug the reader in")


class SerialPort:
    """An opened port; OSError while reading or writing becomes DeviceError(UNPLUGGED)."""

    def __init__(self, path: str, baud: int) -> None:
        self._path = path
        self._file = -1
        try:
            self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            self._set_up(baud)
        except (OSError, termios.error) as fault:
            self.close()
            reason, what = OPENING.get(fault.args[0], NOT_THERE)
            raise DeviceError(reason, f"{path} {what}.") from None

    def close(self) -> None:
        """Give the port free; may be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def set_baud(self, baud: int) -> None:
        """Speak at this baud from now on; what had come is gone."""
        try:
            self._set_up(baud)
        except (OSError, termios.error):
            raise self._unplugged() from None

    def write(self, data: bytes) -> None:
        """Send a few bytes; a command is far shorter than the kernel's buffer."""
        try:
            os.write(self._file, data)
        except OSError:
            raise self._unplugged() from None

    async def read(self, deadline: float) -> bytes:
        """What has come, at least one byte; TimeoutError where nothing comes until then (of the monotonic clock)."""
        arrived = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._file, arrived.set)
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await arrived.wait()
        finally:
            loop.remove_reader(self._file)
        return self._come()

    def _come(self) -> bytes:
        try:
            data = os.read(self._file, 4096)
        except OSError:
            raise self._unplugged() from None
        if not data:
            raise self._unplugged()
        return data

    def _set_up(self, baud: int) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        settings = termios.tcgetattr(self._file)
        control = termios.CS8 | termios.CREAD | termios.CLOCAL
        settings[:6] = [0, 0, control, 0, BAUDS[baud], BAUDS[baud]]
        termios.tcsetattr(self._file, termios.TCSANOW, settings)
        termios.tcflush(self._file, termios.TCIOFLUSH)

    def _unplugged(self) -> DeviceError:
        return DeviceError(Reason.UNPLUGGED, f"{self._path} has gone: plug the reader in again.")
