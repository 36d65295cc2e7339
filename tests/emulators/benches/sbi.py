"""The bench of devices behind MOSIP's Secure Biometric Interface."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import Characteristic
from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.benches.http import HttpBench
from tests.emulators.sbi_device import Maker, SbiEmulator
from tests.emulators.sbi_service import SbiService


class SbiBench(Bench):
    characteristic = Characteristic.FINGERPRINT

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.device = SbiEmulator(Maker())
        anchors = folder / "anchors.pem"
        anchors.write_bytes(self.device.maker.pem())
        self.url = f"sbi://{self.device.address}?trust={anchors}"
        self.absent = f"sbi://127.0.0.1:9?trust={anchors}"
        self.load(ridges())

    def load(self, picture: NDArray[np.uint8]) -> None:
        self.device.pictures = [picture]

    def expected(self) -> NDArray[np.uint8]:
        return self.device.pictures[0]

    def show(self) -> None:
        self.device.finger.set()

    def hide(self) -> None:
        self.device.finger.clear()

    def damage(self) -> None:
        self.device.fault = "record"

    def mend(self) -> None:
        self.device.fault = ""

    def slow(self) -> None:
        self.device.pause = 0.3

    def unplug(self) -> None:
        self.device.plugged = False

    def replug(self) -> None:
        self.device.plugged = True

    @contextmanager
    def _of_a_stranger(self) -> Iterator[str]:
        self.device.stranger = True
        yield self.url
        self.device.stranger = False

    def forbidden(self) -> AbstractContextManager[str]:
        return self._of_a_stranger()

    def close(self) -> None:
        self.device.close()


class OfferedBench(HttpBench):
    """A camera of our own that our own SBI service offers: what is told of it comes by way of the service."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "http+snapshot", "picture.jpg")
        self.service = SbiService(folder, self.url)
        stranger = folder / "stranger.pem"
        stranger.write_bytes(Maker().pem())
        self.url = f"sbi://{self.service.address}?trust={self.service.anchor}"
        self._mistrusted = f"sbi://{self.service.address}?trust={stranger}"
        self.absent = f"sbi://127.0.0.1:9?trust={self.service.anchor}"

    def forbidden(self) -> AbstractContextManager[str]:
        return nullcontext(self._mistrusted)

    def close(self) -> None:
        self.service.close()
        super().close()
