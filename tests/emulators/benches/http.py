"""Benches of the cameras that speak HTTP."""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device_drivers.pictures import decoded
from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.certificates import believed
from tests.emulators.http_camera import HttpCamera


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture if picture.ndim == 2 else picture[:, :, ::-1]).save(file, "JPEG", quality=95)
    return file.getvalue()


class HttpBench(Bench):
    def __init__(self, folder: Path, scheme: str, path: str, **kind: bool) -> None:
        super().__init__(folder)
        self._open = ExitStack()
        tls = self._open.enter_context(believed(folder)) if scheme.startswith("https") else None
        self.camera = HttpCamera(**kind, tls=tls)
        self.load(ridges())
        self.url, self.absent = f"{scheme}://{self.camera.address}/{path}", f"{scheme}://127.0.0.1:9/{path}"

    def load(self, picture: NDArray[np.uint8]) -> None:
        self.camera.picture = jpeg(picture)

    def expected(self) -> NDArray[np.uint8]:
        return decoded(self.camera.picture).pixels

    def show(self) -> None:
        self.camera.sending.set()

    def hide(self) -> None:
        self.camera.sending.clear()

    def damage(self) -> None:
        self.camera.damaged = True

    def mend(self) -> None:
        self.camera.damaged = False

    def slow(self) -> None:
        self.camera.pause = 0.25

    def unplug(self) -> None:
        self.camera.plugged = False

    def replug(self) -> None:
        self.camera.plugged = True

    @contextmanager
    def _locked(self) -> Iterator[str]:
        self.camera.locked = True
        yield self.url
        self.camera.locked = False

    def forbidden(self) -> AbstractContextManager[str]:
        return self._locked()

    def close(self) -> None:
        self.camera.close()
        self._open.close()
