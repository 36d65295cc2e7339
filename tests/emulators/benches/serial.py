"""Benches of the fingerprint modules on a serial line."""

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import Characteristic
from tests.emulators.benches.bench import Bench
from tests.emulators.benches.files import closed_to_everybody
from tests.emulators.zfm_module import Fault, ZfmModule


class ZfmBench(Bench):
    characteristic = Characteristic.FINGERPRINT
    shared = False
    absent = "zfm:///dev/no-such-port"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.module = ZfmModule(baud=115_200)
        self.url = f"zfm://{self.module.path}?baud=115200"

    def load(self, picture: NDArray[np.uint8]) -> None:
        """As a sensor of 256 by 288 pixels sees it: the middle of it, on white, in sixteen levels."""
        seen = np.full((288, 256), 255, np.uint8)
        part = picture[:288, :256]
        top, left = (288 - part.shape[0]) // 2, (256 - part.shape[1]) // 2
        seen[top : top + part.shape[0], left : left + part.shape[1]] = part
        self.module.levels = (seen >> 4).astype(np.uint8)

    def expected(self) -> NDArray[np.uint8]:
        return self.module.levels * np.uint8(17)

    def show(self) -> None:
        self.module.finger = True

    def hide(self) -> None:
        self.module.finger = False

    def damage(self) -> None:
        self.module.fault = Fault.CHECKSUM

    def mend(self) -> None:
        """One image alone was spoilt."""

    def slow(self) -> None:
        self.module.packet_seconds = 0.5 * 256 / (288 * 128)

    def unplug(self) -> None:
        self.module.fault = Fault.HANG_UP

    def replug(self) -> None:
        old, self.module = self.module, ZfmModule(baud=115_200)
        self.module.levels, self.module.finger = old.levels, old.finger
        old.close()
        self.url = f"zfm://{self.module.path}?baud=115200"

    def forbidden(self) -> AbstractContextManager[str]:
        return closed_to_everybody(Path(self.module.path), self.url)

    def close(self) -> None:
        self.module.close()
