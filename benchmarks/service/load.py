"""HTTP load by autocannon (npm), which sends varied bodies at a fixed rate and corrects for coordinated omission."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOOL = "autocannon"


@dataclass(frozen=True, slots=True)
class Asked:
    """One POST: ``path`` with its query, and the JSON body."""

    path: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one run: requests a second, times in ms, and answers that were none or not 2xx."""

    rate: float
    p50_ms: float
    p99_ms: float
    answered: int
    errors: int


def require_tool() -> str:
    """Where the tool is."""
    found = shutil.which(TOOL)
    if found is None:
        raise SystemExit(f"{TOOL} is not on the PATH: npm install --global {TOOL}")
    return found


def load(  # noqa: PLR0913 - as many as a run has
    url: str, key: str, asked: Sequence[Asked], *, seconds: int, connections: int, rate: int = 0
) -> Figures:
    """Send the requests in turn, ``rate`` a second (0: each connection as fast as it is answered)."""
    with tempfile.NamedTemporaryFile("w", suffix=".har") as har:
        json.dump(_har(url, key, asked), har)
        har.flush()
        pace = ("--overallRate", str(rate)) if rate else ()
        timing = ("--duration", str(seconds), "--connections", str(connections), "--timeout", "30")
        command = (require_tool(), "--har", har.name, "--json", "--no-progress", *timing, *pace, url)
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return _figures(json.loads(done.stdout))


def _har(url: str, key: str, asked: Sequence[Asked]) -> dict[str, Any]:
    headers = [{"name": "Content-Type", "value": "application/json"}, {"name": "X-Api-Key", "value": key}]
    entries = [
        {
            "request": {
                "method": "POST",
                "url": f"{url}{each.path}",
                "headers": headers,
                "queryString": [],
                "postData": {"mimeType": "application/json", "text": json.dumps(each.body)},
            }
        }
        for each in asked
    ]
    return {"log": {"version": "1.2", "creator": {"name": "benchmark", "version": "1"}, "entries": entries}}


def _figures(told: dict[str, Any]) -> Figures:
    return Figures(
        rate=told["2xx"] / told["duration"],
        p50_ms=told["latency"]["p50"],
        p99_ms=told["latency"]["p99"],
        answered=told["2xx"],
        errors=told["errors"] + told["timeouts"] + told["non2xx"],
    )
