"""``suprema-gsdk://host:4000?trust=/etc/biometric/gateway.crt&device=10.0.0.20``: a terminal behind a G-SDK gateway.

``trust``: a PEM file of the authority of the gateway's certificate. ``device``: the terminal's id, or its address
(``10.0.0.20:51211``) to which the gateway is told to connect; left out where the gateway has one terminal alone.
``score``: the least quality, 1 to 100, that the terminal itself accepts. ``dpi``: of the sensor, 500 where nothing is
said, which is what the maker publishes for its sensors.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import grpc

from device_drivers.addresses import number, without_credentials
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of, now, require_captures
from device_drivers.pictures import DamagedPictureError, decoded
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.suprema import stubs
from device_drivers.suprema.faults import RefusedError, advice_in, fault_of, is_nothing
from device_drivers.suprema.gateway import channel, told

PORT, TERMINAL_PORT, SENSOR_DPI = 4000, 51211, 500.0
GREY = 2
OPEN_SECONDS, IMAGE_SECONDS, PAUSE_SECONDS = 5.0, 10.0, 0.05
CONNECTED = frozenset({stubs.connect.TCP_CONNECTED, stubs.connect.TLS_CONNECTED})
DAMAGED = Retry("The picture came damaged: leave the finger there, the next is being taken.", Advice.DAMAGED)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal that the gateway is connected with. ``id``: the maker's number of it, which is on its label."""

    id: int
    model: str
    firmware: str


class Gateway:
    """The calls of a gateway that a fingerprint takes."""

    def __init__(self, way: grpc.Channel) -> None:
        self._connect = stubs.connect_calls.ConnectStub(way)
        self._device = stubs.device_calls.DeviceStub(way)
        self._finger = stubs.finger_calls.FingerStub(way)

    async def terminal(self, wanted: str, url: str) -> Terminal:
        """The terminal of this id or address, or the only one; connected with where it is not yet.

        DeviceError: NOT_FOUND, UNSUPPORTED for one without a sensor for fingers, BAD_ADDRESS where it is not clear
        which is meant. RefusedError.
        """
        asked = stubs.connect.GetDeviceListRequest()
        listed = await told(self._connect.GetDeviceList, asked, OPEN_SECONDS)
        there = [each for each in listed.deviceInfos if each.status in CONNECTED]
        found = [each.deviceID for each in there if _is_meant(each, wanted)]
        if not found and "." in wanted:
            found = [await self._connected(wanted)]
        if not found:
            raise DeviceError(Reason.NOT_FOUND, f"{url} has no such terminal: connect it with the gateway.")
        if len(found) > 1:
            ids = ", ".join(map(str, found))
            raise DeviceError(Reason.BAD_ADDRESS, f"{url} has several terminals: say device= with one of {ids}.")
        return await self._described(found[0], url)

    async def scan(self, terminal: Terminal, score: int, seconds: float) -> int:
        """Wait for a finger; the quality that the terminal gives it, 0 to 100. RefusedError."""
        asked = stubs.finger.ScanRequest(deviceID=terminal.id, qualityThreshold=score)
        quality: int = (await told(self._finger.Scan, asked, seconds)).qualityScore
        return quality

    async def image(self, terminal: Terminal) -> bytes:
        """The picture of the last scan, a BMP file. RefusedError."""
        asked = stubs.finger.GetImageRequest(deviceID=terminal.id)
        picture: bytes = (await told(self._finger.GetImage, asked, IMAGE_SECONDS)).BMPImage
        return picture

    async def _connected(self, wanted: str) -> int:
        host, _, port = wanted.partition(":")
        info = stubs.connect.ConnectInfo(IPAddr=host, port=int(port or TERMINAL_PORT))
        asked = stubs.connect.ConnectRequest(connectInfo=info)
        number_of: int = (await told(self._connect.Connect, asked, OPEN_SECONDS)).deviceID
        return number_of

    async def _described(self, identity: int, url: str) -> Terminal:
        able = await told(
            self._device.GetCapabilityInfo, stubs.device.GetCapabilityInfoRequest(deviceID=identity), OPEN_SECONDS
        )
        if not able.capInfo.fingerSupported:
            raise DeviceError(Reason.UNSUPPORTED, f"Terminal {identity} of {url} takes no fingerprints: use another.")
        told_of = await told(self._device.GetInfo, stubs.device.GetInfoRequest(deviceID=identity), OPEN_SECONDS)
        return Terminal(identity, told_of.info.modelName, told_of.info.firmwareVersion)


