"""What the resolution costs: ``python -m benchmarks.accuracy.resolution DIR... [--dpi 250 --dpi 1000] [--json]``.

DIR holds FINGER_IMPRESSION.png as for ``benchmarks.accuracy.fingerprint``. Every impression is resampled to each dpi
(shrunk by averaging, enlarged by cubics), handed to the service with that dpi, and compared as there. Enlarged prints
hold no more than they did, so that 1000 dpi shows only that nothing is lost on the way.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.fingerprint import benchmark, fingerprint_walk
from biometric_service.evaluation.subjects import fingerprints
from biometric_service.extraction.fingerprint.resampling import resized

DPI = (250.0, 500.0, 1000.0)


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    dpi: Annotated[list[float] | None, typer.Option(help="Resolutions to try.")] = None,
    impressions: Annotated[int, typer.Option(min=2, help="Only the first so many of each finger.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
) -> None:
    """Print the pooled error rates at each resolution."""
    with tempfile.TemporaryDirectory() as scratch:
        walk = fingerprint_walk(Path(scratch))
        result = {}
        for wanted in dpi or DPI:
            made = list(_resampled(folders, wanted, impressions, Path(scratch) / f"{wanted:g}"))
            found = benchmark(walk, made, cache)
            result[f"{wanted:g}"] = {**found["pooled"], "fte": found["fte"]}
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def _resampled(folders: Sequence[Path], dpi: float, impressions: int, target: Path) -> Iterator[Path]:
    """Each folder again, with its pictures at the dpi."""
    for folder in folders:
        made = target / folder.name
        made.mkdir(parents=True)
        made.joinpath("dpi").write_text(str(dpi))
        for finger in fingerprints([folder]):
            for file in finger.samples[:impressions]:
                pixels = np.asarray(cv2.imread(str(file.path), cv2.IMREAD_GRAYSCALE), np.uint8)
                cv2.imwrite(str(made / file.path.name), resized(pixels, dpi / (file.dpi or dpi)))
        yield made


def _table(result: Mapping[str, Mapping[str, Any]]) -> Table:
    first = next(iter(result.values()))
    table = Table("dpi", "EER", "FMR 1 %", "FMR 0.1 %", "FMR 0.01 %", "FTE")
    table.title = f"{first['mated']:,} mated, {first['nonmated']:,} non-mated comparisons: FNMR with its 95 % interval"
    for dpi, rates in result.items():
        spans = ([100 * bound for bound in rates["interval"][fmr]] for fmr in rates["fnmr"])
        fnmrs = [
            f"{fnmr:.2%} ({low:.2f} - {high:.2f})"
            for fnmr, (low, high) in zip(rates["fnmr"].values(), spans, strict=True)
        ]
        table.add_row(dpi, f"{rates['eer']:.2%}", *fnmrs, f"{rates['fte']:.2%}")
    return table


if __name__ == "__main__":
    typer.run(main)
