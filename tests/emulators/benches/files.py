"""Benches of the families that read files."""

import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device_drivers.protocol import Characteristic
from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.powerless import powerless


def png(picture: NDArray[np.uint8]) -> bytes:
    return _written(picture, "PNG")


def bmp(picture: NDArray[np.uint8]) -> bytes:
    return _written(picture, "BMP")


def _written(picture: NDArray[np.uint8], form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture if picture.ndim == 2 else picture[:, :, ::-1]).save(file, form)
    return file.getvalue()


@contextmanager
def closed_to_everybody(path: Path, url: str) -> Iterator[str]:
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        with powerless():
            yield url
    finally:
        path.chmod(mode)


class FolderBench(Bench):
    characteristic = Characteristic.FINGERPRINT

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.watched = folder / "watched"
        self.watched.mkdir()
        self.url, self.absent = f"folder://{self.watched}", f"folder://{folder}/none"
        self.picture = ridges()
        self._numbers = count()
        self._slow = False
        self._copying: list[threading.Thread] = []

    def load(self, picture: NDArray[np.uint8]) -> None:
        self.hide()
        self.picture = picture

    def expected(self) -> NDArray[np.uint8]:
        return self.picture

    def show(self) -> None:
        for _ in range(2):
            path = self.watched / f"{next(self._numbers):05}.png"
            self._copying.append(threading.Thread(target=self._copy, args=(png(self.picture), path, self._slow)))
            self._copying[-1].start()
            if not self._slow:
                self._copying[-1].join()

    def hide(self) -> None:
        for path in self.watched.glob("*.png"):
            path.unlink()

    def damage(self) -> None:
        whole = png(self.picture)
        path = self.watched / "damaged.png"
        path.write_bytes(whole[: len(whole) // 2])
        os.utime(path, (0, 0))

    def mend(self) -> None:
        """One file alone was spoilt."""

    def slow(self) -> None:
        self._slow = True

    def unplug(self) -> None:
        shutil.rmtree(self.watched)

    def replug(self) -> None:
        self.watched.mkdir()
        self.show()

    def forbidden(self) -> AbstractContextManager[str]:
        return closed_to_everybody(self.watched, self.url)

    def close(self) -> None:
        for thread in self._copying:
            thread.join()

    @staticmethod
    def _copy(data: bytes, path: Path, slow: bool) -> None:  # noqa: FBT001
        path.write_bytes(data[: len(data) // 2] if slow else data)
        if slow:
            time.sleep(0.5)
            path.write_bytes(data)


class VirtualBench(Bench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = folder / "seen.png"
        self.url, self.absent = f"virtual://{self._file}", f"virtual://{folder}/none.png"
        self.picture = ridges()
        self.hide()

    def load(self, picture: NDArray[np.uint8]) -> None:
        self.picture = picture
        if self._file.read_bytes():
            self.show()

    def expected(self) -> NDArray[np.uint8]:
        return self.picture

    def show(self) -> None:
        self._put(png(self.picture))

    def hide(self) -> None:
        self._put(b"")

    def damage(self) -> None:
        whole = png(self.picture)
        self._put(whole[: len(whole) // 2])

    def mend(self) -> None:
        self.show()

    def slow(self) -> None:
        raise NotImplementedError

    def unplug(self) -> None:
        self._file.unlink()

    def replug(self) -> None:
        self.show()

    def forbidden(self) -> AbstractContextManager[str]:
        return closed_to_everybody(self._file, self.url)

    def close(self) -> None:
        """Nothing runs."""

    def _put(self, data: bytes) -> None:
        """All of it at once."""
        beside = self.folder / "beside"
        beside.write_bytes(data)
        beside.replace(self._file)
