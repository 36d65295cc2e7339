"""The serial ports that are there now: whether a fingerprint module is on one, only opening it can tell.

They are not asked, since any other equipment on them would be disturbed.
"""

import asyncio
from pathlib import Path

from device_drivers.protocol import Characteristic, DeviceInfo

BY_ID = Path("/dev/serial/by-id")
NODES = Path("/dev")
PATTERNS = ("ttyUSB*", "ttyACM*", "ttyAMA*")


async def discover() -> list[DeviceInfo]:
    """Each USB or built-in serial port, by the name that stays the same where udev gives one."""
    return await asyncio.to_thread(_ports)


def _ports() -> list[DeviceInfo]:
    lasting = {path.resolve(): path for path in sorted(BY_ID.glob("*"))}
    ports = [path for pattern in PATTERNS for path in sorted(NODES.glob(pattern))]
    return [_port(lasting.get(path.resolve(), path)) for path in ports]


def _port(path: Path) -> DeviceInfo:
    captures = frozenset({Characteristic.FINGERPRINT})
    return DeviceInfo(f"zfm://{path}", "zfm", "serial port, not asked", str(path), captures, None)
