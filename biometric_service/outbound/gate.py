"""Asking one URL: its name is resolved once and the connection pinned to that address; no redirect is followed."""

import math
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Event, Timer
from types import MappingProxyType

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.outbound.rules import Origin, OutboundRules, refused

OK = 200
USER_AGENT = "biometric-service"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``content_type`` without its parameters, in lower case."""

    status: int
    content_type: str
    body: bytes


class OutboundGate:
    """Asks listed URLs only.

    ``seconds``: for the whole exchange, from the connection to the last byte. ``most``: bytes of a reply.
    """

    def __init__(self, rules: OutboundRules, seconds: float, most: int) -> None:
        self._rules = rules
        self._seconds = seconds
        self._most = most
        self._tls = ssl.create_default_context()

    def require(self, url: str) -> None:
        """URL_REFUSED unless the URL may be asked, as far as can be told without asking a name server."""
        self._rules.target(url)

    def get(self, url: str, headers: Mapping[str, str] = MappingProxyType({}), within: float = math.inf) -> bytes:
        """The body of a 200; URL_REFUSED, URL_UNREACHABLE for any other answer or none.

        ``within``: seconds that it may take, where the gate's own are more.
        """
        reply = self.send("GET", url, None, headers, within)
        if reply.status != OK:
            raise unreachable(f"It answered {reply.status}.")
        return reply.body

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Whatever it answers; URL_REFUSED, URL_UNREACHABLE where it does not."""
        return self.send("POST", url, body, headers)

    def send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], within: float = math.inf
    ) -> Reply:
        """Whatever is answered to any method; URL_REFUSED, URL_UNREACHABLE."""
        target = self._rules.target(url)
        if target.origin.scheme == "sftp":
            raise refused("It is a file drop, which is not asked by HTTP.")
        seconds = min(self._seconds, within)
        if seconds <= 0:
            raise unreachable("No time was left for it.")
        connection = _Pinned(target.origin, self._address(target.origin), seconds, self._tls)
        try:
            with _ended_after(seconds, connection):
                connection.request(method, target.path, body, {"User-Agent": USER_AGENT, **headers})
                with connection.getresponse() as answer:
                    return self._reply(answer)
        except (OSError, HTTPException, ValueError) as fault:
            raise unreachable(f"The exchange ended with {type(fault).__name__}.") from None

    def _reply(self, answer: HTTPResponse) -> Reply:
        received = answer.read(self._most + 1)
        if len(received) > self._most:
            raise unreachable(f"It sent more than {self._most} bytes.")
        if answer.length:
            raise unreachable("It ended before all that it announced was there.")
        return Reply(answer.status, answer.getheader("Content-Type", "").partition(";")[0].strip().lower(), received)

    def address(self, url: str) -> str:
        """Where a listed URL leads, checked; URL_REFUSED, URL_UNREACHABLE."""
        return self._address(self._rules.target(url).origin)

    def _address(self, origin: Origin) -> str:
        """One address of the host; URL_REFUSED where any of them is not allowed: a name has no business being both."""
        try:
            found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise unreachable("Its host is not known.") from None
        addresses = [str(each[4][0]) for each in found]
        if not all(map(self._rules.allows, addresses)):
            raise refused("Its host leads into a private network that is not on the list.")
        return addresses[0]


class _Pinned(HTTPConnection):
    """A connection to one address, on which TLS checks the certificate for the host's name.

    ``wire``: its socket, which ``sock`` is no more once an answer says that it is the last one.
    """

    wire: socket.socket | None = None

    def __init__(self, origin: Origin, address: str, seconds: float, tls: ssl.SSLContext) -> None:
        super().__init__(origin.host, origin.port, timeout=seconds)
        self._place = (address, origin.port)
        self._seconds = seconds
        self._tls = tls if origin.scheme == "https" else None

    def connect(self) -> None:
        """Connect to the address that was checked, not to whatever the name leads to by now."""
        self.sock = self.wire = socket.create_connection(self._place, self._seconds)
        if self._tls:
            protected = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self.wire = protected
            protected.do_handshake()


@contextmanager
def _ended_after(seconds: float, connection: _Pinned) -> Iterator[None]:
    """Cut the connection when the time is up, however slowly the other side drips; URL_UNREACHABLE then."""
    up = Event()

    def cut() -> None:
        up.set()
        with suppress(OSError):
            if connection.wire is not None:
                connection.wire.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException, ValueError):
        if not up.is_set():
            raise
    finally:
        timer.cancel()
        connection.close()
    if up.is_set():
        raise unreachable(f"It took longer than {seconds:g} s.")


def unreachable(why: str) -> BiometricServiceError:
    """URL_UNREACHABLE."""
    return BiometricServiceError(
        ErrorCode.URL_UNREACHABLE, f"The URL gave nothing usable. {why}", "Check that it answers, or send the data."
    )
