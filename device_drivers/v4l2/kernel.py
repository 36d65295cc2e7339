"""Video4Linux's structures and requests, as <linux/videodev2.h> lays them out on 64-bit machines.

Every request takes and gives the bytes of its structure.
"""

import fcntl
import struct
from enum import IntEnum, IntFlag

CAPTURE, MMAP = 1, 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP
CAPTURES, STREAMS, HAS_DEVICE_CAPABILITIES = 0x1, 0x04000000, 0x80000000

CAPABILITY = struct.Struct("=16s32s32sIII12x")
FORMAT_DESCRIPTION = struct.Struct("=III32s4s16x")
FORMAT = struct.Struct("=I4xII4sIII176x")
REQUEST_BUFFERS = struct.Struct("=IIIII")
BUFFER = struct.Struct("=IIIII4xqq16sIIQIII4x")
NUMBER = struct.Struct("=i")

READ, WRITE = 2, 1


def _request(number: int, direction: int, size: int) -> int:
    return (direction << 30) | (size << 16) | (ord("V") << 8) | number


class Request(IntEnum):
    """What can be asked of a camera."""

    CAPABILITIES = _request(0, READ, CAPABILITY.size)
    ENUMERATE_FORMATS = _request(2, READ | WRITE, FORMAT_DESCRIPTION.size)
    GET_FORMAT = _request(4, READ | WRITE, FORMAT.size)
    SET_FORMAT = _request(5, READ | WRITE, FORMAT.size)
    REQUEST_BUFFERS = _request(8, READ | WRITE, REQUEST_BUFFERS.size)
    QUERY_BUFFER = _request(9, READ | WRITE, BUFFER.size)
    QUEUE = _request(15, READ | WRITE, BUFFER.size)
    DEQUEUE = _request(17, READ | WRITE, BUFFER.size)
    STREAM_ON = _request(18, WRITE, NUMBER.size)
    STREAM_OFF = _request(19, WRITE, NUMBER.size)


class BufferFlag(IntFlag):
    """What is true of a buffer."""

    ERROR = 0x40
    MONOTONIC = 0x2000


def ask(file: int, request: Request, given: bytes) -> bytes:
    """What the camera answers; OSError as the kernel says."""
    answer = bytearray(given)
    fcntl.ioctl(file, request, answer)
    return bytes(answer)


def buffer(index: int) -> bytes:
    """The structure that names one buffer."""
    return BUFFER.pack(index, CAPTURE, 0, 0, 0, 0, 0, b"", 0, MMAP, 0, 0, 0, 0)


def text(field: bytes) -> str:
    """What a field that ends in zeros says."""
    return field.split(b"\0", 1)[0].decode(errors="replace")
