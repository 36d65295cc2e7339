"""Our own SBI service in a thread, and the questions of other software, by the standard library alone."""

import asyncio
import base64
import hashlib
import http.client
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from device_drivers.sbi.keys import made, opened
from device_drivers.sbi.offering import Assess, said_quality
from device_drivers.sbi.serving import Offer, offers, serving


@cache
def key_pair() -> tuple[bytes, bytes]:
    return made("test")


class SbiService:
    """``anchor``: whose file is to be trusted."""

    def __init__(
        self,
        folder: Path,
        *urls: str,
        assess: Assess = said_quality,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        key, self.anchor = folder / "sbi.key", folder / "sbi.pem"
        for path, content in zip((key, self.anchor), key_pair(), strict=True):
            path.write_bytes(content)
            path.chmod(0o600)
        self._urls, self._key, self._assess, self._origins = urls, opened(key, self.anchor), assess, origins
        self.start()

    def start(self) -> None:
        started: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(started)))
        self._thread.start()
        self.address = started.result(60)

    async def _run(self, started: "Future[str]") -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_default_executor(ThreadPoolExecutor(1))  # a larger pool grows by chance, which looks like a leak
        offer = Offer(offers(self._urls, self._assess), self._key, origins=self._origins)
        async with serving(offer, ports=[self.port]) as address:
            started.set_result(address)
            await self._over.wait()

    @property
    def port(self) -> int:
        return int(self.address.partition(":")[2]) if hasattr(self, "address") else 0

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()

    def ask(self, verb: str, path: str, question: object = None, **headers: str) -> Any:  # noqa: ANN401 (whatever JSON says)
        status, _, body = self.raw(verb, path, question, **headers)
        assert status == 200
        return json.loads(body)

    def raw(
        self, verb: str, path: str, question: object = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        body = b"" if question is None else json.dumps(question).encode()
        connection.request(verb, path, body, {"EXT": "a test", **headers})
        answer = connection.getresponse()
        found = answer.status, answer.msg, answer.read()
        connection.close()
        return found

    def capture(self, **changes: object) -> list[Any]:
        bio: dict[str, object] = {
            "type": "Finger",
            "count": "1",
            "bioSubType": [],
            "exception": [],
            "requestedScore": "40",
            "deviceId": "0",
            "deviceSubId": "0",
            "previousHash": "",
        }
        bio |= {name: value for name, value in changes.items() if name in bio}
        asked: dict[str, object] = {
            "env": "Staging",
            "purpose": "Registration",
            "specVersion": "0.9.5",
            "timeout": "5000",
            "captureTime": "2026-01-01T00:00:00Z",
            "transactionId": "T-1",
            "bio": [bio],
            "customOpts": {},
        }
        asked |= {name: value for name, value in changes.items() if name not in bio}
        answer = self.ask("RCAPTURE", "/capture", asked)
        found = answer["biometrics"]
        assert isinstance(found, list)
        return found


def unsealed(token: str, anchor: Path) -> Any:  # noqa: ANN401 (whatever JSON says)
    """What is signed, checked by hand: RS256 with the certificate that the token carries, which is the anchor."""
    head, said, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    header = json.loads(head)
    certificate = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    assert certificate == x509.load_pem_x509_certificate(anchor.read_bytes())
    assert header["alg"] == "RS256"
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())
    return json.loads(said)


def chained(previous: str, data: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + hashlib.sha256(data).digest()).hexdigest()