class SupremaSession:
    """A scan, and then the picture of it; another client's scan between the two would take its place."""

    def __init__(self, gateway: Gateway, terminal: Terminal, score: int, info: DeviceInfo) -> None:
        self._gateway, self._terminal, self._score, self._info = gateway, terminal, score, info

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says."""
        require_captures(self._info, request)
        deadline = time.monotonic() + request.timeout
        while True:
            try:
                found = await self._taken(deadline)
            except RefusedError as refused:
                raise fault_of(refused, self._info.url) from None
            if found:
                yield found
            if isinstance(found, Frame):
                deadline = time.monotonic() + request.timeout
            else:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _taken(self, deadline: float) -> Retry | Frame | None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeviceError(Reason.TIMEOUT, f"No finger was put on {self._info.url} in time.")
        try:
            quality = await self._gateway.scan(self._terminal, self._score, left)
        except RefusedError as refused:
            if is_nothing(refused):
                return None
            advice = advice_in(refused)
            if advice:
                return advice
            raise
        moment = now()
        data = await self._gateway.image(self._terminal)
        try:
            pixels = decoded(data).pixels
        except DamagedPictureError:
            return DAMAGED
        settings = (
            Setting("terminal", str(self._terminal.id)),
            Setting("model", self._terminal.model),
            Setting("firmware", self._terminal.firmware),
            Setting("quality", str(quality)),
        )
        return frame_of(
            pixels if pixels.ndim == GREY else pixels[:, :, 0], self._info.dpi, self._info, settings, moment
        )


class SupremaDevice:
    """A terminal at a URL; several programs may use it in turn."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._address = f"{parts.hostname}:{parts.port or PORT}"
        self._trust, self._wanted = said.get("trust", ""), said.get("device", "")
        self._score = int(number(url, "score") or 0)
        shown = without_credentials(url)
        fingers = frozenset({Characteristic.FINGERPRINT})
        self.info = DeviceInfo(shown, "suprema", "G-SDK terminal", shown, fingers, number(url, "dpi") or SENSOR_DPI)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SupremaSession]:
        """Ask the gateway for the terminal.

        DeviceError: NOT_FOUND where no gateway answers or it has no such terminal, PERMISSION where certificates are
        not trusted, BAD_ADDRESS without trust= or where it is not clear which terminal is meant.
        """
        async with channel(self._address, self._trust) as way:
            gateway = Gateway(way)
            try:
                terminal = await gateway.terminal(self._wanted, self.info.url)
            except RefusedError as refused:
                raise self._silent(refused) from None
            yield SupremaSession(gateway, terminal, self._score, self.info)

    def _silent(self, refused: RefusedError) -> DeviceError:
        fault = fault_of(refused, self.info.url)
        if fault.reason not in {Reason.UNPLUGGED, Reason.TIMEOUT}:
            return fault
        return DeviceError(Reason.NOT_FOUND, f"{self.info.url} does not answer ({refused}): check gateway and network.")


def device(url: str) -> SupremaDevice:
    """The terminal at the URL."""
    return SupremaDevice(url)


def _is_meant(listed: SimpleNamespace, wanted: str) -> bool:
    """Whether a listed terminal is the one of this id or address; any is, where nothing is said."""
    names = (str(listed.deviceID), listed.IPAddr, f"{listed.IPAddr}:{listed.port}")
    return not wanted or wanted in names
