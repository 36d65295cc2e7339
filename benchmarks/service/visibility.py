"""How soon an enrolment is found by every process: ``python -m benchmarks.service.visibility [--people 5]``.

Two services start on one store, on each of SQLite and PostgreSQL. Synthetic fingers are enrolled with one of them, and
the other is asked who it is, over HTTPS, until it knows. Beside the time until then stands the time of one such search,
and how many the other knew at the first asking.
"""

import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.free_port import free_port
from benchmarks.service.postgresql import available, running_server
from benchmarks.synthesis.dataset import Order, fulfil
from benchmarks.throughput.random_encounters import audit_event
from biometric_service.app.service import settings_store
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

PATIENCE_S = 120.0
OPERATIONS = "/v1/operations"
BOUNDARY = "----visibility"


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from the answer to an enrolment until the other process knew the person, and of a search by itself.

    ``each_s``: of every person, in the order of their enrolment.
    """

    database: str
    people: int
    longest_s: float
    median_s: float
    at_first_asking: int
    search_s: float
    each_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one service."""

    url: str
    key: str

    def ask(self, operation: str, image: bytes, **request: object) -> Mapping[str, Any]:
        """The answer to a request with one fingerprint."""
        asked = {"purpose": "benchmark", "images": [{"modality": "fingerprint", "file": "finger"}], **request}
        parts = (_part("request", json.dumps(asked).encode()), _part("finger", image, "finger.png"))
        body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        headers = {"X-Api-Key": self.key, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self._sent(urllib.request.Request(f"{self.url}{OPERATIONS}/{operation}", body, headers))  # noqa: S310

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._sent(urllib.request.Request(f"{self.url}/healthz"))  # noqa: S310 - our own service
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    @staticmethod
    def _sent(request: urllib.request.Request) -> Mapping[str, Any]:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=trusting) as answer:  # noqa: S310
            found: Mapping[str, Any] = json.load(answer)
        return found


def run(database_url: str, folder: Path, people: int) -> Figures:
    """AssertionError where somebody is not found at all."""
    prints = [path.read_bytes() for path in _fingers(folder / "prints", people)]
    settings = Settings(data_dir=folder / "data", database_url=database_url, face_model="")
    key = _prepared(settings)
    environment = {"BIOMETRIC_DATA_DIR": str(settings.data_dir), "BIOMETRIC_FACE_MODEL": ""}
    environment |= {"BIOMETRIC_DATABASE_URL": database_url} if database_url else {}
    with ExitStack() as stack:
        one, other = (stack.enter_context(_service(environment, key)) for _ in range(2))
        other.ask("identifications", prints[0], gallery="residents")
        seen = [_seen_after(one, other, f"P-{number}", image) for number, image in enumerate(prints)]
        clock = time.perf_counter()
        other.ask("identifications", prints[0], gallery="residents")
        search = time.perf_counter() - clock
    times = sorted(each.after_s for each in seen)
    return Figures(
        database=database_url.partition(":")[0] or "sqlite",
        people=people,
        longest_s=round(times[-1], 3),
        median_s=round(times[len(times) // 2], 3),
        at_first_asking=sum(each.asked == 1 for each in seen),
        search_s=round(search, 3),
        each_s=tuple(round(each.after_s, 3) for each in seen),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    after_s: float
    asked: int


def _seen_after(one: Client, other: Client, subject: str, image: bytes) -> _Seen:
    enrolled = one.ask("enrolments", image, subject=subject, galleries=["residents"])
    if enrolled["outcome"] != "enrolled":
        raise AssertionError(f"{subject} was not enrolled: {enrolled['outcome']}")
    clock, asked = time.perf_counter(), 0
    while time.perf_counter() - clock < PATIENCE_S:
        asked += 1
        if other.ask("identifications", image, gallery="residents")["decision"]["subject"] == subject:
            return _Seen(time.perf_counter() - clock, asked)
    raise AssertionError(f"{subject} is not found by the other process")


def _fingers(folder: Path, people: int) -> list[Path]:
    for _ in fulfil(Order(folder, people, 1, seed=3), workers=1):
        pass
    return sorted(folder.glob("*.png"))


def _prepared(settings: Settings) -> str:
    """Make a store with a gallery; the secret of a key that may do anything there."""
    everywhere, anything = frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE})
    key = ApiKey("benchmark", "benchmark", frozenset(Scope), everywhere, anything, None)
    with settings_store(settings) as opened:
        opened.store.create_gallery(GalleryId("residents"), audit_event(EventKind.GALLERY_CREATED))
        return opened.api_keys.create(key, audit_event(EventKind.API_KEY_CREATED))


@contextmanager
def _service(environment: Mapping[str, str], key: str) -> Iterator[Client]:
    port = free_port()
    command = [sys.executable, "-m", "biometric_service", "serve"]
    process = subprocess.Popen(  # noqa: S603 - this program itself
        command,
        env={**os.environ, **environment, "BIOMETRIC_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = Client(f"https://127.0.0.1:{port}", key)
    try:
        client.wait()
        yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _part(name: str, data: bytes, file: str = "") -> bytes:
    named = f'; filename="{file}"' if file else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def main(
    people: Annotated[int, typer.Option(min=1, help="How many are enrolled, on each database.")] = 5,
    *,
    json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print how soon the other process knows whom one enrolled."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        figures.append(run("", Path(folder) / "sqlite", people))
        if available():
            with running_server() as server:
                figures.append(run(server.new_database(), Path(folder) / "postgresql", people))
    print(json.dumps([asdict(each) for each in figures], indent=2) if json_ else "\n".join(map(str, figures)))


if __name__ == "__main__":
    typer.run(main)
