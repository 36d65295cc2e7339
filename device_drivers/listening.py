"""A small HTTP server for those whom devices talk to: one question a connection, bounded in bytes and in time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from device_drivers.errors import DeviceError, Reason

SECONDS, MOST_HEAD, MOST_BODY, MOST_CONNECTIONS = 30.0, 2**14, 2**20, 100


@dataclass(frozen=True, slots=True)
class Asked:
    """``said``: the first value of each name in the URL's query. ``headers``: by their names in lower case."""

    verb: str
    path: str
    said: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """``stream``: what follows ``content`` for as long as somebody listens; without it the answer has an end."""

    content: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncGenerator[bytes, None] | None = None

    def head(self) -> bytes:
        """What goes before the content."""
        size = {} if self.stream else {"Content-Length": str(len(self.content))}
        headers = {"Content-Type": self.kind, "Connection": "close", **size, **self.headers}
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


NO_QUESTION = Answer(b"This is no question that is understood here.", HTTPStatus.BAD_REQUEST)
FULL = Answer(b"Too many ask at once: ask again.", HTTPStatus.SERVICE_UNAVAILABLE)
Answering = Callable[[Asked], Awaitable[Answer]]


@asynccontextmanager
async def listening(host: str, port: int, answering: Answering) -> AsyncIterator[int]:
    """Listen for as long as the context lasts; the port, which is chosen where 0 is given.

    ``answering`` is cancelled where the asker goes away before it is done. DeviceError(BUSY) where the port is taken.
    """
    running: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        running.add(task)
        try:
            await _answer(reader, writer, answering if len(running) <= MOST_CONNECTIONS else _full)
        except asyncio.CancelledError:
            pass  # by the end below, which waits for it
        finally:
            running.discard(task)

    try:
        server = await asyncio.start_server(answer, host, port, limit=MOST_HEAD)
    except OSError as fault:
        raise DeviceError(Reason.BUSY, f"{host}:{port} cannot be listened on ({fault}): give another.") from None
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in running:
            task.cancel()
        await asyncio.gather(*running)


async def _full(_: Asked) -> Answer:
    return FULL


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: Answering) -> None:
    """Answer one question and close; an asker that goes away, or says nothing in time, gets no answer."""
    try:
        await _tell(writer, await _answered(reader, answering))
    except (OSError, EOFError):  # a time-out, too, is an OSError
        pass
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answered(reader: asyncio.StreamReader, answering: Answering) -> Answer:
    try:
        async with asyncio.timeout(SECONDS):
            asked = await _asked(reader)
    except (ValueError, IndexError, asyncio.LimitOverrunError):
        return NO_QUESTION
    working, going = asyncio.ensure_future(answering(asked)), asyncio.ensure_future(_gone(reader))
    try:
        await asyncio.wait({working, going}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise EOFError
        return working.result()
    finally:
        working.cancel()
        going.cancel()
        await asyncio.wait({working, going})


async def _gone(reader: asyncio.StreamReader) -> None:
    """Until the asker closes; what it says after its question is passed over."""
    with suppress(OSError):
        while await reader.read(MOST_HEAD):
            pass


async def _tell(writer: asyncio.StreamWriter, answer: Answer) -> None:
    async with aclosing(answer.stream or _nothing()) as parts:
        await _send(writer, answer.head() + answer.content)
        async for part in parts:
            await _send(writer, part)


async def _nothing() -> AsyncGenerator[bytes, None]:
    nothing: tuple[bytes, ...] = ()
    for part in nothing:
        yield part


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    async with asyncio.timeout(SECONDS):
        writer.write(data)
        await writer.drain()


async def _asked(reader: asyncio.StreamReader) -> Asked:
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    verb, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    size = int(headers.get("content-length", "0"))
    if not 0 <= size <= MOST_BODY:
        raise ValueError(f"{size} bytes")
    parts = urlsplit(target)
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Asked(verb, parts.path, said, headers, await reader.readexactly(size))
