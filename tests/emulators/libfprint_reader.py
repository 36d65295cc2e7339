"""The hand on libfprint's own ``virtual_image`` reader: pictures, retries and faults, through its socket."""

import socket
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HEAD = struct.Struct("ii")
RETRY, FAULT = -1, -2
GENERAL, REMOVED = 0, 0x100
FRAME_SECONDS = 0.04


class LibfprintReader:
    """Lays its picture on the reader again and again while ``finger`` is true, whichever process has it open."""

    def __init__(self, path: Path, picture: NDArray[np.uint8]) -> None:
        self.path, self.picture = path, picture
        self.finger = self.damaged = self.removed = False
        self.pause = 0.0
        self._ended = False
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._thread.join()

    def _live(self) -> None:
        while not self._ended:
            with suppress(OSError), socket.socket(socket.AF_UNIX) as reader:
                reader.connect(str(self.path))
                while not self._ended:
                    self._press(reader)
            time.sleep(FRAME_SECONDS / 4)

    def _press(self, reader: socket.socket) -> None:
        time.sleep(FRAME_SECONDS)
        if self.removed:
            reader.sendall(HEAD.pack(FAULT, REMOVED))
        elif not self.finger:
            self._require_open(reader)
        elif self.damaged:
            reader.sendall(HEAD.pack(RETRY, GENERAL))
        else:
            data = self.picture.tobytes()
            reader.sendall(HEAD.pack(self.picture.shape[1], self.picture.shape[0]) + data[: len(data) // 2])
            time.sleep(self.pause)
            reader.sendall(data[len(data) // 2 :])

    @staticmethod
    def _require_open(reader: socket.socket) -> None:
        """OSError where the process that had the reader open is gone."""
        with suppress(BlockingIOError):
            if not reader.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK):
                raise ConnectionResetError
