"""Calibrate face scores: ``python -m benchmarks.accuracy.face_calibration DIR --model NAME``.

DIR holds one folder a person. Two tables of the model's manifest are fitted to every second person and printed on
standard output: ``[calibration.cosine]`` to their non-mated comparisons, ``[calibration.recognisability]`` to the norms
of their embeddings. What the first one states is checked against what is measured among the other persons, whom it has
never seen, and printed on standard error.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.face import Photographs, compare_all, face_walk, observe_all
from biometric_service.comparison.calibration import Calibration, fit_calibration
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality

STATED = np.arange(1.0, 6.5, 0.5)
PER_LINE = 10
DECIMALS = 4
QUANTILES = np.linspace(0, 1, 21)


def main(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    model: Annotated[str, typer.Option(help="Manifest of the embedder, which must have some table already.")],
    detector: Annotated[str, typer.Option(help="Manifest of the detector.")] = "auto",
) -> None:
    """Print the table and how true it is."""
    with tempfile.TemporaryDirectory() as scratch:
        walk = face_walk(Path(scratch), model, detector)
        photographs = observe_all(walk, folder)
    halves = [_half(photographs, half) for half in (0, 1)]
    fitted, unseen = (_nonmated(walk.comparators[Modality.FACE], half) for half in halves)
    data = f"every second person of {folder.name}, detected by {detector}"
    calibration = fit_calibration("cosine", fitted, data)
    print(as_toml(calibration.comparator, calibration.table()))
    print(as_toml("recognisability", _norm_table(halves[0], data)), end="")
    Console(stderr=True).print(_check(calibration, unseen))


def as_toml(comparator: str, table: Mapping[str, Any]) -> str:
    """The table as it stands in a manifest."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join([f"[calibration.{comparator}]", *lines, ""])


def _value(value: object) -> str:
    if not isinstance(value, list):
        return f'"{value}"' if isinstance(value, str) else str(value)
    numbers = [f"{round(number, DECIMALS):g}" for number in value]
    rows = [", ".join(numbers[i : i + PER_LINE]) for i in range(0, len(numbers), PER_LINE)]
    return "\n".join(["[", *(f"    {row}," for row in rows), "]"])


def _half(photographs: Photographs, half: int) -> Photographs:
    kept = np.flatnonzero(photographs.persons % 2 == half)
    return replace(
        photographs,
        templates=[photographs.templates[i] for i in kept.tolist()],
        norms=photographs.norms[kept],
        qualities=photographs.qualities[kept],
        persons=photographs.persons[kept],
    )


def _nonmated(comparator: Comparator, photographs: Photographs) -> NDArray[np.float32]:
    scores = compare_all(comparator, photographs)[0].nonmated
    return np.asarray(scores[np.isfinite(scores)], np.float32)


def _norm_table(photographs: Photographs, data: str) -> dict[str, Any]:
    """What ``quality.face.Recognisability`` reads."""
    norms = photographs.norms
    return {"norms": np.quantile(norms[norms > 0], QUANTILES).tolist(), "data": data}


def _check(calibration: Calibration, nonmated: NDArray[np.float32]) -> Table:
    """Stated and measured -log10 FMR at the same raw scores."""
    table = Table("stated", "measured", "comparisons reaching it", title=f"{len(nonmated):,} unseen comparisons")
    for stated in STATED:
        reaching = int(np.count_nonzero(calibration.values(nonmated) >= stated))
        measured = f"{-np.log10(reaching / len(nonmated)):.2f}" if reaching else "none"
        table.add_row(f"{stated:.1f}", measured, f"{reaching:,}")
    return table


if __name__ == "__main__":
    typer.run(main)
