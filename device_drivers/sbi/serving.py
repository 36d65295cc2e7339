"""A service of MOSIP's Secure Biometric Interface that offers our own devices to other software on this machine.

Spoken as the specification's version 0.9.5 words it for the purpose ``Registration``: MOSIPDISC, MOSIPDINFO, RCAPTURE
and STREAM. CAPTURE is for devices that are registered for ``Auth``, which seal what they send inside their own
hardware; it is refused here.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import numpy as np

from device_drivers.errors import DeviceError
from device_drivers.listening import Answer, Asked, listening
from device_drivers.protocol import Characteristic, Frame
from device_drivers.registry import device
from device_drivers.sbi import telling, wire
from device_drivers.sbi.claims import Claims
from device_drivers.sbi.commissions import RefusedError, characteristic_of, commissioned, offered_as
from device_drivers.sbi.keys import SigningKey
from device_drivers.sbi.offering import Assess, Offered, said_quality
from device_drivers.sbi.telling import Teller, error, jpeg

HOST, PORTS = "127.0.0.1", range(4501, 4601)
BOUNDARY, LONGEST_STREAM = "BoundaryString", 3_600_000
UNKEPT = {"Cache-Control": "no-store"}
NOTHING = np.full((240, 320), 128, np.uint8)
"""What is shown while there is nothing to see: nobody's picture stays on a screen."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered to whom. ``origins``: of the web pages that may ask, such as ``https://enrol.example``.

    ``environment``: of the deployment that the devices are registered with.
    """

    devices: Sequence[Offered]
    key: SigningKey
    environment: str = "Staging"
    origins: frozenset[str] = frozenset()


def offers(urls: Sequence[str], assess: Assess = said_quality) -> list[Offered]:
    """The devices at the URLs, one for each kind of picture that each gives; DeviceError for a URL that is none."""
    found = [device(url) for url in urls]
    return [Offered(each, kind, assess) for each in found for kind in sorted(each.info.captures)]


@asynccontextmanager
async def serving(offer: Offer, host: str = HOST, ports: Sequence[int] = PORTS) -> AsyncIterator[str]:
    """Listen for as long as the context lasts, on the first port that is free; the address.

    DeviceError(BUSY) where none is.
    """
    service = _Service(offer)
    async with AsyncExitStack() as stack:
        port = await _first_free(stack, service, host, ports)
        service.teller = Teller(offer.key, offer.environment, f"http://{host}:{port}/")
        yield f"{host}:{port}"


async def _first_free(stack: AsyncExitStack, service: "_Service", host: str, ports: Sequence[int]) -> int:
    for port in ports[:-1]:
        with suppress(DeviceError):
            return await stack.enter_async_context(listening(host, port, service.answer))
    return await stack.enter_async_context(listening(host, ports[-1], service.answer))


class _Service:
    teller: Teller

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._verbs: Mapping[tuple[str, str], Callable[[Claims], Awaitable[Answer]]] = {
            ("MOSIPDISC", "/device"): self._discover,
            ("MOSIPDINFO", "/info"): self._inform,
            ("RCAPTURE", "/capture"): self._capture,
            ("CAPTURE", "/capture"): self._refuse,
            ("STREAM", "/stream"): self._stream,
        }

    async def answer(self, asked: Asked) -> Answer:
        """The answer to one question; other web pages, and names that lead here by a trick of DNS, get none."""
        origin = asked.headers.get("origin", "")
        if not _is_address(asked.headers.get("host", "")) or (origin and origin not in self._offer.origins):
            return Answer(b"Not from here.", HTTPStatus.FORBIDDEN)
        answer = await self._answered(asked)
        return replace(answer, headers={**answer.headers, **_allowing(origin)})

    async def _answered(self, asked: Asked) -> Answer:
        if asked.verb == "OPTIONS":
            return Answer(b"", HTTPStatus.NO_CONTENT)
        do = self._verbs.get((asked.verb, asked.path))
        if do is None:
            return Answer(b"There is nothing here.", HTTPStatus.NOT_FOUND)
        try:
            return await do(Claims(json.loads(asked.body or b"{}")))
        except (ValueError, RecursionError) as fault:
            return _told({"error": error(telling.MALFORMED, f"This is no question of SBI: {fault}.")})

    async def _discover(self, asked: Claims) -> Answer:
        kind = asked.text("type", wire.ANY_TYPE)
        wanted = set(Characteristic) if kind == wire.ANY_TYPE else {characteristic_of(kind)}
        found = [each for each in self._offer.devices if each.characteristic in wanted]
        return _told([self.teller.discovered(each) for each in found])

    async def _inform(self, _: Claims) -> Answer:
        return _told(await asyncio.to_thread(lambda: [self.teller.info(each) for each in self._offer.devices]))

    async def _refuse(self, _: Claims) -> Answer:
        refused = error(telling.OTHER_PURPOSE, "These devices are for registration: ask with RCAPTURE.")
        return _told({"biometrics": [telling.refused(refused)]})

    async def _capture(self, asked: Claims) -> Answer:
        try:
            commission = commissioned(asked, self._offer.devices, self._offer.environment)
            taken = await commission.offered.taken(commission.wanted)
            told = await asyncio.to_thread(self.teller.captured, commission.offered, taken, commission.question)
        except RefusedError as refused:
            told = [telling.refused(refused.error)]
        except ValueError as fault:
            told = [telling.refused(error(telling.MALFORMED, f"This is no question of SBI: {fault}."))]
        except DeviceError as fault:
            told = [telling.refused(telling.error_of(fault))]
        return _told({"biometrics": told})

    async def _stream(self, asked: Claims) -> Answer:
        milliseconds = min(int(asked.text("timeout", "") or LONGEST_STREAM), LONGEST_STREAM)
        try:
            parts = _parts(offered_as(asked.text("deviceId", ""), None, self._offer.devices), milliseconds / 1000)
            opening = await anext(parts)
        except RefusedError as refused:
            return _told({"error": refused.error})
        except DeviceError as fault:
            return _told({"error": telling.error_of(fault)})
        return Answer(opening, kind=f"multipart/x-mixed-replace; boundary={BOUNDARY}", headers=UNKEPT, stream=parts)


async def _parts(offered: Offered, seconds: float) -> AsyncGenerator[bytes, None]:
    """The pictures as parts, after nothing at all once the device is known to be there."""
    until = time.monotonic() + seconds
    async with aclosing(offered.shown()) as pictures:
        first = await anext(pictures)
        yield b""
        yield await asyncio.to_thread(_part, first)
        with suppress(DeviceError):
            async for picture in pictures:
                yield await asyncio.to_thread(_part, picture)
                if time.monotonic() > until:
                    return


def _part(picture: Frame | None) -> bytes:
    data = jpeg(picture.pixels if picture else NOTHING)
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + b"\r\n"


def _told(said: object) -> Answer:
    return Answer(json.dumps(said).encode(), kind="application/json", headers=UNKEPT)


def _allowing(origin: str) -> dict[str, str]:
    """What a web page that may ask needs to be told (CORS)."""
    if not origin:
        return {}
    verbs = "MOSIPDISC, MOSIPDINFO, RCAPTURE, CAPTURE, STREAM"
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": verbs,
        "Access-Control-Allow-Headers": "Content-Type",
        "Vary": "Origin",
    }


def _is_address(host: str) -> bool:
    """Whether a client asked for an address, not for a name, which whoever owns the name could let lead here."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return name == "localhost"
    return True
