"""What wraps every request: its id, the limit on its size, its line in the log, and the headers of its answer."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from biometric_service.api import languages, request_ids
from biometric_service.api.errors import problem_response, unexpected
from biometric_service.api.telemetry.logs import FACTS
from biometric_service.api.telemetry.metrics import Metrics
from biometric_service.api.telemetry.telemetry import Telemetry
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

_METHODS = {each: each for each in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")}
_LENGTH = re.compile(r"[0-9]{1,18}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may be: its body in bytes, and the seconds that it may take to arrive."""

    max_bytes: int
    upload_seconds: float


class Envelope:
    """ASGI middleware round the whole application.

    ``limits``: how large a body it lets in and how long one may take to arrive. ``telemetry``: told of every request.
    """

    def __init__(self, app: ASGIApp, limits: Limits, telemetry: Telemetry) -> None:
        self._app = app
        self._limits = limits
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong, the caller gets a typed answer and the log the trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._limits)
        try:
            with self._telemetry.tracer.span("request", {"method": scope["method"]}, dict(exchange.headers)):
                await self._serve(exchange)
                self._telemetry.tracer.note({"route": exchange.route, "status": str(exchange.status)})
        finally:
            exchange.report(self._telemetry.metrics)

    async def _serve(self, exchange: "_Exchange") -> None:
        if exchange.announced() > self._limits.max_bytes:
            await problem_response(exchange.too_large())(exchange.scope, exchange.receive, exchange.send)
            return
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as fault:
            if exchange.status:
                raise
            await unexpected(fault, exchange.scope)(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request with its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.scope = scope
        self.status = 0
        self._receive = receive
        self._send = send
        self._limits = limits
        self._received = 0
        self._arrived = False
        self._began = time.perf_counter()
        self.headers = Headers(scope=scope)
        self._id = request_ids.begin(self.headers.get(request_ids.HEADER, ""))
        languages.begin(HTTPConnection(scope))

    @property
    def route(self) -> str:
        """Which operation was asked for, ``-`` where there is none."""
        return getattr(self.scope.get("route"), "path", "-")

    def announced(self) -> int:
        """The length of the body as its header says, 0 where it says nothing sensible."""
        given = self.headers.get("content-length", "")
        return int(given) if _LENGTH.fullmatch(given) else 0

    def too_large(self) -> BiometricServiceError:
        """The fault of a body beyond the limit."""
        return BiometricServiceError(
            ErrorCode.REQUEST_TOO_LARGE,
            f"The request is larger than {self._limits.max_bytes} bytes.",
            "Send fewer or smaller images.",
        )

    async def receive(self) -> Message:
        """The next part of the request; REQUEST_TOO_LARGE and TIMED_OUT beyond the limits."""
        message = await self._receive() if self._arrived else await self._next_part()
        self._arrived = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._limits.max_bytes:
            raise self.too_large()
        return message

    async def _next_part(self) -> Message:
        left = self._limits.upload_seconds - (time.perf_counter() - self._began)
        try:
            return await asyncio.wait_for(self._receive(), max(left, 0.0))
        except TimeoutError:
            raise BiometricServiceError(
                ErrorCode.TIMED_OUT,
                f"The request did not arrive within {self._limits.upload_seconds:g} s.",
                "Send it over a faster connection, or fewer images at a time.",
            ) from None

    async def send(self, message: Message) -> None:
        """Send a part of the answer; its headers get what every answer has, where they do not say otherwise."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[request_ids.HEADER] = self._id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def report(self, metrics: Metrics) -> None:
        """One line for the request: its route, never its path, query or body, which may name a person."""
        route = self.route
        seconds = time.perf_counter() - self._began
        metrics.requests.labels(_METHODS.get(self.scope["method"], "other"), route, self.status).inc()
        metrics.request_seconds.labels(route).observe(seconds)
        facts = {
            "method": self.scope["method"],
            "route": route,
            "status": self.status,
            "milliseconds": round(seconds * 1000, 1),
        }
        log.info("%s %s %d %.0f ms", facts["method"], route, self.status, seconds * 1000, extra={FACTS: facts})
