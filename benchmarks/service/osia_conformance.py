"""Schemathesis over OSIA's own contract against a running service with real people in it.

``python -m benchmarks.service.osia_conformance CONTRACT DATA --json``: CONTRACT is OSIA's YAML as it was published,
DATA the folder of real fingerprints and faces. ``--mode negative --requests 10000`` sends mutated requests. Besides
conformance, no answer may take longer than 5 s, and the memory of the service is told early on and at the end.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx

from benchmarks.free_port import free_port
from benchmarks.service.osia_people import seed
from biometric_service.app.service import settings_store
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance"
OPERATIONS = 22
LONGEST_ANSWER_S = 5
PEOPLE = 3
SETTLING_S = 2
CONFIGURATION = """
[[operations]]
include-operation-id-regex = "^(read|identify|verify|updateEncounter|createEncounterNoId$)"
parameters = { personId = "P-1", encounterId = "E-1", galleryId = "residents" }
"""


@dataclass(frozen=True, slots=True)
class Report:
    """``megabytes``: memory of the service after the first tenth of the time and at the end."""

    mode: str
    requests: int
    failures: int
    seconds: float
    megabytes: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Running:
    """A service in a process of its own."""

    url: str
    key: str
    process: subprocess.Popen[bytes]

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
        return int(kilobytes) / 1024


@contextmanager
def running(folder: Path, data: Path) -> Iterator[Running]:
    """A service with a few real people in it, listening on this machine alone."""
    settings = Settings(data_dir=folder)
    key = _key(settings)
    port = free_port()
    given = {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "TLS": "false",
        "LOG_LEVEL": "ERROR",
        "RECOGNITION_SECONDS": "120",
    }
    environment = {**os.environ, **{f"BIOMETRIC_{name}": value for name, value in given.items()}}
    with subprocess.Popen((sys.executable, "-m", "biometric_service", "serve"), env=environment) as process:
        try:
            service = Running(f"http://127.0.0.1:{port}", key, process)
            _wait(service)
            seed(service.url, key, data, PEOPLE)
            yield service
        finally:
            process.kill()


def conformance(contract: Path, data: Path, mode: str, requests: int) -> Report:
    """Run it; what schemathesis has to say goes to standard error."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", data) as service:
        configuration = Path(folder) / "schemathesis.toml"
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        sizes, ended = [service.megabytes()], threading.Event()
        watching = threading.Thread(target=_watch, args=(service, sizes, ended))
        watching.start()
        began = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own command
            _command(contract.resolve(), configuration, service, mode, requests),
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        seconds = time.monotonic() - began
        ended.set()
        watching.join()
        print(done.stdout[-6000:], file=sys.stderr)
        early = sizes[len(sizes) // 10]
        return Report(mode, *_counts(done.stdout), round(seconds, 1), (round(early), round(sizes[-1])))


def _command(contract: Path, configuration: Path, service: Running, mode: str, requests: int) -> list[str]:
    program = str(Path(sys.executable).parent / "schemathesis")
    phases = "examples,coverage" if mode == "all" else "coverage,fuzzing"
    return [
        program, "--config-file", str(configuration), "run", str(contract), "--url", service.url,
        "--header", f"Authorization: Bearer {service.key}", "--checks", CHECKS, "--phases", phases, "--mode", mode,
        "--max-examples", str(-(-requests // OPERATIONS)), "--max-response-time", str(LONGEST_ANSWER_S),
        "--continue-on-failure", "--warnings", "off", "--seed", "1",
    ]  # fmt: skip


def _counts(printed: str) -> tuple[int, int]:
    """Requests and failures."""
    found = re.search(r"(\d+) generated(?:, (\d+) found)?", printed)
    if found is None:
        return 0, 1
    return int(found[1]), int(found[2] or 0)


def _watch(service: Running, sizes: list[float], ended: threading.Event) -> None:
    while not ended.wait(1):
        sizes.append(service.megabytes())


def _wait(service: Running) -> None:
    while True:
        try:
            if httpx.get(f"{service.url}/readyz", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(SETTLING_S / 10)


def _key(settings: Settings) -> str:
    key = ApiKey(
        uuid4().hex[:12], "conformance", frozenset(Scope), frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE}), None
    )
    event = AuditEvent(EventKind.API_KEY_CREATED, datetime.now(UTC), Caller("benchmark", "conformance"))
    with settings_store(settings) as opened:
        return opened.api_keys.create(key, event)


def main() -> None:
    """Print the report; exit with 1 where there is a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contract", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--mode", choices=["all", "positive", "negative"], default="all")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = conformance(asked.contract, asked.data, asked.mode, asked.requests)
    if asked.json:
        print(json.dumps(asdict(report)))
    else:
        print(f"{report.requests:,} requests ({report.mode}), {report.failures} failures, {report.seconds} s,")
        print(f"memory {report.megabytes[0]} MB early, {report.megabytes[1]} MB at the end")
    sys.exit(report.failures > 0)


if __name__ == "__main__":
    main()
