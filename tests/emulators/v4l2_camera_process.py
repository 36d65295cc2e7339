"""A camera that answers Video4Linux's requests: ``umockdev-wrapper /usr/bin/python3 THIS``.

Prints where its device tree is, then does what it is told, a line each, and says ``done``. Written from
<linux/videodev2.h> apart from the driver. Pictures lie in the device node, where the client maps them.
"""

import errno
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import GLib, UMockdev  # noqa: E402 (the version is asked for first)

DEVICE = """P: /devices/usb/video4linux/video0
N: video0=00
E: DEVNAME=/dev/video0
E: SUBSYSTEM=video4linux
A: name=Emulated camera

"""
SIZES = {0: 104, 2: 64, 4: 208, 5: 208, 8: 20, 9: 88, 15: 88, 17: 88, 18: 4, 19: 4}
FRAME_SECONDS = 0.02


class Camera:
    """State of the one camera; ``owner`` is whoever streams."""

    def __init__(self, pixel_format: bytes) -> None:
        self.pixel_format = pixel_format
        self.width, self.height, self.data = 16, 16, b""
        self.sending = self.damaged = False
        self.plugged = True
        self.pause = FRAME_SECONDS
        self.owner: Any = None
        self.queue: list[int] = []
        self.next_frame = 0.0
        self.testbed = UMockdev.Testbed.new()
        self.testbed.add_from_string(DEVICE)
        self.handler = UMockdev.IoctlBase()
        self.handler.connect("handle-ioctl", self.handle)
        self.handler.connect("client-vanished", self.gone)
        self.testbed.attach_ioctl("/dev/video0", self.handler)

    @property
    def length(self) -> int:
        return (max(2 * self.width * self.height, len(self.data)) + 4095) // 4096 * 4096

    def plug(self) -> None:
        self.plugged, self.owner = True, None

    def unplug(self) -> None:
        self.plugged = False

    def slow_down(self) -> None:
        """The next picture comes in half a second, and every other."""
        self.pause, self.next_frame = 0.5, time.monotonic() + 0.5

    @property
    def node(self) -> Path:
        return Path(self.testbed.get_root_dir()) / "dev" / "video0"

    def gone(self, _: Any, client: Any) -> None:
        if client == self.owner:
            self.owner, self.queue = None, []

    def handle(self, _: Any, client: Any) -> bool:
        number = client.get_request() & 0xFF
        try:
            self.require_plugged()
            argument = client.get_arg().resolve(0, SIZES[number])
            answer = getattr(self, f"request_{number}")(client, bytes(argument.retrieve()))
            argument.update(0, answer)
            client.complete(0, 0)
        except OSError as fault:
            client.complete(-1, fault.errno)
        return True

    def request_0(self, _client: Any, _given: bytes) -> bytes:
        return struct.pack("16s32s32sIII12x", b"emulated", b"Emulated camera", b"usb-1", 1, 0x85200001, 0x04200001)

    def request_2(self, _client: Any, given: bytes) -> bytes:
        if struct.unpack_from("I", given)[0] > 0:
            raise OSError(errno.EINVAL, "no more")
        return struct.pack("III32s4s16x", 0, 1, 0, b"", self.pixel_format)

    def request_4(self, _client: Any, _given: bytes) -> bytes:
        stride = 2 * self.width if self.pixel_format == b"YUYV" else 0
        return struct.pack("I4xII4sIIII168x", 1, self.width, self.height, self.pixel_format, 1, stride, self.length, 8)

    def request_5(self, client: Any, given: bytes) -> bytes:
        self.require_free(client)
        return self.request_4(client, given)

    def request_8(self, client: Any, given: bytes) -> bytes:
        self.require_free(client)
        self.owner, self.queue = client, []
        count = min(3, struct.unpack_from("I", given)[0])
        self.slot = self.length
        os.truncate(self.node, count * self.slot)
        return struct.pack("I", count) + given[4:]

    def request_9(self, _client: Any, given: bytes) -> bytes:
        index = struct.unpack_from("I", given)[0]
        return given[:64] + struct.pack("QI", index * self.slot, self.slot) + given[76:]

    def request_15(self, _client: Any, given: bytes) -> bytes:
        self.queue.append(struct.unpack_from("I", given)[0])
        return given

    def request_17(self, _client: Any, given: bytes) -> bytes:
        if not (self.sending and self.queue and time.monotonic() >= self.next_frame):
            raise OSError(errno.EAGAIN, "nothing yet")
        now = time.monotonic()
        self.next_frame = now + self.pause
        index = self.queue.pop(0)
        data = self.data[: len(self.data) // 2] if self.damaged else self.data
        with self.node.open("r+b") as node:
            node.seek(index * self.slot)
            node.write(data)
        stamp = struct.pack("qq", int(now), int(now % 1 * 1e6))
        return struct.pack("IIIII4x", index, 1, len(data), 0x2001, 1) + stamp + given[40:]

    def request_18(self, _client: Any, given: bytes) -> bytes:
        return given

    def request_19(self, client: Any, given: bytes) -> bytes:
        self.gone(None, client)
        return given

    def require_plugged(self) -> None:
        if not self.plugged:
            raise OSError(errno.ENODEV, "gone")

    def require_free(self, client: Any) -> None:
        if self.owner not in {None, client}:
            raise OSError(errno.EBUSY, "streams for somebody else")

    def told(self, words: list[str]) -> None:
        if words[0] == "load":
            self.width, self.height = int(words[1]), int(words[2])
            self.data = Path(words[3]).read_bytes()
        elif words[0] == "set":
            setattr(self, words[1], type(getattr(self, words[1]))(float(words[2])))
        elif words[0] == "mode":
            self.node.chmod(int(words[1], 8))
        else:
            getattr(self, words[0])()


def main() -> None:
    camera = Camera(sys.argv[1].encode())
    loop = GLib.MainLoop()

    def told(*_: object) -> bool:
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        camera.told(line.split())
        print("done", flush=True)
        return True

    GLib.io_add_watch(0, GLib.IOCondition.IN | GLib.IOCondition.HUP, told)
    print(camera.testbed.get_root_dir(), flush=True)
    loop.run()


main()
