"""The two clients: what they send is the same, how they wait is not."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from biometric_service.client.faults import NoAnswer, ServiceFault
from biometric_service.client.request import Given, Request
from biometric_service.client.retrying import Patience


@dataclass(frozen=True, slots=True)
class Connection:
    """How the service is reached. ``authorities``: PEM of who vouches for it, None for those of the system.

    ``certificate``: the client's own certificate and key, PEM, where it is a device. ``seconds``: for one answer.
    """

    authorities: Path | None = None
    certificate: tuple[Path, Path] | None = None
    seconds: float = 60.0
    patience: Patience = field(default_factory=Patience)

    def context(self) -> ssl.SSLContext:
        """TLS as it is to be spoken."""
        context = ssl.create_default_context(cafile=self.authorities)
        if self.certificate:
            context.load_cert_chain(*self.certificate)
        return context


class Client:
    """For threads; safe in them. ``secret``: an API key or an access token, empty for a device with a certificate."""

    def __init__(self, url: str, secret: str = "", connection: Connection | None = None) -> None:
        known = connection or Connection()
        self._patience = known.patience
        self._http = httpx.Client(
            base_url=url, headers=_headers(secret), verify=known.context(), timeout=known.seconds, trust_env=False
        )

    def __enter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close every connection."""
        self._http.close()

    def ask(self, request: Request[Given]) -> Given:
        """The answer; ServiceFault, NoAnswer."""
        tried = 0
        while True:
            answer, tried = self._sent(request), tried + 1
            pause = self._patience.pause(tried, answer)
            if pause is None:
                return _read(request, answer)
            time.sleep(pause)

    def _sent(self, request: Request[Given]) -> httpx.Response | None:
        try:
            return self._http.send(request.on(self._http))
        except httpx.TransportError:
            return None


class AsyncClient:
    """For asyncio; otherwise as ``Client``."""

    def __init__(self, url: str, secret: str = "", connection: Connection | None = None) -> None:
        known = connection or Connection()
        self._patience = known.patience
        self._http = httpx.AsyncClient(
            base_url=url, headers=_headers(secret), verify=known.context(), timeout=known.seconds, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def ask(self, request: Request[Given]) -> Given:
        """The answer; ServiceFault, NoAnswer."""
        tried = 0
        while True:
            answer, tried = await self._sent(request), tried + 1
            pause = self._patience.pause(tried, answer)
            if pause is None:
                return _read(request, answer)
            await asyncio.sleep(pause)

    async def _sent(self, request: Request[Given]) -> httpx.Response | None:
        try:
            return await self._http.send(request.on(self._http))
        except httpx.TransportError:
            return None


def _read(request: Request[Given], answer: httpx.Response | None) -> Given:
    if answer is None:
        raise NoAnswer("The service could not be reached, or not in time.")
    if not answer.is_success:
        raise ServiceFault(answer)
    return request.read(answer)


def _headers(secret: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {secret}"} if secret else {}
