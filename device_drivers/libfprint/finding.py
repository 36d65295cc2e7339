"""The readers that libfprint sees now."""

from device_drivers.errors import DeviceError, Reason
from device_drivers.libfprint.device import PYTHON, WORKER
from device_drivers.libfprint.sensors import DPI
from device_drivers.protocol import Characteristic, DeviceInfo
from device_drivers.workers import worker


async def discover() -> list[DeviceInfo]:
    """Each reader by its URL; those that give no images capture nothing. DeviceError(UNSUPPORTED) without libfprint."""
    found: list[DeviceInfo] = []
    numbers: dict[str, int] = {}
    async with worker(PYTHON, WORKER, "list") as listing:
        try:
            while True:
                said = await listing.message()
                driver, _, images = said.words
                number = numbers[driver] = numbers.get(driver, -1) + 1
                captures = frozenset({Characteristic.FINGERPRINT} if images == "images" else ())
                url = f"libfprint://{driver}/{number}"
                found.append(
                    DeviceInfo(url, "libfprint", said.payload.decode(), str(number), captures, DPI.get(driver))
                )
        except DeviceError as fault:
            if fault.reason is not Reason.UNPLUGGED:  # which is how the list ends
                raise
    return found
