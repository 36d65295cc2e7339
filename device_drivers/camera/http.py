"""Devices over HTTP, asynchronously: one question, its status and its body, sent whole, in chunks or without an end."""

import asyncio
import base64
import http.client
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from urllib.parse import SplitResult, unquote, urlsplit

from device_drivers.addresses import without_credentials
from device_drivers.errors import DeviceError, Reason

OPEN_SECONDS = 5.0
MOST_BYTES = 32 * 2**20
FAULTS = {401: Reason.PERMISSION, 403: Reason.PERMISSION, 404: Reason.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a device. ``seconds``: how long the head of its answer is waited for."""

    verb: str = "GET"
    content: bytes = b""
    kind: str = ""
    seconds: float = OPEN_SECONDS


GET = Question()


class Body:
    """What follows the headers. Every reader raises EOFError where the peer ends before, ValueError over 32 MiB."""

    def __init__(self, reader: asyncio.StreamReader, headers: Message) -> None:
        self.headers = headers
        self._reader = reader
        self._chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        self._kept = bytearray()

    async def until(self, mark: bytes) -> bytes:
        """The bytes before the mark; the mark is passed over."""
        searched = 0
        while (at := self._kept.find(mark, searched)) < 0:
            searched = max(0, len(self._kept) - len(mark) + 1)
            await self._more()
        return self._taken(at + len(mark))[:at]

    async def exactly(self, count: int) -> bytes:
        """This many bytes."""
        if not 0 <= count <= MOST_BYTES:
            raise ValueError(f"{count} bytes")
        while len(self._kept) < count:
            await self._more()
        return self._taken(count)

    async def whole(self) -> bytes:
        """All of a body that has an end."""
        length = self.headers.get("Content-Length")
        if length is not None:
            return await self.exactly(int(length))
        with suppress(EOFError):
            while True:
                await self._more()
        return self._taken(len(self._kept))

    def give_back(self, data: bytes) -> None:
        """Let the next reader begin with these bytes."""
        self._kept[:0] = data

    async def _more(self) -> None:
        if len(self._kept) > MOST_BYTES:
            raise ValueError(f"over {MOST_BYTES} bytes")
        read = await (self._chunk() if self._chunked else self._reader.read(2**16))
        if not read:
            raise EOFError
        self._kept += read

    async def _chunk(self) -> bytes:
        size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size > MOST_BYTES:
            raise ValueError(f"{size} bytes")
        return (await self._reader.readexactly(size + 2))[:-2]

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._kept[:count])
        del self._kept[:count]
        return taken


@asynccontextmanager
async def got(url: str, question: Question = GET) -> AsyncIterator[Body]:
    """The answer to a question, for as long as the context lasts.

    DeviceError: NOT_FOUND where nobody answers within five seconds or there is no such page, PERMISSION where the
    device wants other credentials, PROTOCOL for any other answer than 200.
    """
    parts = urlsplit(url)
    reader, writer = await _connected(parts)
    try:
        yield Body(reader, await _accepted(reader, writer, parts, question))
    finally:
        writer.transport.abort()


async def _connected(parts: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = parts.scheme == "https"
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            port = parts.port or (443 if secure else 80)
            return await asyncio.open_connection(parts.hostname, port, ssl=secure or None)
    except (OSError, ValueError):  # a time-out, too, is an OSError
        raise _silence(parts) from None


async def _accepted(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parts: SplitResult, question: Question
) -> Message:
    """The headers of the answer 200."""
    try:
        async with asyncio.timeout(question.seconds):
            writer.write(_asked(parts, question))
            status, headers = await _head(reader)
    except (OSError, EOFError):
        raise _silence(parts) from None
    except (ValueError, IndexError, asyncio.LimitOverrunError, http.client.HTTPException):
        raise DeviceError(
            Reason.PROTOCOL, f"{_shown(parts)} does not speak HTTP as a device does: check the address."
        ) from None
    if status != http.client.OK:
        fault = FAULTS.get(status, Reason.PROTOCOL)
        raise DeviceError(fault, f"{_shown(parts)} answers {status}: check path, user and password.")
    return headers


def _silence(parts: SplitResult) -> DeviceError:
    return DeviceError(Reason.NOT_FOUND, f"No device answers at {_shown(parts)}: check cable, power and address.")


def _shown(parts: SplitResult) -> str:
    return without_credentials(parts.geturl())


def _asked(parts: SplitResult, question: Question) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{question.verb} {target} HTTP/1.0", f"Host: {parts.netloc.rpartition('@')[2]}", "Accept: */*"]
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        lines.append(f"Authorization: Basic {base64.b64encode(secret).decode()}")
    if question.content:
        lines += [f"Content-Type: {question.kind}", f"Content-Length: {len(question.content)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + question.content


async def _head(reader: asyncio.StreamReader) -> tuple[int, Message]:
    first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    return int(first.split()[1]), http.client.parse_headers(io.BytesIO(rest))
