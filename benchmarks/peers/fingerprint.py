"""Ours beside its peers: ``python -m benchmarks.peers.fingerprint DIR... [--json] [--plot FILE.png] [--limit N]``.

DIR holds FINGER_IMPRESSION.png, as for ``benchmarks.accuracy.fingerprint``. In one run and one process the same
impressions are extracted and the same pairs compared by this service as it is set up, by SourceAFIS alone, by
SourceAFIS on LEADER's minutiae, and by NIST's mindtct and bozorth3. An impression without a template is a false
non-match in each of its mated pairs. Speeds are by CPU time of the process, every comparison asked for from Python.
Needs biometric-service[sourceafis,nfiq2].
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.peers.contenders import BOZORTH3, OURS, SETTINGS, Arena, Showing
from benchmarks.peers.det_plot import plot_det
from biometric_service.evaluation.subjects import fingerprints


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the DET curves here.")] = None,
    limit: Annotated[int | None, typer.Option(min=2, help="Only the first fingers of each DIR.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
) -> None:
    """Print error rates, failures and speeds of every contender on the same pairs."""
    with tempfile.TemporaryDirectory() as scratch:
        taken = _first_fingers(folders, limit, Path(scratch)) if limit else folders
        arena = Arena(taken, cache)
        showings = [arena.show(name) for name in (*SETTINGS, BOZORTH3)]
    if plot:
        plot_det(showings, plot)
    result = figures(showings, [folder.name for folder in folders])
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def figures(showings: Sequence[Showing], sets: Sequence[str]) -> dict[str, Any]:
    """Every contender's figures, and its comparisons a second as a multiple of SourceAFIS's on its own templates."""
    contenders = {each.name: each.figures() for each in showings}
    peer = contenders["SourceAFIS"]["compare_per_s"]
    return {"sets": list(sets), "contenders": contenders, "times_sourceafis": contenders[OURS]["compare_per_s"] / peer}


def _first_fingers(folders: Sequence[Path], limit: int, scratch: Path) -> list[Path]:
    """The folders again with fewer fingers in them."""
    for folder in folders:
        (scratch / folder.name).mkdir()
        kept = [file.path for finger in fingerprints([folder])[:limit] for file in finger.samples]
        for path in [*kept, *folder.glob("dpi")]:
            (scratch / folder.name / path.name).symlink_to(path.resolve())
    return [scratch / folder.name for folder in folders]


def _table(result: Mapping[str, Any]) -> Table:
    table = Table(title="FNMR, with its 95 % interval, on the same pairs")
    for heading in ("", "EER", "FMR 1 %", "FMR 0.1 %", "FMR 0.01 %", "FTE", "ms an image", "comparisons/s"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, shown in result["contenders"].items():
        rates = shown["pooled"]
        fnmrs = [f"{fnmr:.2%} ({_span(rates['interval'][fmr])})" for fmr, fnmr in rates["fnmr"].items()]
        speeds = (f"{shown['extract_ms']:.0f}", f"{shown['compare_per_s']:,.0f}")
        table.add_row(name, f"{rates['eer']:.2%}", *fnmrs, f"{shown['fte']:.2%}", *speeds)
    pairs = next(iter(result["contenders"].values()))["pooled"]
    table.caption = f"{pairs['mated']:,} mated and {pairs['nonmated']:,} non-mated pairs; times are CPU, one core"
    return table


def _span(interval: Sequence[float]) -> str:
    return " - ".join(f"{100 * bound:.1f}" for bound in interval)


if __name__ == "__main__":
    typer.run(main)
