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

    def told(self) -> Mapping[str, set[str]]:
        """For each passage (its id) and count (muster and subject), the messages that told of it."""
        by_event: defaultdict[str, set[str]] = defaultdict(set)
        with self._lock:
            for message, data in self._messages.items():
                by_event[data.get("passage") or f"{data.get('muster')} {data.get('subject')}"].add(message)
        return by_event

    def take(self, message: str, signature: str, moment: str, body: bytes) -> bool:
        """Whether it is ours."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        said = hmac.digest(key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
        with self._lock:
            if f"v1,{base64.b64encode(said).decode()}" not in signature.split(" "):
                self.forged += 1
                return False
            self.repeated += message in self._messages
            self._messages[message] = json.loads(body)["data"]
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
