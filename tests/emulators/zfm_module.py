"""A ZFM fingerprint module on a pseudo-terminal, written from the data sheets apart from the driver, with faults."""

import os
import pty
import select
import termios
import threading
import time
import tty
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Fault(Enum):
    NONE = "none"
    CHECKSUM = "one byte of the image is wrong"
    TRUNCATION = "the image breaks off"
    SILENCE = "no answer at all"
    NOISE = "no packet"
    HANG_UP = "the cable is pulled in mid-image"


class ZfmModule:
    """A module with a finger on it, or none. ``fault`` spoils one image, then is over; silence and noise stay."""

    def __init__(
        self, shape: tuple[int, int] = (288, 256), password: int = 0, packet_bytes: int = 128, baud: int = 57_600
    ) -> None:
        self.levels: NDArray[np.uint8] = np.random.default_rng(5).integers(0, 16, shape).astype(np.uint8)
        self.finger, self.fault, self.code = False, Fault.NONE, 0
        self.asked: list[int] = []
        self.packet_seconds = 0.0
        self._password, self.packet_bytes, self.baud = password, packet_bytes, baud
        self._module, self._terminal = pty.openpty()
        tty.setraw(self._terminal)
        self.path = os.ttyname(self._terminal)
        os.set_blocking(self._module, False)
        self._ended = False
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._thread.join()

    def _live(self) -> None:
        come = b""
        while not self._ended:
            if select.select([self._module], [], [], 0.005)[0]:
                come += os.read(self._module, 4096)
            while len(come) >= 9 and len(come) >= 9 + int.from_bytes(come[7:9]):
                end = 9 + int.from_bytes(come[7:9])
                if termios.tcgetattr(self._terminal)[4] == getattr(termios, f"B{self.baud}"):
                    self._answer(come[:end])
                come = come[end:]
        os.close(self._module)
        os.close(self._terminal)

    def _answer(self, question: bytes) -> None:
        body, given = question[9:-2], int.from_bytes(question[-2:])
        self.asked.append(body[0])
        if self.fault is Fault.SILENCE:
            return
        if self.fault is Fault.NOISE:
            self._send(b"\xef\x01" + bytes(30))
        elif given != sum(question[6:-2]) & 0xFFFF or question[6] != 1:
            self._acknowledge(0x01)
        elif body[0] == 0x13:
            self._acknowledge(0x00 if int.from_bytes(body[1:5]) == self._password else 0x13)
        elif body[0] == 0x01:
            self._acknowledge(self.code or (0x00 if self.finger else 0x02))
        elif body[0] == 0x0A:
            self._acknowledge(0x00)
            self._send_image()
        else:
            self._answer_parameters(body)

    def _answer_parameters(self, body: bytes) -> None:
        if body[0] == 0x0F:
            size = (32, 64, 128, 256).index(self.packet_bytes)
            state = [0, 0, 0, 0, 0, 150, 0, 3, *[255] * 4, 0, size, 0, self.baud // 9_600]
            self._acknowledge(0x00, bytes(state))
        elif body[0] == 0x0E:
            self._acknowledge(0x00)
            if body[1] == 4:
                self.baud = 9_600 * body[2]
            elif body[1] == 6:
                self.packet_bytes = (32, 64, 128, 256)[body[2]]

    def _send_image(self) -> None:
        pixels = self.levels.ravel()
        data = bytes(((pixels[::2] << 4) | pixels[1::2]).tolist())
        pieces = [data[at : at + self.packet_bytes] for at in range(0, len(data), self.packet_bytes)]
        for number, piece in enumerate(pieces):
            packet = self._packet(8 if number == len(pieces) - 1 else 2, piece)
            if number == len(pieces) // 2 and self.fault is not Fault.NONE:
                fault, self.fault = self.fault, Fault.NONE
                if fault is Fault.CHECKSUM:
                    packet = packet[:20] + bytes([packet[20] ^ 0x10]) + packet[21:]
                else:
                    self._send(packet[:40])
                    self._ended = fault is Fault.HANG_UP
                    return
            time.sleep(self.packet_seconds)
            self._send(packet)

    def _acknowledge(self, code: int, more: bytes = b"") -> None:
        self._send(self._packet(7, bytes([code]) + more))

    def _packet(self, kind: int, payload: bytes) -> bytes:
        summed = bytes([kind]) + (len(payload) + 2).to_bytes(2) + payload
        return b"\xef\x01\xff\xff\xff\xff" + summed + (sum(summed) & 0xFFFF).to_bytes(2)

    def _send(self, data: bytes) -> None:
        while data and not self._ended:
            if select.select([], [self._module], [], 0.05)[1]:
                data = data[os.write(self._module, data) :]
