"""The bench of Suprema's terminals behind a G-SDK gateway."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import Characteristic
from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.certificates import certificate
from tests.emulators.suprema_gateway import SupremaGateway


class SupremaBench(Bench):
    characteristic = Characteristic.FINGERPRINT

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        trust, stranger = folder / "gateway.crt", folder / "stranger.crt"
        trust.write_bytes(certificate())
        stranger.write_bytes(certificate())
        self.gateway = SupremaGateway(trust.read_bytes(), ridges())
        address = f"suprema-gsdk://127.0.0.1:{self.gateway.port}"
        self.url, self._mistrusted = f"{address}?trust={trust}", f"{address}?trust={stranger}"
        self.absent = f"suprema-gsdk://127.0.0.1:9?trust={trust}"

    def load(self, picture: NDArray[np.uint8]) -> None:
        self.gateway.picture = picture

    def expected(self) -> NDArray[np.uint8]:
        return self.gateway.picture

    def show(self) -> None:
        self.gateway.finger.set()

    def hide(self) -> None:
        self.gateway.finger.clear()

    def damage(self) -> None:
        self.gateway.damaged = True

    def mend(self) -> None:
        self.gateway.damaged = False

    def slow(self) -> None:
        self.gateway.pause = 0.5

    def unplug(self) -> None:
        self.gateway.plugged = False

    def replug(self) -> None:
        self.gateway.plugged = True

    def forbidden(self) -> AbstractContextManager[str]:
        return nullcontext(self._mistrusted)

    def close(self) -> None:
        self.gateway.close()
