"""One process for one reader, where its library needs that: a loop of its own, a Python of its own, or to be killed.

The process runs a module of this distribution that imports nothing but the standard library and what its Python has.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from device_drivers.errors import DeviceError, Reason

START = "import sys; sys.path.append({root!r}); from {module} import main; main(sys.argv[1:])"
ROOT = str(Path(__file__).parents[1])
KEPT = ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR")
KEPT_PREFIXES = ("LC_", "LD_", "FP_", "G_", "GI_", "UMOCKDEV_", "LIBUSB_")
MOST_BYTES = 64 * 2**20
END_SECONDS = 1.0


class Message(NamedTuple):
    """What a worker says."""

    kind: str
    words: tuple[str, ...]
    payload: bytes


class Worker:
    """A running process; it ends when its standard input does."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a worker is spoken to over pipes")
        self._process, self._commands, self._messages = process, process.stdin, process.stdout
        self._head: list[str] = []

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, *words: object) -> None:
        """Send a command of a few words; one to a worker that has gone is lost, as ``message`` tells."""
        with suppress(OSError):
            self._commands.write(" ".join(map(str, words)).encode() + b"\n")

    async def message(self) -> Message:
        """What it says next; DeviceError as the worker says, or UNPLUGGED where the process is gone.

        May be given up in the middle: the next then goes on with the same message.
        """
        try:
            self._head = self._head or (await self._messages.readuntil(b"\n")).decode().split()
            if int(self._head[1]) > MOST_BYTES:
                raise DeviceError(Reason.PROTOCOL, "The reader's process sends too much at once: restart it.")
            payload = await self._messages.readexactly(int(self._head[1]))
        except (asyncio.IncompleteReadError, OSError):
            raise DeviceError(Reason.UNPLUGGED, "The reader's process has ended: plug the reader in again.") from None
        (kind, _, *words), self._head = self._head, []
        if kind == "fault":
            raise DeviceError(Reason(words[0]), payload.decode())
        return Message(kind, tuple(words), payload)

    async def end(self) -> None:
        """Let it close the reader, and kill it where that takes longer than a second."""
        with suppress(OSError):
            self._commands.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def worker(python: str, module: str, *arguments: str) -> AsyncIterator[Worker]:
    """The module's ``main`` in a process of its own, for as long as the context lasts.

    It sees none of this process's environment but what libraries for devices go by: there may be secrets in it.
    ``-S`` keeps other packages from it where this very Python runs it. DeviceError(UNSUPPORTED) where that is missing.
    """
    options = ("-I", "-S") if python == sys.executable else ("-I",)
    command = [python, *options, "-c", START.format(root=ROOT, module=module), *arguments]
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment(), limit=2**20
        )
    except OSError as fault:
        raise DeviceError(Reason.UNSUPPORTED, f"{python} cannot be run ({fault.strerror}): install it.") from None
    started = Worker(process)
    try:
        yield started
    finally:
        await asyncio.shield(started.end())


async def listed(python: str, module: str) -> list[Message]:
    """All that the module says to ``list``; DeviceError as it says."""
    said: list[Message] = []
    async with worker(python, module, "list") as listing:
        try:
            while True:
                said.append(await listing.message())
        except DeviceError as fault:
            if fault.reason is not Reason.UNPLUGGED:  # which is how a list ends
                raise
    return said


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
