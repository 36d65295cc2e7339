"""What an RTSP camera says of its stream before any of it is read: FFmpeg tells only that it could not open it."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, unquote, urlsplit

from device_drivers.addresses import without_credentials
from device_drivers.errors import DeviceError, Reason

PORT = 554
OPEN_SECONDS = 5.0
MOST_BYTES = 2**16
QUOTED = re.compile(r'(\w+)="?([^",]*)"?')


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the headers by their name in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def require_stream(url: str) -> None:
    """Return where the camera describes a video stream.

    DeviceError: NOT_FOUND where nobody answers within five seconds or there is no such stream, PERMISSION where user
    and password are wrong, PROTOCOL for anything else.
    """
    parts = urlsplit(url)
    shown = without_credentials(url)
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            answer = await _described(parts)
    except (OSError, EOFError):  # a time-out, too, is an OSError
        raise DeviceError(Reason.NOT_FOUND, f"No camera answers at {shown}: check cable, power and address.") from None
    except (ValueError, IndexError, asyncio.LimitOverrunError):
        raise DeviceError(Reason.PROTOCOL, f"{shown} does not speak RTSP: check the address.") from None
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise DeviceError(Reason.PERMISSION, f"{shown} wants other credentials: check user and password.")
    if answer.status != HTTPStatus.OK:
        reason = Reason.NOT_FOUND if answer.status == HTTPStatus.NOT_FOUND else Reason.PROTOCOL
        raise DeviceError(reason, f"{shown} answers {answer.status}: check the path of the stream.")
    if b"m=video" not in answer.body:
        raise DeviceError(Reason.PROTOCOL, f"{shown} streams no video: check the path of the stream.")


async def _described(parts: SplitResult) -> Answer:
    """The answer to DESCRIBE, with credentials where they are asked for and there are some."""
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or PORT, limit=MOST_BYTES)
    try:
        target = without_credentials(parts.geturl())
        writer.write(_question(target, 1))
        answer = await _answer(reader)
        if answer.status == HTTPStatus.UNAUTHORIZED and parts.username is not None:
            secret = (unquote(parts.username), unquote(parts.password or ""))
            writer.write(_question(target, 2, authorization(answer.headers["www-authenticate"], secret, target)))
            answer = await _answer(reader)
    except KeyError as missing:
        raise ValueError(str(missing)) from None
    finally:
        writer.transport.abort()
    return answer


def authorization(challenge: str, secret: tuple[str, str], target: str) -> str:
    """The header that meets the challenge: Digest as RFC 2617 has it for RTSP, or Basic."""
    user, password = secret
    scheme, _, fields = challenge.partition(" ")
    if scheme.lower() == "basic":
        return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    given = dict(QUOTED.findall(fields))
    realm, nonce = given["realm"], given["nonce"]
    response = _md5(f"{_md5(f'{user}:{realm}:{password}')}:{nonce}:{_md5(f'DESCRIBE:{target}')}")
    return f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{target}", response="{response}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # the protocol knows no other


def _question(target: str, number: int, authorized: str = "") -> bytes:
    lines = [f"DESCRIBE {target} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp"]
    if authorized:
        lines.append(f"Authorization: {authorized}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in head[1:] if line]
    headers: dict[str, str] = {}
    for name, _, value in pairs:
        headers.setdefault(name.strip().lower(), value.strip())
    size = int(headers.get("content-length", "0"))
    if not 0 <= size <= MOST_BYTES or not head[0].startswith("RTSP/"):
        raise ValueError("no RTSP")
    return Answer(int(head[0].split()[1]), headers, await reader.readexactly(size))
