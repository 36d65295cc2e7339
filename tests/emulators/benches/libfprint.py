"""The bench of the readers behind libfprint: its own virtual one. Recorded real ones are in tests/recorded."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import Characteristic
from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.libfprint_reader import LibfprintReader
from tests.emulators.powerless import powerless

VARIABLE = "FP_VIRTUAL_IMAGE"
HELD = "\0tests/libfprint/virtual_image"
"""What a bench holds of the machine, as whoever opens the reader does: the tests beside this one open it as well."""


def only_one() -> socket.socket:
    """Held until it is closed, or its process ends."""
    held = socket.socket(socket.AF_UNIX)
    while True:
        with suppress(OSError):
            held.bind(HELD)
            return held
        time.sleep(0.05)


class LibfprintBench(Bench):
    characteristic = Characteristic.FINGERPRINT
    shared = False
    url, absent = "libfprint://virtual_image/0", "libfprint://uru4000/0"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._only = only_one()
        self.reader = LibfprintReader(folder / "reader.socket", ridges())
        os.environ[VARIABLE] = str(self.reader.path)

    def load(self, picture: NDArray[np.uint8]) -> None:
        self.reader.picture = picture

    def expected(self) -> NDArray[np.uint8]:
        return self.reader.picture

    def show(self) -> None:
        self.reader.finger = True

    def hide(self) -> None:
        self.reader.finger = False

    def damage(self) -> None:
        self.reader.damaged = True

    def mend(self) -> None:
        self.reader.damaged = False

    def slow(self) -> None:
        self.reader.pause = 0.5

    def unplug(self) -> None:
        self.reader.removed = True

    def replug(self) -> None:
        self.reader.removed = False

    @contextmanager
    def _closed(self) -> Iterator[str]:
        closed = self.folder / "closed"
        closed.mkdir(mode=0)
        os.environ[VARIABLE] = str(closed / "reader.socket")
        with powerless():
            yield self.url
        closed.chmod(0o700)
        os.environ[VARIABLE] = str(self.reader.path)

    def forbidden(self) -> AbstractContextManager[str]:
        return self._closed()

    def close(self) -> None:
        with closing(self._only):
            self.reader.close()
            os.environ.pop(VARIABLE)
