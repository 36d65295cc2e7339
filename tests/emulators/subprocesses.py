"""Emulators that need a process of their own: told a line at a time, each answered with ``done``."""

import subprocess
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"


class EmulatorProcess:
    """``greeting``: the first line it prints."""

    def __init__(self, script: str, *arguments: str, wrapper: tuple[str, ...] = ()) -> None:
        command = [*wrapper, SYSTEM_PYTHON, str(Path(__file__).parent / script), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.greeting = self._line()

    def tell(self, *words: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        assert self._line() == "done"

    def close(self) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()
            process.wait(60)

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the emulator has ended"
        return line.strip()
