"""The readers that libfprint sees now."""

from collections import Counter

from device_drivers.libfprint.device import PYTHON, WORKER
from device_drivers.libfprint.sensors import DPI
from device_drivers.protocol import Characteristic, DeviceInfo
from device_drivers.workers import listed


async def discover() -> list[DeviceInfo]:
    """Each reader by its URL; those that give no images capture nothing. DeviceError(UNSUPPORTED) without libfprint."""
    found: list[DeviceInfo] = []
    numbers = Counter[str]()
    for said in await listed(PYTHON, WORKER):
        driver, _, images = said.words
        captures = frozenset({Characteristic.FINGERPRINT} if images == "images" else ())
        number = str(numbers[driver])
        numbers[driver] += 1
        url, name = f"libfprint://{driver}/{number}", said.payload.decode()
        found.append(DeviceInfo(url, "libfprint", name, number, captures, DPI.get(driver)))
    return found
