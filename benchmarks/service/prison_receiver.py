"""Who is told of the day by webhooks: checks every signature, and keeps which event came under which id."""

import base64
import hashlib
import hmac
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DOUBTED = "passage.doubted"
"""Cause of an alarm about a passage, which is told beside the passage itself."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What others are told. ``of``: the passage (its id at the device) or the muster. ``subject``: empty for nobody."""

    of: str
    type: str
    subject: str


@dataclass(slots=True)
class Receiver:
    """``secret``: as the service gave it. ``repeated``: deliveries of a message that was taken before."""

    port: int = 0
    secret: str = ""
    repeated: int = 0
    forged: int = 0
    _messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it is told."""
        return f"http://127.0.0.1:{self.port}"

    def told(self) -> Mapping[Happened, set[str]]:
        """For each passage and count, by what became of it and of whom, the messages that told of it; no alarms."""
        by_event: defaultdict[Happened, set[str]] = defaultdict(set)
        with self._lock:
            for message, said in self._messages.items():
                if said["data"]["cause"] != DOUBTED:
                    by_event[_happened(said)].add(message)
        return by_event

    def doubted(self) -> int:
        """How many alarms there were of passages against what the service knew or had answered."""
        with self._lock:
            return sum(said["data"]["cause"] == DOUBTED for said in self._messages.values())

    def take(self, message: str, signature: str, moment: str, body: bytes) -> bool:
        """Whether it is ours."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        said = hmac.digest(key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
        with self._lock:
            if f"v1,{base64.b64encode(said).decode()}" not in signature.split(" "):
                self.forged += 1
                return False
            self.repeated += message in self._messages
            self._messages[message] = json.loads(body)
        return True


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while the context lasts."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said, signature, moment = (self.headers[f"webhook-{name}"] for name in ("id", "signature", "timestamp"))
            self.send_response(204 if receiver.take(said, signature, moment, body) else 401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def _happened(said: Mapping[str, Any]) -> Happened:
    """What a device decided against the service's answer has an id of its own, which begins with the device's."""
    data = said["data"]
    passage = str(data.get("passage", "")).partition("/")[0]
    return Happened(passage or str(data.get("muster")), said["type"], data.get("subject") or "")
