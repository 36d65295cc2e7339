"""The server that terminals push to: each post is acknowledged once its events are kept, or is sent again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from zoneinfo import ZoneInfo

from device_drivers.listening import Answer, Asked, listening
from device_drivers.zkteco.events import Event, read

KEEP_SECONDS = 30.0
OPTIONS = """GET OPTION FROM: {serial}
ATTLOGStamp=None
OPERLOGStamp=9999
ErrorDelay=30
Delay=10
TransInterval=1
TransFlag=TransData AttLog
Realtime=1
Encrypt=None
"""
Keep = Callable[[Sequence[Event]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Terminals:
    """Who may push. ``serials``: of the terminals; ``zone``: that their clocks are set to."""

    serials: frozenset[str]
    zone: ZoneInfo


@asynccontextmanager
async def receiving(host: str, port: int, terminals: Terminals, keep: Keep) -> AsyncIterator[int]:
    """Listen for as long as the context lasts; the port, which is chosen where 0 is given.

    ``keep``: is awaited with the events of a post before it is acknowledged; where it raises, the terminal is told to
    send them again, so it may see an event twice and tells by its ``id``. DeviceError(BUSY) where the port is taken.
    """
    async with listening(host, port, _Receiver(terminals, keep).answer) as taken:
        yield taken


class _Receiver:
    def __init__(self, terminals: Terminals, keep: Keep) -> None:
        self._terminals = terminals
        self._keep = keep

    async def answer(self, asked: Asked) -> Answer:
        serial = asked.said.get("SN", "")
        if serial not in self._terminals.serials:
            return _answer("This terminal is not registered here.", HTTPStatus.FORBIDDEN)
        if asked.verb == "GET" and asked.path == "/iclock/cdata":
            return _answer(OPTIONS.format(serial=serial))
        if asked.verb == "POST" and asked.path == "/iclock/cdata" and asked.said.get("table") == "ATTLOG":
            return await self._kept(serial, asked.body.decode("utf-8", "replace"))
        return _answer("OK")  # it asks for commands, of which there are none, or tells of itself

    async def _kept(self, serial: str, lines: str) -> Answer:
        events = list(read(serial, lines, self._terminals.zone))
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await self._keep(events)
        except Exception:  # noqa: BLE001 (whatever went wrong, the terminal is to send them again)
            return _answer("Not kept: send again.", HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(f"OK: {len(events)}")


def _answer(text: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(text.encode(), status)
