"""Serves one camera: ``main([path, width, height])``, width and height 0 for what the camera is set to.

It streams all the time, so that no buffer grows old, and sends the next picture captured after it was told ``frame N``.
``main(["list"])`` says what cameras there are.
"""

import errno
import mmap
import os
import select
import time
from pathlib import Path

from device_drivers.speaking import COMMANDS, Commands, say, say_fault
from device_drivers.v4l2 import kernel
from device_drivers.v4l2.kernel import BufferFlag, Request, ask, buffer

BUFFERS = 4
PIXEL_FORMATS = (b"MJPG", b"YUYV", b"GREY")
PAUSE_SECONDS = 0.004
FAULTS = {
    errno.ENOENT: ("not_found", "is not there: plug the camera in"),
    errno.EACCES: ("permission", "may not be opened: join the group video"),
    errno.EPERM: ("permission", "may not be opened: join the group video"),
    errno.EBUSY: ("busy", "is used by another program: end that first"),
    errno.ENODEV: ("unplugged", "has gone: plug the camera in again"),
    errno.ENXIO: ("not_found", "is not there: plug the camera in"),
    errno.ENOTTY: ("bad_address", "is no camera: correct the URL"),
}
NODES = Path("/dev")


def main(arguments: list[str]) -> None:
    """List cameras, or serve one until standard input ends."""
    if arguments == ["list"]:
        for node in sorted(NODES.glob("video*")):
            _list(node)
        return
    path, width, height = arguments[0], int(arguments[1]), int(arguments[2])
    try:
        Camera(path, (width, height)).serve()
    except OSError as fault:
        reason, what = FAULTS.get(fault.errno or 0, ("protocol", f"fails ({fault.strerror}): plug it in again"))
        say_fault(reason, f"{path} {what}.")


class Camera:
    """A camera that streams."""

    def __init__(self, path: str, size: tuple[int, int]) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.card, captures = capabilities(self._file)
        if not captures:
            raise OSError(errno.ENOTTY, "no camera")
        self._set_format(size)
        self._map()
        ask(self._file, Request.STREAM_ON, kernel.NUMBER.pack(kernel.CAPTURE))
        self._asked: tuple[int, float] | None = None

    def serve(self) -> None:
        """Do what is told until there is nobody to tell."""
        say("opened", self.width, self.height, self.pixel_format.decode(), payload=self.card.encode())
        commands = Commands()
        while True:
            there = select.select([COMMANDS, self._file], [], [], None)[0]
            if COMMANDS in there:
                try:
                    for words in commands.read():
                        self._asked = int(words[1]), time.monotonic()
                except EOFError:
                    ask(self._file, Request.STREAM_OFF, kernel.NUMBER.pack(kernel.CAPTURE))
                    return
            if not self._take():
                select.select([COMMANDS], [], [], PAUSE_SECONDS)  # an emulated camera always seems ready

    def _take(self) -> bool:
        """Whether a buffer was full; it is sent where somebody waits for it, and given back."""
        try:
            taken = kernel.BUFFER.unpack(ask(self._file, Request.DEQUEUE, buffer(0)))
        except BlockingIOError:
            return False
        index, used, flags = taken[0], taken[2], taken[3]
        captured = taken[5] + taken[6] / 1e6 if flags & BufferFlag.MONOTONIC else time.monotonic()
        if self._asked and captured >= self._asked[1]:
            kind = "damaged" if flags & BufferFlag.ERROR else "frame"
            say(kind, self._asked[0], captured, self._stride, payload=self._buffers[index][:used])
            self._asked = None
        ask(self._file, Request.QUEUE, buffer(index))
        return True

    def _set_format(self, size: tuple[int, int]) -> None:
        given = kernel.FORMAT.unpack(ask(self._file, Request.GET_FORMAT, _format(0, 0, b"")))
        width, height = size[0] or given[1], size[1] or given[2]
        best = next((each for each in PIXEL_FORMATS if each in self._pixel_formats()), given[3])
        taken = kernel.FORMAT.unpack(ask(self._file, Request.SET_FORMAT, _format(width, height, best)))
        _, self.width, self.height, self.pixel_format, _, self._stride, _ = taken
        if self.pixel_format not in PIXEL_FORMATS:
            raise OSError(errno.EPROTO, f"speaks {self.pixel_format.decode(errors='replace')} only")

    def _pixel_formats(self) -> list[bytes]:
        found: list[bytes] = []
        while True:
            asked = kernel.FORMAT_DESCRIPTION.pack(len(found), kernel.CAPTURE, 0, b"", b"")
            try:
                answer = ask(self._file, Request.ENUMERATE_FORMATS, asked)
            except OSError as fault:
                if fault.errno == errno.EINVAL:
                    return found
                raise
            found.append(kernel.FORMAT_DESCRIPTION.unpack(answer)[4])

    def _map(self) -> None:
        wanted = kernel.REQUEST_BUFFERS.pack(BUFFERS, kernel.CAPTURE, kernel.MMAP, 0, 0)
        count = kernel.REQUEST_BUFFERS.unpack(ask(self._file, Request.REQUEST_BUFFERS, wanted))[0]
        self._buffers: list[mmap.mmap] = []
        for index in range(count):
            described = kernel.BUFFER.unpack(ask(self._file, Request.QUERY_BUFFER, buffer(index)))
            offset, length = described[10], described[11]
            self._buffers.append(mmap.mmap(self._file, length, offset=offset))
            ask(self._file, Request.QUEUE, buffer(index))


def capabilities(file: int) -> tuple[str, bool]:
    """The camera's name, and whether it captures and streams."""
    _, card, _, _, overall, of_node = kernel.CAPABILITY.unpack(
        ask(file, Request.CAPABILITIES, bytes(kernel.CAPABILITY.size))
    )
    able = of_node if overall & kernel.HAS_DEVICE_CAPABILITIES else overall
    return kernel.text(card), bool(able & kernel.CAPTURES and able & kernel.STREAMS)


def _list(path: Path) -> None:
    """Say what is there; nodes that may not be opened or are no cameras are passed over."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        card, captures = capabilities(file)
    except OSError:
        captures = False
    os.close(file)
    if captures:
        say("camera", path, payload=card.encode())


def _format(width: int, height: int, pixel_format: bytes) -> bytes:
    return kernel.FORMAT.pack(kernel.CAPTURE, width, height, pixel_format, 0, 0, 0)
