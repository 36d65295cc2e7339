"""SBI services on this machine: they listen somewhere from port 4501 to 4600."""

import asyncio

from device_drivers.errors import DeviceError
from device_drivers.protocol import Characteristic, DeviceInfo
from device_drivers.sbi.claims import Claims
from device_drivers.sbi.wire import ANY_TYPE, Service

PORTS = range(4501, 4601)
SECONDS = 0.8


async def discover() -> list[DeviceInfo]:
    """The devices that services on this machine name; nothing that they say is verified before one is opened."""
    found = await asyncio.gather(*(_at(port) for port in PORTS))
    return [info for infos in found for info in infos]


async def _at(port: int) -> list[DeviceInfo]:
    try:
        async with asyncio.timeout(SECONDS):
            answers = await Service("127.0.0.1", port).ask("MOSIPDISC", "device", {"type": ANY_TYPE}, SECONDS)
        return [_info(port, each) for each in answers]
    except (DeviceError, OSError, EOFError, ValueError):
        return []


def _info(port: int, said: Claims) -> DeviceInfo:
    url = f"sbi://127.0.0.1:{port}"
    return DeviceInfo(url, "sbi", said.text("deviceCode", ""), said.text("deviceId"), frozenset(Characteristic), None)
