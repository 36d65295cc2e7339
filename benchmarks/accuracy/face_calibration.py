"""Calibrate face scores: ``python -m benchmarks.accuracy.face_calibration DIR --model NAME``.

DIR holds one folder a person. Two tables of the model's manifest (of its companion's entry in it, where it has one) are
fitted to every second person and printed on standard output: ``[calibration.standardised_cosine]`` to one embedding of
each and to their non-mated comparisons, ``[calibration.recognisability]`` to the norms of their embeddings. Strangers'
statistics fit the people that they were taken from too well, so the comparisons among each half of these persons are
made with the statistics of the other half. What the first table states is checked against what is measured among the
persons who are left, whom it has never seen, and printed on standard error.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.face import Photographs, compare_all, face_walk, observe_all
from biometric_service.comparison.calibration import Calibration, identity
from biometric_service.comparison.fitting import fit_calibration, weight_of, with_mated
from biometric_service.comparison.population import Population
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.evaluation.rates import Experiment, Scores
from biometric_service.evaluation.verification import pool
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat

AXES = 32
UNCALIBRATED = Calibration("uncalibrated", (-100.0, 100.0), (0.0, 1.0), 0.0, 0, "nothing")
STATED = np.arange(1.0, 6.5, 0.5)
PER_LINE = 10
VERSION = 2
"""Of the table that is printed."""
DECIMALS = 4
QUANTILES = np.linspace(0, 1, 21)


def main(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    model: Annotated[str, typer.Option(help="Manifest of the embedder, which must have some table already.")],
    companion: Annotated[str, typer.Option(help="Manifest of the embedder joined to it; empty for none.")] = "",
    detector: Annotated[str, typer.Option(help="Manifest of the detector.")] = "auto",
) -> None:
    """Print the tables and how true they are."""
    with tempfile.TemporaryDirectory() as scratch:
        walk = face_walk(Path(scratch), model, companion, detector)
        photographs = observe_all(walk, folder)
    fitted_to, unseen = (_every(2, photographs, each) for each in (0, 1))
    quarters = [_every(4, photographs, each) for each in (0, 2)]
    data = f"every second person of {folder.name}, detected by {detector}"
    template_format = walk.comparators[Modality.FACE].format
    crossed = pool([compare_all(_comparator(template_format, a), b)[0] for a, b in (quarters, quarters[::-1])])
    comparator = _comparator(template_format, fitted_to)
    left = compare_all(comparator, unseen)[0]
    calibration = with_mated(_fitted(comparator, crossed, data), left.mated, f"the other persons of {folder.name}")
    within = f"companion.{companion}." if companion else ""
    print(as_toml(f"{within}calibration.{comparator.name}", _population(fitted_to).table() | calibration.table()))
    print(as_toml("calibration.recognisability", _norm_table(fitted_to, data)), end="")
    Console(stderr=True).print(_check(calibration, left.nonmated[np.isfinite(left.nonmated)]))


def _fitted(comparator: Comparator, crossed: Experiment, data: str) -> Calibration:
    """The comparator's curve with its uncertainty by person."""
    made = np.isfinite(crossed.nonmated)
    curve = fit_calibration(comparator.name, crossed.nonmated[made], data, crossed.nonmated_groups[made])
    of = identity(comparator.format, comparator.name, comparator.version)
    return replace(curve, of=of, version=VERSION, weight=weight_of(curve, crossed.mated))


def _comparator(template_format: TemplateFormat, photographs: Photographs) -> StandardisedComparator:
    return StandardisedComparator(template_format, _population(photographs), UNCALIBRATED)


def _population(photographs: Photographs) -> Population:
    """Of the first photograph of each person."""
    _, firsts = np.unique(photographs.persons, return_index=True)
    templates = (photographs.templates[first] for first in firsts.tolist())
    return Population.of(np.stack([each.embedding for each in templates if isinstance(each, FaceTemplate)]), AXES)


def as_toml(name: str, table: Mapping[str, Any]) -> str:
    """The table of that name as it stands in a manifest."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _value(value: object) -> str:
    if not isinstance(value, list):
        return f'"{value}"' if isinstance(value, str) else str(value)
    numbers = [f"{round(number, DECIMALS):g}" for number in value]
    rows = [", ".join(numbers[i : i + PER_LINE]) for i in range(0, len(numbers), PER_LINE)]
    return "\n".join(["[", *(f"    {row}," for row in rows), "]"])


def _every(nth: int, photographs: Photographs, first: int) -> Photographs:
    """Those of every nth person from the ``first`` on, counted from 0."""
    kept = np.flatnonzero(photographs.persons % nth == first)
    return replace(
        photographs,
        templates=[photographs.templates[i] for i in kept.tolist()],
        norms=photographs.norms[kept],
        qualities=photographs.qualities[kept],
        persons=photographs.persons[kept] // nth,
    )


def _norm_table(photographs: Photographs, data: str) -> dict[str, Any]:
    """What ``quality.face.Recognisability`` reads."""
    norms = photographs.norms
    return {"norms": np.quantile(norms[norms > 0], QUANTILES).tolist(), "data": data}


def _check(calibration: Calibration, nonmated: Scores) -> Table:
    """Stated and measured -log10 FMR at the same raw scores."""
    table = Table("stated", "measured", "comparisons reaching it", title=f"{len(nonmated):,} unseen comparisons")
    for stated in STATED:
        reaching = int(np.count_nonzero(calibration.values(nonmated) >= stated))
        measured = f"{-np.log10(reaching / len(nonmated)):.2f}" if reaching else "none"
        table.add_row(f"{stated:.1f}", measured, f"{reaching:,}")
    return table


if __name__ == "__main__":
    typer.run(main)
