"""Requests that nobody would send on purpose, made by schemathesis against our own description.

    python -m benchmarks.service.mutations [--runs 10000] [--json]

Starts the service for fingerprints on an empty store, and has schemathesis break each request in one way (its negative
mode). What must not happen: an answer of 500 or above, one that takes over 5 s, memory that grows with the requests.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from benchmarks.service.running import Running, running

CHECKS = "not_a_server_error"
SLOWEST_S = 5
ENDLESS = "/v1/operations/events"
"""An answer that goes on until its caller goes away."""
WARMING = 10


@dataclass(frozen=True, slots=True)
class Mutated:
    """What came of it; ``failed``: whether schemathesis found a fault, told in ``report``."""

    requests: int
    failed: bool
    memory_before_mb: float
    memory_after_mb: float
    report: str


def main(
    runs: Annotated[int, typer.Option(min=100, help="About how many requests.")] = 10_000,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send them, and print what came of it; exit status 1 on a fault."""
    with tempfile.TemporaryDirectory() as folder:
        free = {"caller_rate": 1e6, "caller_burst": 1e6, "caller_concurrency": 1000, "processes": 1}
        more = {"face_model": "", "failures_per_minute": 1e6}
        with running(Path(folder, "data"), Path(folder, "log"), {**free, **more}) as service:
            found = mutated(service, runs)
    shown = {name: value for name, value in asdict(found).items() if name != "report" or found.failed}
    print(json.dumps(shown)) if as_json else Console().print(shown)
    sys.exit(found.failed)


def mutated(service: Running, runs: int) -> Mutated:
    """Warm up, then send about so many requests."""
    attack(service, WARMING, seed=2)
    before, sent = service.memory_mb(), service.requests()
    done = attack(service, max(1, runs // operations(service)), seed=1)
    return Mutated(service.requests() - sent, done.returncode != 0, before, service.memory_mb(), done.stdout[-5000:])


def operations(service: Running) -> int:
    """How many operations its description has."""
    paths = httpx.get(f"{service.url}/openapi.json", timeout=60, trust_env=False).json()["paths"]
    return sum(len(methods) for methods in paths.values())


def attack(
    service: Running, examples: int, seed: int, slowest_s: int = SLOWEST_S
) -> "subprocess.CompletedProcess[str]":
    """Run schemathesis in its negative mode with so many examples an operation; a slower answer is a fault."""
    program = Path(sys.executable).parent / "schemathesis"
    checks = ("--checks", CHECKS, "--max-response-time", str(slowest_s), "--continue-on-failure", "--warnings", "off")
    how = ("--mode", "negative", "--phases", "fuzzing", "--max-examples", str(examples), "--seed", str(seed))
    patient = ("--request-timeout", str(2 * slowest_s))
    authorised = ("--header", f"X-Api-Key: {service.key}", "--exclude-path", ENDLESS)
    command = (program, "run", f"{service.url}/openapi.json", *how, *checks, *patient, *authorised)
    hooks = {"SCHEMATHESIS_HOOKS": "benchmarks.service.jose_bodies", "PYTHONPATH": str(Path(__file__).parents[2])}
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd=folder, env=os.environ | hooks, capture_output=True, text=True, check=False
        )


if __name__ == "__main__":
    typer.run(main)
