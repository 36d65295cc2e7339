"""Captures one frame from the reader at the first argument, into the file (``.npy``) at the second."""

import asyncio
import sys

import numpy as np

from device_drivers.protocol import CaptureRequest, Characteristic, Frame
from device_drivers.registry import device

SECONDS = 60


async def main(url: str, path: str) -> None:
    async with device(url).open() as session:
        async for each in session.capture(CaptureRequest(Characteristic.FINGERPRINT, SECONDS)):
            if isinstance(each, Frame):
                np.save(path, each.pixels)
                return


asyncio.run(main(*sys.argv[1:3]))
