"""Devices by URL: the scheme names the family, whose module is imported only when it is asked for.

A third party adds a family with an entry point in the group ``device_drivers``: its name is the scheme, its value a
function from a URL to a ``CaptureDevice``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast
from urllib.parse import urlsplit

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureDevice

Opener = Callable[[str], CaptureDevice]


@dataclass(frozen=True, slots=True)
class Family:
    """Devices that one driver knows. ``scheme``: what their URLs begin with. ``module``: "" for an entry point."""

    scheme: str
    module: str
    example: str
    gives: str


CAMERA, NETWORK = "device_drivers.camera.device", "device_drivers.camera.network"
FACE = "colour pictures of a face"
FAMILIES: Mapping[str, Family] = {
    family.scheme: family
    for family in (
        Family("folder", "device_drivers.folder.device", "folder:///srv/scans?dpi=500", "the images put into a folder"),
        Family(
            "zfm", "device_drivers.zfm.device", "zfm:///dev/ttyUSB0?baud=57600", "grey fingerprints at 500 or 508 dpi"
        ),
        Family("v4l2", CAMERA, "v4l2:///dev/video0", FACE),
        Family("rtsp", CAMERA, "rtsp://user:password@host/stream", FACE),
        Family("http+mjpeg", NETWORK, "http+mjpeg://user:password@host/stream", FACE),
        Family("https+mjpeg", NETWORK, "https+mjpeg://user:password@host/stream", FACE),
        Family("http+snapshot", NETWORK, "http+snapshot://user:password@host/picture.jpg", FACE),
        Family("https+snapshot", NETWORK, "https+snapshot://user:password@host/picture.jpg", FACE),
    )
}


def families() -> list[Family]:
    """Every family that a device can be of, our own first."""
    others = (entry for entry in entry_points(group="device_drivers") if entry.name not in FAMILIES)
    return [
        *FAMILIES.values(),
        *(Family(entry.name, "", f"{entry.name}:", f"as {entry.value} says") for entry in others),
    ]


def device(url: str) -> CaptureDevice:
    """The device at the URL, not yet opened; DeviceError(BAD_ADDRESS) for a URL that no family knows."""
    scheme = urlsplit(url).scheme
    if scheme in FAMILIES:
        return cast("Opener", import_module(FAMILIES[scheme].module).device)(url)
    for entry in entry_points(group="device_drivers", name=scheme):
        return cast("Opener", entry.load())(url)
    known = ", ".join(family.scheme for family in families())
    raise DeviceError(Reason.BAD_ADDRESS, f"No driver knows this URL: begin it with one of {known}.")
