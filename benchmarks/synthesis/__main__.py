"""``python -m benchmarks.synthesis OUT --fingers N --impressions M --seed S``."""

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.synthesis.dataset import MANIFEST, ManifestMismatchError, Order, fulfil
from benchmarks.synthesis.sensor import SENSORS


def main(  # noqa: PLR0913
    out: Annotated[Path, typer.Argument(help="Folder to fill; what is there already is kept.")],
    *,
    fingers: Annotated[int, typer.Option(min=1, max=99_999)] = 10,
    impressions: Annotated[int, typer.Option(min=1, help="Of each finger.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same pictures.")] = 1,
    sensor: Annotated[str, typer.Option(help=f"One of {', '.join(SENSORS)}.")] = "optical",
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 is one a core.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make synthetic fingerprints of people who do not exist."""
    if sensor not in SENSORS:
        _refuse(f"there is no sensor {sensor!r}: choose one of {', '.join(SENSORS)}")
    order = Order(out, fingers, impressions, seed, sensor)
    try:
        _print(_run(order, workers or len(os.sched_getaffinity(0))), as_json=as_json)
    except ManifestMismatchError as mismatch:
        _refuse(f"{mismatch}: choose another folder")


def _run(order: Order, workers: int) -> dict[str, Any]:
    started, written, skipped = time.perf_counter(), 0, 0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("fingers", total=order.fingers)
        for made in fulfil(order, min(workers, order.fingers)):
            written, skipped = written + made.written, skipped + made.skipped
            progress.advance(bar)
    return {
        "folder": str(order.folder),
        "fingers": order.fingers,
        "impressions": order.impressions,
        "written": written,
        "skipped": skipped,
        "seconds": round(time.perf_counter() - started, 2),
        "classes": _classes(order.folder),
    }


def _classes(folder: Path) -> dict[str, int]:
    return Counter(finger["class"] for finger in json.loads((folder / MANIFEST).read_text())["fingers"])


def _print(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary))
        return
    table = Table("what", "value")
    for name, value in summary.items():
        table.add_row(name, ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value))
    Console().print(table)


def _refuse(reason: str) -> None:
    print(f"error: {reason}", file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)
