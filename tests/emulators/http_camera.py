"""An IP camera: motion JPEG and snapshots over real HTTP, with a password and faults."""

import base64
import io
import select
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import numpy as np
from PIL import Image

FRAME_SECONDS = 0.01
PASSWORD = "Basic " + base64.b64encode(b"guard:pass word").decode()


def jpeg(seed: int = 0) -> bytes:
    x, y = np.meshgrid(np.arange(160), np.arange(120))
    file = io.BytesIO()
    Image.fromarray(np.stack([x, y * 2, x + seed], 2).astype(np.uint8)).save(file, "JPEG")
    return file.getvalue()


class HttpCamera:
    """A camera on a port of its own; ``part_lengths`` and ``chunked`` are what cameras differ in."""

    def __init__(self, *, part_lengths: bool = True, chunked: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self.part_lengths, self.chunked = part_lengths, chunked
        self.picture = jpeg()
        self.sending, self.plugged = threading.Event(), True
        self.damaged, self.locked, self.pause = False, False, 0.0
        self._server = _Server(self)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def next_picture(self) -> bytes:
        return self.picture[: len(self.picture) // 2] if self.damaged else self.picture

    def close(self) -> None:
        self.plugged = False
        self.sending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, camera: HttpCamera) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.camera = camera

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        camera = self.server.camera
        if not camera.plugged:
            return
        if camera.locked and self.headers.get("Authorization") != PASSWORD:
            self.send_error(401)
        elif self.path == "/stream?size=1":
            self._stream(camera)
        elif self.path == "/picture.jpg":
            self._snapshot(camera)
        elif self.path == "/page":
            self._answer(camera, "text/html")
        else:
            self.send_error(404)

    def _snapshot(self, camera: HttpCamera) -> None:
        self._answer(camera, "image/jpeg")
        if self._wait(camera):
            self._send(camera, camera.next_picture())

    def _stream(self, camera: HttpCamera) -> None:
        self._answer(camera, "multipart/x-mixed-replace; boundary=--frontier")
        for number in count():
            if not self._wait(camera):
                return
            data = camera.next_picture()
            length = f"Content-Length: {len(data)}\r\n" if camera.part_lengths else ""
            head = f"--frontier\r\nContent-Type: image/jpeg\r\n{length}X-Number: {number}\r\n\r\n".encode()
            if not camera.plugged:
                self._send(camera, head + data[:99])
                return
            self._send(camera, head + data + b"\r\n")

    def _wait(self, camera: HttpCamera) -> bool:
        """Whether to send on; looks at the client meanwhile, as a real camera's TCP stack does."""
        time.sleep(FRAME_SECONDS)
        while not camera.sending.wait(0.01):
            if select.select([self.connection], [], [], 0.01)[0]:
                return False  # a client says nothing more after its question: it closed
        return camera.plugged or self.path != "/picture.jpg"

    def _answer(self, camera: HttpCamera, content: str) -> None:
        self.protocol_version = "HTTP/1.1" if camera.chunked else "HTTP/1.0"
        self.send_response(200)
        self.send_header("Content-Type", content)
        if camera.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, camera: HttpCamera, data: bytes) -> None:
        for piece in (data[:1000], data[1000:]):
            time.sleep(camera.pause)
            if not camera.chunked:
                self.wfile.write(piece)
            elif piece:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
