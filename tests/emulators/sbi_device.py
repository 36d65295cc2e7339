"""An SBI service with one device, which signs with keys of its own: the wire as MOSIP's specification words it.

Nothing here comes from the driver: signatures by hand on ``cryptography``, records and hashes written out.
"""

import base64
import hashlib
import json
import select
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

DAY = timedelta(days=1)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Maker:
    """A maker's authority and the certificate of one device of it."""

    def __init__(self, until: timedelta = DAY) -> None:
        self._authority = rsa.generate_private_key(65537, 2048)
        self._key = rsa.generate_private_key(65537, 2048)
        self.root = self._certificate("maker", self._authority, DAY, ca=True)
        self._leaf = self._certificate("device", self._key, until, ca=False)

    def _certificate(self, name: str, key: rsa.RSAPrivateKey, until: timedelta, *, ca: bool) -> x509.Certificate:
        named, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, "maker"))
        return (
            x509.CertificateBuilder(issuer, named, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - 2 * DAY)
            .not_valid_after(datetime.now(UTC) + until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(self._authority, hashes.SHA256())
        )

    def pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def signed(self, said: object) -> str:
        der = self._leaf.public_bytes(serialization.Encoding.DER)
        header = {"alg": "RS256", "typ": "JWT", "x5c": [base64.b64encode(der).decode()]}
        body = ".".join(b64(json.dumps(each).encode()) for each in (header, said))
        return body + "." + b64(self._key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))


def finger_record(pixels: NDArray[np.uint8], position: int = 7) -> bytes:
    """ISO/IEC 19794-4:2011, one grey image at 500 dpi, not compressed."""
    height, width = pixels.shape
    head = struct.pack(">I9sBHHB", 41 + pixels.size, bytes(9), 0, 0, 0, 0)
    head += struct.pack(">BBBHHHHBBBHHI", position, 1, 1, 500, 500, 500, 500, 8, 0, 0, width, height, pixels.size)
    body = head + pixels.tobytes()
    return b"FIR\x00" + b"020\x00" + struct.pack(">IHBB", 16 + len(body), 1, 0, 1) + body


class SbiEmulator:
    """``fault`` spoils the next answers: ``record``, ``signature``, ``hash``, ``replay``, or an error code of SBI."""

    def __init__(self, maker: Maker) -> None:
        self.maker, self.stranger = maker, False
        self.pictures: list[NDArray[np.uint8]] = []
        self.positions = [7, 8, 9, 10]
        self.finger, self.plugged = threading.Event(), True
        self.fault, self.pause, self.status = "", 0.0, "Ready"
        self.last = ""
        self.questions: list[dict[str, Any]] = []
        self._strangers = Maker()
        self._infos: dict[bool, str] = {}
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def signer(self) -> Maker:
        return self._strangers if self.stranger else self.maker

    def digital(self) -> dict[str, str]:
        return {
            "serialNo": "SN-1",
            "make": "Acme",
            "model": "Slap 1",
            "type": "Finger",
            "deviceSubType": "Slap",
            "deviceProvider": "Acme",
            "deviceProviderId": "ACME",
            "dateTime": "2026-01-01T00:00:00Z",
        }

    def discovered(self) -> object:
        return [
            {
                "deviceId": "D1",
                "deviceStatus": self.status,
                "certification": "L0",
                "serviceVersion": "1.0",
                "deviceSubId": ["1"],
                "callbackId": f"http://{self.address}/",
                "digitalId": b64(json.dumps(self.digital()).encode()),
                "deviceCode": "acme-slap",
                "specVersion": ["0.9.5"],
                "purpose": "Registration",
                "error": {"errorCode": "0", "errorInfo": "Success"},
            }
        ]

    def info(self) -> object:
        said = {"deviceStatus": self.status, "digitalId": self.signer.signed(self.digital()), "deviceSubId": ["1"]}
        return [{"deviceInfo": self.signer.signed(said), "error": {"errorCode": "0", "errorInfo": "Success"}}]

    def biometrics(self, question: dict[str, Any]) -> list[object]:
        [wanted] = question["bio"]
        previous = wanted["previousHash"] or hashlib.sha256(b"").hexdigest()
        found = []
        for position, pixels in zip(self.positions, self.pictures, strict=False):
            data = finger_record(pixels, position)
            data = data[: len(data) // 2] if self.fault == "record" else data
            previous = hashlib.sha256(bytes.fromhex(previous) + hashlib.sha256(data).digest()).hexdigest().upper()
            found.append(self._one(data, previous, str(question["transactionId"]), position))
        return found

    def _one(self, data: bytes, chained: str, transaction: str, position: int) -> object:
        fingers = ("Thumb", "IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger")
        position = 8 if self.fault == "position" else position
        said = {
            "digitalId": self.maker.signed(self.digital()),
            "bioType": "Finger",
            "bioSubType": f"{'Left' if position > 5 else 'Right'} {fingers[(position - 1) % 5]}",
            "purpose": "Registration",
            "env": "Staging",
            "bioValue": b64(data),
            "transactionId": transaction,
            "timestamp": "2026-01-01T00:00:00Z",
            "requestedScore": "1",
            "qualityScore": "80",
        }
        signed = self.maker.signed(said)
        if self.fault == "replay":
            signed = self.last
        if self.fault == "signature":
            head, _, tail = signed.split(".")
            signed = f"{head}.{b64(json.dumps(said | {'qualityScore': '99'}).encode())}.{tail}"
        self.last = signed
        answer = {"specVersion": "0.9.5", "data": signed, "hash": "00" * 32 if self.fault == "hash" else chained}
        return answer | {"error": {"errorCode": "0", "errorInfo": "Success"}}

    def close(self) -> None:
        self.plugged = False
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, device: SbiEmulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.device = device

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_MOSIPDISC(self) -> None:
        self._answer("/device", self.server.device.discovered())

    def do_MOSIPDINFO(self) -> None:
        self._answer("/info", self.server.device.info())

    def do_RCAPTURE(self) -> None:
        device, question = self.server.device, self._question()
        device.questions.append(question)
        error = {"errorCode": device.fault, "errorInfo": "as asked"}
        until = time.monotonic() + int(str(question["timeout"])) / 1000
        while not device.finger.is_set() and time.monotonic() < until and device.plugged:
            if select.select([self.connection], [], [], 0.01)[0]:
                return  # the client says nothing more after its question: it closed
        if device.fault.isdigit():
            self._answer("/capture", {"biometrics": [{"specVersion": "0.9.5", "data": "", "hash": "", "error": error}]})
        elif not device.finger.is_set():
            error = {"errorCode": "101", "errorInfo": "Unable to detect a biometric object"}
            self._answer("/capture", {"biometrics": [{"specVersion": "0.9.5", "data": "", "hash": "", "error": error}]})
        else:
            time.sleep(0.02)
            self._answer("/capture", {"biometrics": device.biometrics(question)})

    def _question(self) -> dict[str, Any]:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(found, dict)
        return found

    def _answer(self, path: str, said: object) -> None:
        device = self.server.device
        if self.path != path or (not device.plugged and path != "/capture"):
            self.send_error(404)
            return
        data = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        time.sleep(device.pause)
        if device.plugged:
            self.wfile.write(data[len(data) // 2 :])
