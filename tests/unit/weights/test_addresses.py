"""A real HTTPS server on this machine, with a certificate of its own."""

import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights import addresses
from biometric_service.weights.addresses import download
from tests.emulators.certificates import certificate

CONTENT = b"weights" * 100_000


class Weights(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, length, location = {
            "/model.onnx": (200, len(CONTENT), ""),
            "/short": (200, len(CONTENT) + 1, ""),
            "/moved": (302, 0, "/model.onnx"),
            "/astray": (302, 0, "http://127.0.0.1/model.onnx"),
            "/local": (302, 0, "file:///etc/passwd"),
        }.get(self.path, (404, 0, ""))
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        if length:
            self.wfile.write(CONTENT)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "server.pem").write_bytes(certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Weights) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        for variable in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(variable, raising=False)
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/model.onnx", "/moved"])
def test_a_file_is_downloaded_whole(site: str, path: str, tmp_path: Path) -> None:
    download(site + path, tmp_path / "below" / "model.onnx")
    assert (tmp_path / "below" / "model.onnx").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "reason"), [("/none", "404"), ("/short", "broke off"), ("/astray", "http"), ("/local", "file")]
)
def test_what_cannot_be_had_whole_and_over_https_is_unavailable(
    site: str, path: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(BiometricServiceError) as caught:
        download(site + path, tmp_path / "model.onnx")
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert reason in caught.value.message


def test_a_server_that_cannot_prove_who_it_is_is_refused(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(BiometricServiceError, match="CERTIFICATE_VERIFY_FAILED"):
        download(f"{site}/model.onnx", tmp_path / "model.onnx")


def test_a_file_larger_than_weights_can_be_is_given_up(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "LARGEST", 1000)
    with pytest.raises(BiometricServiceError, match="larger than 1000 bytes"):
        download(f"{site}/model.onnx", tmp_path / "model.onnx")


def test_nobody_listening_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{unused.getsockname()[1]}/model.onnx"
        with pytest.raises(BiometricServiceError) as caught:
            download(address, tmp_path / "model.onnx")
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
