"""``http+mjpeg://host/stream`` and ``http+snapshot://host/picture.jpg`` (``https+…`` too): cameras on the network.

A stream is motion JPEG (multipart/x-mixed-replace); a snapshot is one picture a request.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPException, parse_headers
from typing import Protocol
from urllib.parse import urlsplit

from device_drivers.addresses import without_credentials
from device_drivers.arrivals import Arrivals
from device_drivers.camera.http import Body, got
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import frame_of, now, require_captures
from device_drivers.pictures import DamagedPictureError, decoded
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting

DAMAGED = Retry("A picture came damaged: stay where you are, the next is being taken.", Advice.DAMAGED)
SNAPSHOT_PAUSE_SECONDS = 0.1


class PictureSource(Protocol):
    """Where the bytes of the next picture come from."""

    async def next(self) -> bytes:
        """A whole image file that the camera sent after this was asked; EOFError or OSError where the camera goes."""


class MjpegStream:
    """The parts of one endless answer, read all the time, so that none waits on the way and grows old."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._arrivals = Arrivals[bytes]()
        boundary = str(body.headers.get_param("boundary") or "").strip("-")
        if not boundary:
            raise DeviceError(Reason.PROTOCOL, "The camera sends no motion JPEG: try http+snapshot:// for one picture.")
        self._boundary = boundary.encode()

    async def next(self) -> bytes:
        """The next part that comes, whole."""
        return await self._arrivals.next()

    async def read_on(self) -> None:
        """Read until the stream ends or this is cancelled."""
        try:
            while True:
                self._arrivals.put(await self._part())
        except Exception as fault:  # noqa: BLE001 (whoever waits is told)
            self._arrivals.end(fault)

    async def _part(self) -> bytes:
        while self._boundary not in await self._body.until(b"\n"):
            pass
        length = parse_headers(io.BytesIO(await self._part_head())).get("Content-Length")
        if length is not None:
            return await self._body.exactly(int(length))
        data = (await self._body.until(b"--" + self._boundary)).rstrip(b"-\r\n")  # no JPEG ends in these
        self._body.give_back(b"--" + self._boundary)
        return data

    async def _part_head(self) -> bytes:
        head = b""
        while (line := await self._body.until(b"\n")).strip():
            head += line + b"\n"
        return head + b"\n"


class Snapshots:
    """A request for each picture."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def next(self) -> bytes:
        """The picture as it is now, not oftener than ten times a second."""
        await asyncio.sleep(SNAPSHOT_PAUSE_SECONDS)
        try:
            async with got(self._url) as body:
                return await body.whole()
        except DeviceError as fault:
            if fault.reason is Reason.NOT_FOUND:  # it was there when it was opened
                raise EOFError from None
            raise


class NetworkCameraSession:
    """Pictures as they come over the network."""

    def __init__(self, source: PictureSource, info: DeviceInfo) -> None:
        self._source = source
        self._info = info
        self._settings = (Setting("transport", info.model),)

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says."""
        require_captures(self._info, request)
        while True:
            data = await self._next(request.timeout)
            moment = now()
            try:
                picture = await asyncio.to_thread(decoded, data)
            except DamagedPictureError:
                yield DAMAGED
            else:
                yield frame_of(picture.pixels, None, self._info, self._settings, moment)

    async def _next(self, timeout: float) -> bytes:  # noqa: ASYNC109 (one place for what each fault means)
        try:
            async with asyncio.timeout(timeout):
                return await self._source.next()
        except TimeoutError:
            raise self._fault(Reason.TIMEOUT, "sent no picture in time: check the camera") from None
        except (EOFError, OSError):
            raise self._fault(Reason.UNPLUGGED, "sends no more pictures: check cable and power") from None
        except (ValueError, asyncio.LimitOverrunError, HTTPException) as fault:
            raise self._fault(Reason.PROTOCOL, f"sends what is no stream of pictures ({fault})") from None

    def _fault(self, reason: Reason, what: str) -> DeviceError:
        return DeviceError(reason, f"{self._info.url} {what}.")


class NetworkCamera:
    """A camera at a URL, which others may look through at the same time."""

    def __init__(self, url: str) -> None:
        scheme, _, self._kind = urlsplit(url).scheme.partition("+")
        self._address = urlsplit(url)._replace(scheme=scheme).geturl()
        shown = without_credentials(url)
        self.info = DeviceInfo(
            shown, "camera", f"{self._kind} over {scheme}", shown, frozenset({Characteristic.FACE}), None
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[NetworkCameraSession]:
        """Ask for the pictures; DeviceError as ``camera.http.got`` raises."""
        async with got(self._address) as body:
            if self._kind == "mjpeg":
                async with read(MjpegStream(body)) as stream:
                    yield NetworkCameraSession(stream, self.info)
                return
        yield NetworkCameraSession(Snapshots(self._address), self.info)


def device(url: str) -> NetworkCamera:
    """The camera at the URL."""
    return NetworkCamera(url)


@asynccontextmanager
async def read(stream: MjpegStream) -> AsyncIterator[MjpegStream]:
    """The stream, read on for as long as the context lasts."""
    reading = asyncio.create_task(stream.read_on())
    try:
        yield stream
    finally:
        reading.cancel()
        await asyncio.wait({reading})
