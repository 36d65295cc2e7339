"""How long ``devices list`` takes, from the shell and back: ``python -m benchmarks.service.listing_devices``.

Every family that can be asked is asked, with everything installed. The time of ``CPU`` is the command's with its
children's, and says the same on a busy machine.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.progress import track

COMMAND = [sys.executable, "-m", "biometric_service", "devices", "list", "--json"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of a run; ``silent``: families that could not be asked in any of them."""

    runs: int
    cores: int
    median_s: float
    longest_s: float
    cpu_s: float
    devices: int
    silent: tuple[str, ...]


def measure(runs: int) -> Figures:
    """Run the command so many times, one after another."""
    took, silent, devices = [], set[str](), 0
    cpu = _cpu()
    for _ in track(range(runs), "listing devices", disable=not sys.stderr.isatty()):
        before = time.monotonic()
        said = json.loads(subprocess.run(COMMAND, check=True, capture_output=True).stdout)  # noqa: S603 (ours)
        took.append(time.monotonic() - before)
        devices = len(said["devices"])
        silent |= {each["family"] for each in said["silent"]}
    spent = (_cpu() - cpu) / runs
    median, longest = round(statistics.median(took), 2), round(max(took), 2)
    return Figures(runs, os.cpu_count() or 1, median, longest, round(spent, 2), devices, tuple(sorted(silent)))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(
    *,
    runs: Annotated[int, typer.Option(min=1, help="How often.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure and print."""
    figures = measure(runs)
    if as_json:
        print(json.dumps(asdict(figures), indent=2))
        return
    print(f"devices list: {figures.median_s} s in the median of {runs} runs, {figures.longest_s} s at the longest,")
    print(
        f"{figures.cpu_s} s of CPU; {figures.devices} devices, silent families: {', '.join(figures.silent) or 'none'}"
    )


if __name__ == "__main__":
    typer.run(main)
