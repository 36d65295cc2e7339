"""What the contract suite asks of every family: an emulated device, and hands on it.

A new family subclasses ``Bench`` in a module beside this one and adds a line to ``BENCHES`` in ``all.py``. Where a case
of the suite has no meaning for it, ``NOT_MEANT`` there says which and why.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import Characteristic


def ridges(height: int = 160, width: int = 128, seed: int = 0) -> NDArray[np.uint8]:
    """Ridges nine pixels apart that end and fork in a few places, other ones for each seed; uint8 (height, width)."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    phase = 2 * np.pi * (x * 0.3 + y) / 9
    for sign in (1, -1) * 6:
        at = generator.uniform(0.15, 0.85, 2) * (height, width)
        phase = phase + sign * np.arctan2(y - at[0], x - at[1])
    return (127 + 120 * np.cos(phase)).astype(np.uint8)


class Bench(ABC):
    """A device that shows nothing at first.

    ``url``: of the device; ``absent``: of one of its family that is not there. ``shared``: whether it may be opened
    twice at once. ``tolerance``: grey levels by which a pixel may differ, 0 where the way to it loses nothing.
    """

    url: str
    absent: str
    characteristic = Characteristic.FACE
    shared = True
    tolerance = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def load(self, picture: NDArray[np.uint8]) -> None:
        """Let this be what the device sees from now on; grey (height, width), or BGR (height, width, 3) of a face."""

    @abstractmethod
    def expected(self) -> NDArray[np.uint8]:
        """The pixels that the device should give of what it sees."""

    @abstractmethod
    def show(self) -> None:
        """Present it: the finger is laid on, the camera sends."""

    @abstractmethod
    def hide(self) -> None:
        """Take it away: the device is there, but has nothing to give."""

    @abstractmethod
    def damage(self) -> None:
        """Spoil what the device sends, or the next of it."""

    @abstractmethod
    def mend(self) -> None:
        """Send whole pictures again, where one spoilt picture is not all that ``damage`` did."""

    @abstractmethod
    def slow(self) -> None:
        """Let a frame take about half a second, in pieces."""

    @abstractmethod
    def unplug(self) -> None:
        """Pull the cable, in the middle of a frame where that can be."""

    @abstractmethod
    def replug(self) -> None:
        """Put it back; the device shows what it showed, at ``url``, which may be a new one."""

    @abstractmethod
    def forbidden(self) -> AbstractContextManager[str]:
        """The URL of a device that is there and may not be opened while the context lasts."""

    @abstractmethod
    def close(self) -> None:
        """End everything that the bench began."""
