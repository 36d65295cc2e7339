"""Devices by URL: the scheme names the family, whose module is imported only when it is asked for.

A third party adds a family with an entry point in the group ``device_drivers.families``: its name is the scheme, its
value a ``Family``.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast
from urllib.parse import urlsplit

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureDevice, DeviceInfo

GROUP = "device_drivers.families"
Opener = Callable[[str], CaptureDevice]
Discoverer = Callable[[], Awaitable[list[DeviceInfo]]]


@dataclass(frozen=True, slots=True)
class Family:
    """Devices that one driver knows.

    ``scheme``: what their URLs begin with. ``module``: has a function ``device`` from a URL to a ``CaptureDevice``.
    ``extra``: of this distribution, which the module needs. ``finder``: a module with a coroutine function
    ``discover``, which tells what is there within a second; "" where such devices cannot be found.
    """

    scheme: str
    module: str
    example: str
    gives: str
    extra: str = ""
    finder: str = ""

    def device(self, url: str) -> CaptureDevice:
        """The device at the URL; DeviceError(UNSUPPORTED) where a library is missing."""
        return cast("Opener", self._imported(self.module, "device"))(url)

    def discoverer(self) -> Discoverer:
        """What finds the devices of this family that are there; DeviceError(UNSUPPORTED) as ``device`` raises."""
        return cast("Discoverer", self._imported(self.finder, "discover"))

    def _imported(self, module: str, name: str) -> object:
        try:
            return getattr(import_module(module), name)
        except ModuleNotFoundError as missing:
            how = f"the extra {self.extra} of biometric-device-drivers" if self.extra else str(missing.name)
            raise DeviceError(Reason.UNSUPPORTED, f"{self.scheme} needs {missing.name}: install {how}.") from None


NETWORK = "device_drivers.camera.network"
FACE = "colour pictures of a face"
FAMILIES: Mapping[str, Family] = {
    family.scheme: family
    for family in (
        Family("folder", "device_drivers.folder.device", "folder:///srv/scans?dpi=500", "the images put into a folder"),
        Family("virtual", "device_drivers.virtual.device", "virtual:///srv/finger.png?dpi=500", "one image for ever"),
        Family(
            "zfm",
            "device_drivers.zfm.device",
            "zfm:///dev/ttyUSB0?baud=115200",
            "grey fingerprints at 500 or 508 dpi",
            finder="device_drivers.zfm.finding",
        ),
        Family(
            "libfprint",
            "device_drivers.libfprint.device",
            "libfprint://uru4000/0",
            "grey fingerprints of USB readers",
            finder="device_drivers.libfprint.finding",
        ),
        Family("rtsp", "device_drivers.rtsp.device", "rtsp://user:password@host/stream", FACE, "rtsp"),
        Family(
            "onvif",
            "device_drivers.onvif.device",
            "onvif://user:password@host/?profile=main",
            FACE,
            "onvif",
            "device_drivers.onvif.finding",
        ),
        Family("v4l2", "device_drivers.v4l2.device", "v4l2:///dev/video0", FACE, finder="device_drivers.v4l2.finding"),
        Family(
            "sbi",
            "device_drivers.sbi.device",
            "sbi://127.0.0.1:4501?trust=/etc/biometric/sbi.pem",
            "signed fingerprints, slaps finger by finger, and faces of MOSIP's devices",
            "sbi",
            "device_drivers.sbi.finding",
        ),
        Family(
            "suprema-gsdk",
            "device_drivers.suprema.device",
            "suprema-gsdk://host:4000?trust=/etc/biometric/gateway.crt&device=10.0.0.20",
            "grey fingerprints of Suprema's terminals",
            "suprema",
        ),
        Family("http+mjpeg", NETWORK, "http+mjpeg://user:password@host/stream", FACE),
        Family("https+mjpeg", NETWORK, "https+mjpeg://user:password@host/stream", FACE),
        Family("http+snapshot", NETWORK, "http+snapshot://user:password@host/picture.jpg", FACE),
        Family("https+snapshot", NETWORK, "https+snapshot://user:password@host/picture.jpg", FACE),
    )
}


def families() -> list[Family]:
    """Every family that a device can be of, our own first; of a third party's that is broken, why."""
    others = (entry.name for entry in entry_points(group=GROUP) if entry.name not in FAMILIES)
    return [*FAMILIES.values(), *map(_listed, others)]


def device(url: str) -> CaptureDevice:
    """The device at the URL, not yet opened; DeviceError(BAD_ADDRESS) for a URL that no family knows."""
    scheme = urlsplit(url).scheme
    return (FAMILIES.get(scheme) or _third_party(scheme)).device(url)


def _listed(scheme: str) -> Family:
    try:
        return _third_party(scheme)
    except DeviceError as broken:
        return Family(scheme, "", f"{scheme}:", broken.message)


def _third_party(scheme: str) -> Family:
    for entry in entry_points(group=GROUP, name=scheme):
        try:
            found = entry.load()
        except Exception as fault:  # noqa: BLE001 (their code)
            raise DeviceError(Reason.UNSUPPORTED, f"The driver {entry.value} is broken ({fault}): mend it.") from None
        if isinstance(found, Family):
            return found
        raise DeviceError(Reason.UNSUPPORTED, f"The entry point {entry.value} is no Family: correct it.")
    known = ", ".join([*FAMILIES, *(entry.name for entry in entry_points(group=GROUP))])
    raise DeviceError(Reason.BAD_ADDRESS, f"No driver knows this URL: begin it with one of {known}.")
