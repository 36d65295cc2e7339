"""Connections as uvicorn serves them, with what it leaves out: the client's certificate, and an end to waiting.

uvicorn does not fill in the TLS extension of ASGI, and waits for a request's headers for ever.
"""

import asyncio
import ssl
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from biometric_service.api.access.certificates import CHAIN, EXTENSION
from biometric_service.api.errors import problem_response
from biometric_service.api.operations.event_tail import DRAINS
from biometric_service.errors import BiometricServiceError, ErrorCode

HEADER_SECONDS = 15.0
MOST = 1000
"""Connections of one process; what comes on more is refused."""
FULL = BiometricServiceError(
    ErrorCode.RATE_LIMITED,
    "The service holds as many connections as it can.",
    "Try again shortly, on a connection that you keep.",
)


class Connection(HttpToolsProtocol):
    """Puts the client's certificate into every request's scope; closes what says nothing for too long.

    An answer that goes on for long finds in its scope an event that is set once the server drains.
    """

    _drains: asyncio.Event
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection whose TLS handshake is done."""
        super().connection_made(transport)
        self._drains = asyncio.Event()
        self.access_log = False  # it would tell paths and queries, which name people; the envelope logs routes
        self._waiting = self.loop.call_later(HEADER_SECONDS, transport.close)
        connected: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = connected.getpeercert(binary_form=True) if connected else None
        if certificate:
            self.app = _WithCertificate(self.app, ssl.DER_cert_to_PEM_cert(certificate))

    def on_message_begin(self) -> None:
        """A request begins: its headers have so much time."""
        super().on_message_begin()
        self._stop_waiting()
        self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def on_headers_complete(self) -> None:
        """The headers are there; from here on the application keeps the time."""
        self._stop_waiting()
        if len(self.connections) > MOST:
            self.app = problem_response(FULL, HTTPStatus.SERVICE_UNAVAILABLE)
            self.app.headers["Connection"] = "close"
        super().on_headers_complete()
        self.scope.setdefault("extensions", {})[DRAINS] = self._drains  # type: ignore[assignment]

    def shutdown(self) -> None:
        """The server drains: an answer that would go on for ever is told to end."""
        self._drains.set()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()


class _WithCertificate:
    """The application, told the client's certificate as the TLS extension of ASGI has it."""

    def __init__(self, app: ASGIApp, certificate: str) -> None:
        self._app = app
        self._certificate = certificate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        known: dict[str, Any] = scope.setdefault("extensions", {})
        known[EXTENSION] = {CHAIN: [self._certificate]}
        await self._app(scope, receive, send)
