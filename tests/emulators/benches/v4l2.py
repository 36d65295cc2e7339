"""Benches of the cameras behind Video4Linux, one that compresses and one that does not."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device_drivers.pictures import decoded
from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.benches.http import jpeg
from tests.emulators.powerless import powerless
from tests.emulators.subprocesses import EmulatorProcess


def yuyv(picture: NDArray[np.uint8]) -> bytes:
    """By OpenCV, so that the driver's own formula is checked; colour for every second pixel alone."""
    seen = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    return bytes(cv2.cvtColor(seen, cv2.COLOR_BGR2YUV_YUYV).tobytes())


class V4l2Bench(Bench):
    shared = False
    url, absent = "v4l2:///dev/video0", "v4l2:///dev/video9"

    def __init__(self, folder: Path, pixel_format: str) -> None:
        super().__init__(folder)
        self._format = pixel_format
        self._camera = EmulatorProcess("v4l2_camera_process.py", pixel_format, wrapper=("umockdev-wrapper",))
        self._environment = {"LD_PRELOAD": "libumockdev-preload.so.0", "UMOCKDEV_DIR": self._camera.greeting}
        os.environ.update(self._environment)
        self.tolerance = 0 if pixel_format == "MJPG" else 3
        self.load(ridges())

    def load(self, picture: NDArray[np.uint8]) -> None:
        self._picture = picture
        self._data = jpeg(picture) if self._format == "MJPG" else yuyv(picture)
        (self.folder / "frame").write_bytes(self._data)
        self._camera.tell("load", picture.shape[1], picture.shape[0], self.folder / "frame")

    def expected(self) -> NDArray[np.uint8]:
        if self._format == "MJPG":
            return decoded(self._data).pixels
        height, width = self._picture.shape[:2]
        sent = np.frombuffer(self._data, np.uint8).reshape(height, width, 2)
        return np.asarray(cv2.cvtColor(sent, cv2.COLOR_YUV2BGR_YUYV), np.uint8)

    def show(self) -> None:
        self._camera.tell("set", "sending", 1)

    def hide(self) -> None:
        self._camera.tell("set", "sending", 0)

    def damage(self) -> None:
        self._camera.tell("set", "damaged", 1)

    def mend(self) -> None:
        self._camera.tell("set", "damaged", 0)

    def slow(self) -> None:
        self._camera.tell("slow_down")

    def unplug(self) -> None:
        self._camera.tell("unplug")

    def replug(self) -> None:
        self._camera.tell("plug")

    @contextmanager
    def _closed(self) -> Iterator[str]:
        self._camera.tell("mode", "000")
        with powerless():
            yield self.url
        self._camera.tell("mode", "600")

    def forbidden(self) -> AbstractContextManager[str]:
        return self._closed()

    def close(self) -> None:
        for name in self._environment:
            del os.environ[name]
        self._camera.close()
