"""The service as a deployer runs it, in processes of its own, for benchmarks."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx

from benchmarks.free_port import free_port
from biometric_service.app.service import settings_store
from biometric_service.settings import PREFIX, Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

PATIENCE_S = 900.0
OPERATOR = Caller("benchmark", "benchmark")


@dataclass(frozen=True, slots=True)
class Running:
    """``url``: where it listens. ``key``: an API key that may do everything. ``pid``: its first process."""

    url: str
    key: str
    pid: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def ended(self) -> int | None:
        """The exit status, None where it runs."""
        return self.process.poll() if self.process else None

    def memory_mb(self) -> float:
        """Memory of all its processes, each shared page counted once (PSS)."""
        return sum(_pss_kb(pid) for pid in (self.pid, *descendants(self.pid))) / 1000

    def requests(self) -> int:
        """How many requests it has answered."""
        with httpx.Client(headers={"X-Api-Key": self.key}, timeout=60, trust_env=False) as client:
            lines = client.get(f"{self.url}/metrics").text.splitlines()
        return round(sum(float(line.split()[-1]) for line in lines if line.startswith("biometric_requests_total")))


@contextmanager
def running(data_dir: Path, log: Path, settings: Mapping[str, object], *, ready: bool = True) -> Iterator[Running]:
    """A service on the data in a folder, up when the context begins; ended as by an operator.

    ``ready``: wait until it is ready too, which one without models never is. ``settings``: besides those of tests.
    """
    given = {"data_dir": data_dir, "tls": "false", "port": free_port(), "processes": 2} | dict(settings)
    environment = {**os.environ, **{f"{PREFIX}{name}".upper(): str(value) for name, value in given.items()}}
    key = new_key(Settings(data_dir=data_dir, tls=False))
    with log.open("w") as written:
        command = (sys.executable, "-m", "biometric_service", "serve")
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=written)  # noqa: S603 - our own command
        try:
            url = f"http://127.0.0.1:{given['port']}"
            _wait_until_up(f"{url}/readyz" if ready else f"{url}/healthz", process)
            yield Running(url, key, process.pid, log, process)
        finally:
            process.terminate()
            process.wait()


def new_key(settings: Settings) -> str:
    """The secret of a new key that may do everything."""
    everywhere, anything = frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE})
    key = ApiKey(uuid4().hex[:12], "benchmark", frozenset(Scope), everywhere, anything, None)
    with settings_store(settings) as opened:
        return opened.api_keys.create(key, event(EventKind.API_KEY_CREATED))


def event(kind: EventKind, details: Mapping[str, str] | None = None) -> AuditEvent:
    """An event of now."""
    return AuditEvent(kind, datetime.now(UTC), OPERATOR, details=details or {})


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url, timeout=60, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise RuntimeError("the service did not come up: read its log")


def descendants(pid: int) -> Iterator[int]:
    """Every process that a process started, and those that they did."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):  # it ended since its parent named it
        return
    for child in children:
        yield int(child)
        yield from descendants(int(child))


def _pss_kb(pid: int) -> int:
    """Nothing of a process that has ended since it was listed."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
