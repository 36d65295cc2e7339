"""``onvif://user:password@host:80/?profile=TOKEN``: the stream of a profile (none: the first), read over RTSP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from aiohttp import ClientError
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFTimeoutError

from device_drivers.addresses import without_credentials
from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import Characteristic, DeviceInfo, Setting
from device_drivers.rtsp.device import RtspSession, streaming
from device_drivers.rtsp.handshake import require_stream

PORT = 80
OPEN_SECONDS = 10.0
OVER_RTSP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
REFUSALS = ("notauthorized", "not authorized", "unauthorized", "authority")


@dataclass(frozen=True, slots=True)
class Found:
    """``stream``: the RTSP URL as the camera says it; ``settings``: the profile, and who made the camera."""

    stream: str
    settings: tuple[Setting, ...]


class OnvifDevice:
    """A camera at an address, which others may look through at the same time."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._profile = parse_qs(self._parts.query).get("profile", [""])[0]
        shown = without_credentials(url)
        self.info = DeviceInfo(shown, "onvif", "IP camera", shown, frozenset({Characteristic.FACE}), None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RtspSession]:
        """Ask the camera for its stream.

        DeviceError: NOT_FOUND where nobody answers or there is no such profile, PERMISSION for user or password,
        PROTOCOL where something else answers than an ONVIF camera.
        """
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                found = await self._found()
        except (TimeoutError, ClientError, OSError, ONVIFTimeoutError):
            raise self._fault(Reason.NOT_FOUND, "does not answer: check cable, power and address") from None
        except DeviceError:
            raise
        except Exception as fault:  # noqa: BLE001 (the SOAP library raises whatever strangers' bytes make it)
            raise self._refused(repr(fault)) from None
        stream = located(found.stream, self._parts)
        await require_stream(stream)
        async with streaming(stream, self.info, found.settings) as session:
            yield session

    async def _found(self) -> Found:
        host, port = self._parts.hostname or "", self._parts.port or PORT
        user, password = unquote(self._parts.username or ""), unquote(self._parts.password or "")
        camera = ONVIFCamera(host, port, user or None, password or None, adjust_time=True)
        try:
            await camera.update_xaddrs()
            management, media = await camera.create_devicemgmt_service(), await camera.create_media_service()
            profile = self._chosen(await media.GetProfiles())
            made = await management.GetDeviceInformation()
            answer = await media.GetStreamUri({"StreamSetup": OVER_RTSP, "ProfileToken": profile})
        finally:
            await camera.close()
        said = (profile, made.Manufacturer, made.Model, made.SerialNumber)
        names = ("profile", "manufacturer", "model", "serial number")
        return Found(
            answer.Uri, tuple(Setting(name, str(each)) for name, each in zip(names, said, strict=True) if each)
        )

    def _chosen(self, profiles: list[Any] | None) -> str:
        tokens = [str(profile.token) for profile in profiles or () if profile.VideoEncoderConfiguration]
        for token in tokens:
            if self._profile in {"", token}:
                return token
        known = ", ".join(tokens) or "none"
        raise self._fault(Reason.NOT_FOUND, f"has no such profile with video (there are: {known}): correct ?profile=")

    def _refused(self, said: str) -> DeviceError:
        if any(word in said.lower() for word in REFUSALS):
            return self._fault(Reason.PERMISSION, "refuses: check user and password, and the camera's clock")
        return self._fault(Reason.PROTOCOL, f"does not speak ONVIF as a camera does ({said[:80]}): check the address")

    def _fault(self, reason: Reason, what: str) -> DeviceError:
        return DeviceError(reason, f"{self.info.url} {what}.")


def device(url: str) -> OnvifDevice:
    """The camera at the URL."""
    return OnvifDevice(url)


def located(stream: str, camera: SplitResult) -> str:
    """The stream on the camera's own host, with the credentials it was asked with.

    Whatever host the camera names: it may know itself by another address, and another host is told no password.
    """
    parts = urlsplit(stream)
    if parts.scheme != "rtsp":
        raise DeviceError(Reason.PROTOCOL, f"The camera offers {parts.scheme or 'nothing'} instead of RTSP: set it up.")
    secret, _, _ = camera.netloc.rpartition("@")
    host = f"[{camera.hostname}]" if ":" in (camera.hostname or "") else camera.hostname
    place = f"{host}:{parts.port}" if parts.port else str(host)
    return parts._replace(netloc=f"{secret}@{place}" if secret else place).geturl()
