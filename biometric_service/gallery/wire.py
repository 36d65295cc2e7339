"""What a process says to the one that holds the indexes: a JSON head and, where there is one, a template.

Each message is two lengths (u32, little-endian), the head and the body. Nothing that arrives is ever executed.
"""

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

from biometric_service.errors import BiometricServiceError, ErrorCode

_LENGTHS = struct.Struct("<II")
LARGEST = 16_000_000

Head = Mapping[str, Any]


def send(connection: socket.socket, head: Head, body: bytes = b"") -> None:
    """Send one message; OSError where the other side is gone."""
    text = json.dumps(head).encode()
    connection.sendall(_LENGTHS.pack(len(text), len(body)) + text + body)


def receive(connection: socket.socket) -> tuple[Head, bytes]:
    """The next message; EOFError at the end, ValueError for one that is too large."""
    head, body = _LENGTHS.unpack(_read(connection, _LENGTHS.size))
    if max(head, body) > LARGEST:
        raise ValueError("a message is too large")
    found: Head = json.loads(_read(connection, head))
    return found, _read(connection, body)


def fault_head(fault: BiometricServiceError) -> Head:
    """A fault as a head."""
    return {"fault": [fault.code.value, fault.message, fault.action]}


def require_no_fault(head: Head) -> Head:
    """The head, unless it is a fault: that is raised here as it was there."""
    if "fault" in head:
        code, message, action = head["fault"]
        raise BiometricServiceError(ErrorCode(code), message, action)
    return head


def _read(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
