"""The worker's end of the pipe: standard library only, since the system's own Python may be the one that runs it.

A message is a line ``KIND BYTES WORDS…`` and as many bytes of payload as it says. Commands come as lines of words.
"""

import os

COMMANDS = 0


def say(kind: str, *words: object, payload: bytes = b"") -> None:
    """Send one message to whoever started this process; the words hold no blanks."""
    line = " ".join([kind, str(len(payload)), *map(str, words)])
    data = memoryview(line.encode() + b"\n" + payload)
    while data:
        data = data[os.write(1, data) :]


def say_fault(reason: str, what: str) -> None:
    """Send why this process ends: a ``Reason`` and what to do."""
    say("fault", reason, payload=what.encode())


class Commands:
    """The lines that come, as words; read when there is something to read."""

    def __init__(self) -> None:
        self._begun = b""

    def read(self) -> list[list[str]]:
        """The whole lines that have come; EOFError where no more will."""
        data = os.read(COMMANDS, 4096)
        if not data:
            raise EOFError
        *lines, self._begun = (self._begun + data).split(b"\n")
        return [line.decode().split() for line in lines]
