"""Devices by URL: the scheme names the family, whose module is imported only when it is asked for.

A third party adds a family with an entry point in the group ``device_drivers``: its name is the scheme, its value a
function from a URL to a ``CaptureDevice``.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast
from urllib.parse import urlsplit

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureDevice

Opener = Callable[[str], CaptureDevice]

FAMILIES: Mapping[str, str] = {
    "folder": "device_drivers.folder.device",
    "zfm": "device_drivers.zfm.device",
    "v4l2": "device_drivers.camera.device",
    "rtsp": "device_drivers.camera.device",
    "http+mjpeg": "device_drivers.camera.network",
    "https+mjpeg": "device_drivers.camera.network",
    "http+snapshot": "device_drivers.camera.network",
    "https+snapshot": "device_drivers.camera.network",
}


def schemes() -> list[str]:
    """Every URL scheme that a device can be opened by."""
    return sorted({*FAMILIES, *(entry.name for entry in entry_points(group="device_drivers"))})


def device(url: str) -> CaptureDevice:
    """The device at the URL, not yet opened; DeviceError(BAD_ADDRESS) for a URL that no family knows."""
    scheme = urlsplit(url).scheme
    if scheme in FAMILIES:
        module = import_module(FAMILIES[scheme])
        return cast("Opener", module.device)(url)
    for entry in entry_points(group="device_drivers", name=scheme):
        return cast("Opener", entry.load())(url)
    raise DeviceError(Reason.BAD_ADDRESS, f"No driver knows {url}: begin it with one of {', '.join(schemes())}.")
