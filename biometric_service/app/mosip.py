"""MOSIP's messages over STOMP: taken one at a time, answered once, whatever becomes of the broker or of this process.

A request is acknowledged after the broker has confirmed that it keeps the answer, and what was answered is remembered.
What cannot be worked on goes to a queue of its own (``<requests>.dead``), with the reason, and stops nothing.
"""

import json
import logging
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock
from types import ModuleType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.mosip.abis import Answered, MosipAbis
from biometric_service.interchange.mosip.messages import Failure

PREFETCH: Final = 8
HEARTBEAT_MS: Final = 10_000
CONFIRM_S: Final = 15.0
LOOK_S: Final = 0.2
PAUSE_S: Final = 0.5
MOST_ATTEMPTS: Final = 3
"""How often a message may have ended this process before it is laid aside."""
DEAD: Final = ".dead"
SENDING: Final = "sending"
BINARY: Final = "application/octet-stream"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and which queues are ours."""

    url: str
    requests: str
    answers: str


class LostError(Exception):
    """The connection broke: what was not acknowledged comes again."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came; ``ack``: what acknowledges it. ``sending``: names the sending of an answer."""

    ack: str
    body: bytes
    sending: str = ""


class MosipAdapter:
    """Works from ``run`` until ``stop``; connects anew whenever the connection breaks."""

    def __init__(self, broker: Broker, abis: Callable[[Callable[[], int]], MosipAbis], attempts: "Attempts") -> None:
        self._broker = broker
        self._waiting: SimpleQueue[Message] = SimpleQueue()
        self._abis = abis(self._waiting.qsize)
        self._attempts = attempts
        self._ending = Event()

    def run(self) -> None:
        """Answer requests; a broker that is away for a while ends nothing."""
        while not self._ending.is_set():
            try:
                self._work()
            except (LostError, OSError) as fault:
                log.warning("the broker is away and is asked again: %s %s", type(fault).__name__, fault)
                self._ending.wait(PAUSE_S)

    def stop(self) -> None:
        """Finish the message at hand; what waits comes to whoever asks next."""
        self._ending.set()

    def _work(self) -> None:
        self._waiting = SimpleQueue()
        with Connection(self._broker, self._waiting) as connection:
            while not self._ending.is_set():
                connection.require()
                try:
                    message = self._waiting.get(timeout=LOOK_S)
                except Empty:
                    continue
                self._handle(connection, message)

    def _handle(self, connection: "Connection", message: Message) -> None:
        answered, why = self._answered(message.body)
        if why:
            connection.send(self._broker.requests + DEAD, message.body, {"reason": why})
        if answered is not None and answered.reply is not None:
            connection.send(self._broker.answers, answered.reply, {SENDING: uuid4().hex})
            self._abis.sent(answered)
        connection.acknowledge(message.ack)

    def _answered(self, body: bytes) -> tuple[Answered | None, str]:
        """The answer, and why the message is laid aside, empty where it is not."""
        if self._attempts.begin(_digest(body)) > MOST_ATTEMPTS:
            return self._abis.refuse(body, Failure.ABORTED), "it ended the process again and again"
        try:
            answered = self._patiently(body)
        except Exception as fault:  # whatever it is, the next message is worked on
            log.exception("a message of MOSIP could not be worked on")
            return self._abis.refuse(body, Failure.UNEXPECTED), type(fault).__name__
        finally:
            self._attempts.done()
        return answered, "" if answered is not None else "it is no message of this interface"

    def _patiently(self, body: bytes) -> Answered | None:
        """Try again while the store is away."""
        while True:
            try:
                return self._abis.answer(body)
            except BiometricServiceError as fault:
                if fault.code not in PASSING:
                    raise
                log.warning("a message of MOSIP has to wait: %s", fault)
                if self._ending.wait(PAUSE_S):
                    raise LostError("the adapter ends") from None


PASSING: Final = frozenset(
    {
        ErrorCode.STORE_UNAVAILABLE,
        ErrorCode.STORE_BUSY,
        ErrorCode.STORE_FULL,
        ErrorCode.STORE_READ_ONLY,
        ErrorCode.STORE_CONFLICT,
        ErrorCode.INDEX_UNAVAILABLE,
        ErrorCode.MODELS_DIFFER,
    }
)
"""Faults that may be over in a moment."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Remembers in a file which message is being worked on, and how often it was begun by a process that then died."""

    file: Path

    def begin(self, message: str) -> int:
        """Begin; returns how often this message was, counted from 1."""
        before: Mapping[str, Any] = {}
        with suppress(OSError, ValueError):
            before = json.loads(self.file.read_bytes())
        count = int(before.get("count", 0)) + 1 if before.get("message") == message else 1
        self.file.write_text(json.dumps({"message": message, "count": count}), encoding="ascii")
        return count

    def done(self) -> None:
        """It ended nothing."""
        self.file.unlink(missing_ok=True)


