"""The bench of IP cameras that stream: a real RTSP server."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.emulators.benches.bench import Bench, ridges
from tests.emulators.subprocesses import EmulatorProcess


class RtspBench(Bench):
    tolerance = 6

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._camera = EmulatorProcess("rtsp_camera_process.py")
        self.host, self.locked_host = (f"127.0.0.1:{port}" for port in self._camera.greeting.split())
        self.url, self.absent = f"rtsp://{self.host}/stream", f"rtsp://{self.host}/none"
        self.load(ridges())

    def load(self, picture: NDArray[np.uint8]) -> None:
        height, width = (each // 8 * 8 for each in picture.shape[:2])  # GStreamer pads rows of other widths
        seen = picture[:height, :width]
        bgr = seen if seen.ndim == 3 else cv2.cvtColor(seen, cv2.COLOR_GRAY2BGR)
        self._sent = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
        (self.folder / "frame").write_bytes(self._sent.tobytes())
        self._camera.tell("load", width, height, self.folder / "frame")

    def expected(self) -> NDArray[np.uint8]:
        return np.asarray(cv2.cvtColor(self._sent, cv2.COLOR_YUV2BGR_I420), np.uint8)

    def show(self) -> None:
        self._camera.tell("send", 1)

    def hide(self) -> None:
        self._camera.tell("send", 0)

    def damage(self) -> None:
        raise NotImplementedError

    def mend(self) -> None:
        raise NotImplementedError

    def slow(self) -> None:
        self._camera.tell("slow")

    def unplug(self) -> None:
        self._camera.tell("hang-up")

    def replug(self) -> None:
        """Whoever asks anew is served."""

    def forbidden(self) -> AbstractContextManager[str]:
        return nullcontext(f"rtsp://guard:wrong@{self.locked_host}/stream")

    def close(self) -> None:
        self._camera.close()
