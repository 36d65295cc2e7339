"""What wraps every request: its id, the limit on its size, its line in the log, and the headers of its answer."""

import logging
import re
import time
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from biometric_service.api import request_ids
from biometric_service.api.errors import problem_response, unexpected
from biometric_service.errors import BiometricServiceError, ErrorCode

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}

_LENGTH = re.compile(r"[0-9]{1,18}")

log = logging.getLogger(__name__)


class Envelope:
    """ASGI middleware round the whole application; ``max_bytes`` is the largest body it lets in."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong, the caller gets a typed answer and the log the trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._max_bytes)
        try:
            await self._serve(exchange)
        finally:
            exchange.log()

    async def _serve(self, exchange: "_Exchange") -> None:
        if exchange.announced() > self._max_bytes:
            await problem_response(exchange.too_large())(exchange.scope, exchange.receive, exchange.send)
            return
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as fault:
            if exchange.status:
                raise
            await unexpected(fault)(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request with its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_bytes: int) -> None:
        self.scope = scope
        self.status = 0
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._received = 0
        self._began = time.perf_counter()
        self._headers = Headers(scope=scope)
        self._id = request_ids.begin(self._headers.get(request_ids.HEADER, ""))

    def announced(self) -> int:
        """The length of the body as its header says, 0 where it says nothing sensible."""
        given = self._headers.get("content-length", "")
        return int(given) if _LENGTH.fullmatch(given) else 0

    def too_large(self) -> BiometricServiceError:
        """The fault of a body beyond the limit."""
        return BiometricServiceError(
            ErrorCode.REQUEST_TOO_LARGE,
            f"The request is larger than {self._max_bytes} bytes.",
            "Send fewer or smaller images.",
        )

    async def receive(self) -> Message:
        """The next part of the request; REQUEST_TOO_LARGE beyond the limit."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._max_bytes:
            raise self.too_large()
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer; its headers get what every answer has, where they do not say otherwise."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[request_ids.HEADER] = self._id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def log(self) -> None:
        """One line for the request: its route, never its path, query or body, which may name a person."""
        route = getattr(self.scope.get("route"), "path", "-")
        milliseconds = (time.perf_counter() - self._began) * 1000
        log.info("%s %s %d %.0f ms", self.scope["method"], route, self.status, milliseconds)
