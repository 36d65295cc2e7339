"""The server that terminals push to: each post is acknowledged once its events are kept, or is sent again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from device_drivers.errors import DeviceError, Reason
from device_drivers.zkteco.events import Event, read

SECONDS, MOST_HEAD, MOST_BODY = 30.0, 2**14, 2**20
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


@dataclass(frozen=True, slots=True)
class _Asked:
    verb: str
    path: str
    serial: str
    table: str
    body: str


@asynccontextmanager
async def receiving(host: str, port: int, terminals: Terminals, keep: Keep) -> AsyncIterator[int]:
    """Listen for as long as the context lasts; the port, which is chosen where 0 is given.

    ``keep``: is awaited with the events of a post before it is acknowledged; where it raises, the terminal is told to
    send them again, so it may see an event twice and tells by its ``id``. DeviceError(BUSY) where the port is taken.
    """
    receiver = _Receiver(terminals, keep)
    try:
        server = await asyncio.start_server(receiver.answer, host, port, limit=MOST_HEAD)
    except OSError as fault:
        raise DeviceError(Reason.BUSY, f"{host}:{port} cannot be listened on ({fault}): give another.") from None
    async with server:
        yield server.sockets[0].getsockname()[1]


class _Receiver:
    def __init__(self, terminals: Terminals, keep: Keep) -> None:
        self._terminals = terminals
        self._keep = keep

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question and close."""
        try:
            async with asyncio.timeout(SECONDS):
                status, text = await self._answered(reader)
                writer.write(_response(status, text))
                await writer.drain()
        except (OSError, EOFError):  # a terminal that goes away sends again; a time-out, too, is an OSError
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answered(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, str]:
        try:
            asked = await _asked(reader)
        except (ValueError, IndexError, asyncio.LimitOverrunError):
            return HTTPStatus.BAD_REQUEST, "This is not what a terminal asks."
        if asked.serial not in self._terminals.serials:
            return HTTPStatus.FORBIDDEN, "This terminal is not registered here."
        if asked.verb == "GET" and asked.path == "/iclock/cdata":
            return HTTPStatus.OK, OPTIONS.format(serial=asked.serial)
        if asked.verb == "POST" and asked.path == "/iclock/cdata" and asked.table == "ATTLOG":
            return await self._kept(asked)
        return HTTPStatus.OK, "OK"  # it asks for commands, of which there are none, or tells of itself

    async def _kept(self, asked: _Asked) -> tuple[HTTPStatus, str]:
        events = list(read(asked.serial, asked.body, self._terminals.zone))
        try:
            await self._keep(events)
        except Exception:  # noqa: BLE001 (whatever went wrong, the terminal is to send them again)
            return HTTPStatus.SERVICE_UNAVAILABLE, "Not kept: send again."
        return HTTPStatus.OK, f"OK: {len(events)}"


async def _asked(reader: asyncio.StreamReader) -> _Asked:
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    verb, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    size = int(headers.get("content-length", "0"))
    if not 0 <= size <= MOST_BODY:
        raise ValueError(f"{size} bytes")
    body = (await reader.readexactly(size)).decode("utf-8", "replace")
    parts = urlsplit(target)
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return _Asked(verb, parts.path, said.get("SN", ""), said.get("table", ""), body)


def _response(status: HTTPStatus, text: str) -> bytes:
    data = text.encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(data)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + data
