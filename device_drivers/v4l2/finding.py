"""The cameras that are there now."""

import sys

from device_drivers.protocol import Characteristic, DeviceInfo
from device_drivers.v4l2.device import WORKER
from device_drivers.workers import listed


async def discover() -> list[DeviceInfo]:
    """Each camera that this user may open, by its URL."""
    return [
        DeviceInfo(
            f"v4l2://{said.words[0]}",
            "v4l2",
            said.payload.decode(),
            said.words[0],
            frozenset({Characteristic.FACE}),
            None,
        )
        for said in await listed(sys.executable, WORKER)
    ]