class Connection:
    """A connection to the broker, subscribed to the requests; a listener of stomp.py."""

    def __init__(self, broker: Broker, waiting: "SimpleQueue[Message]") -> None:
        self._broker = broker
        self._waiting = waiting
        self._lost = Event()
        self._confirmed = _Confirmed()
        self._stomp = _connected(broker, self)

    def __enter__(self) -> Self:
        headers = {"prefetch-count": str(PREFETCH), "activemq.prefetchSize": str(PREFETCH)}
        self._stomp.subscribe(_queue(self._broker.requests), id="1", ack="client-individual", headers=headers)
        return self

    def __exit__(self, *_: object) -> None:
        self._lost.set()
        if self._stomp.is_connected():
            self._stomp.disconnect()

    def require(self) -> None:
        """LostError where it broke."""
        if self._lost.is_set():
            raise LostError("the connection broke")

    def send(self, queue: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send, and wait until the broker says that it keeps the message; LostError where it does not."""
        receipt = self._confirmed.next()
        given = {**headers, "persistent": "true", "receipt": receipt}
        self._asked(self._stomp.send, _queue(queue), body, BINARY, given)
        if not self._confirmed.wait(receipt, self._lost):
            raise LostError("the broker did not confirm")

    def acknowledge(self, message: str) -> None:
        """The message need not come again."""
        self._asked(self._stomp.ack, message)

    def _asked(self, ask: Callable[..., object], *args: object) -> None:
        self.require()
        try:
            ask(*args)
        except Exception as fault:
            raise LostError(type(fault).__name__) from fault

    def on_message(self, frame: Any) -> None:  # noqa: ANN401 - a frame of stomp.py
        """A request came."""
        body = frame.body if isinstance(frame.body, bytes) else frame.body.encode()
        self._waiting.put(Message(frame.headers["ack"], body, frame.headers.get(SENDING, "")))

    def on_receipt(self, frame: Any) -> None:  # noqa: ANN401
        """The broker has kept something."""
        self._confirmed.put(frame.headers["receipt-id"])

    def on_error(self, frame: Any) -> None:  # noqa: ANN401
        """The broker refuses: it closes the connection after that."""
        log.error("the broker refuses: %s", frame.headers.get("message", ""))
        self._lost.set()

    def on_disconnected(self) -> None:
        """The connection is gone."""
        self._lost.set()

    on_heartbeat_timeout = on_disconnected

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Whatever else stomp.py tells its listeners of is of no concern."""
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *_: None


@dataclass(slots=True)
class _Confirmed:
    """What the broker confirmed."""

    _lock: Lock = field(default_factory=Lock)
    _events: dict[str, Event] = field(default_factory=dict)
    _count: int = 0

    def next(self) -> str:
        """The name of the next receipt."""
        with self._lock:
            self._count += 1
            self._events[str(self._count)] = Event()
            return str(self._count)

    def put(self, receipt: str) -> None:
        """It came."""
        with self._lock:
            event = self._events.get(receipt)
        if event is not None:
            event.set()

    def wait(self, receipt: str, lost: Event) -> bool:
        """Whether it comes before the connection is lost, and in time."""
        event, left = self._events[receipt], CONFIRM_S
        while not event.wait(LOOK_S) and not lost.is_set() and left > 0:
            left -= LOOK_S
        with self._lock:
            del self._events[receipt]
        return event.is_set()


def _connected(broker: Broker, listener: object) -> Any:  # noqa: ANN401 - stomp.py has no types
    stomp, parts = _stomp(), urlsplit(broker.url)
    place = (parts.hostname or "", parts.port or 61613)
    beats = (HEARTBEAT_MS, HEARTBEAT_MS)
    virtual = unquote(parts.path.removeprefix("/")) or "/"
    connection = stomp.Connection12(
        [place], heartbeats=beats, vhost=virtual, reconnect_attempts_max=1, auto_decode=False
    )
    if parts.scheme == "stomp+ssl":
        connection.set_ssl([place], ssl_context=ssl.create_default_context())
    connection.set_listener("", listener)
    try:
        connection.connect(unquote(parts.username or ""), unquote(parts.password or ""), wait=True)
    except stomp.exception.StompException as fault:
        raise LostError(f"{type(fault).__name__} at {place[0]}:{place[1]}") from None
    return connection


def _stomp() -> ModuleType:
    try:
        import stomp  # noqa: PLC0415 - an extra
    except ImportError:
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            "MOSIP's messages come over STOMP, and what speaks that is not installed.",
            "Install it with: pip install 'biometric-service[mosip]'.",
        ) from None
    module: ModuleType = stomp
    return module


def _queue(name: str) -> str:
    return f"/queue/{name}"


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()
