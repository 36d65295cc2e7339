"""``python -m benchmarks.synthesis.realism OUT --real DIR``: are synthetic prints like real ones to this service?

Prints, for the pictures in OUT, for templates made without pictures and for real folders: what their minutiae are like,
how mated and non-mated pairs score, and how far each synthetic distribution lies from the real one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.synthesis.likeness import Measures, compare_all, distance, distances, measure, score_table
from benchmarks.synthesis.population import Extract, Population, read, read_minutiae, strewn
from biometric_service.app.stages import Stages, build_stages
from biometric_service.recognition.requests import GivenImage
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate

IMPRESSIONS = 3
REAL = "real"


def main(
    out: Annotated[Path, typer.Argument(help="Folder of synthetic fingerprints.", exists=True)],
    *,
    real: Annotated[list[Path] | None, typer.Option(help="Folder of real ones, PNG or minutiae in .npz.")] = None,
    templates: Annotated[int, typer.Option(min=0, help="Fingers to make templates of without pictures.")] = 100,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare synthetic fingerprints with real ones by what this service sees in them."""
    stages = build_stages(load_settings())
    comparator = stages.comparators[Modality.FINGERPRINT]
    populations = {"pictures": read([out], _extractor(stages))}
    if templates:
        populations["templates"] = strewn(seed, templates, IMPRESSIONS, comparator.format)
    if real:
        populations[REAL] = read(real, _extractor(stages))
    report = compare_populations(comparator, populations)
    if as_json:
        print(json.dumps(report))
    else:
        _print(report)


def compare_populations(comparator: Comparator, populations: Mapping[str, Population]) -> dict[str, Any]:
    """Minutiae and scores of each population, and their Kolmogorov-Smirnov distances from the one named "real"."""
    measures = {name: measure(population.templates) for name, population in populations.items()}
    scores = {name: compare_all(comparator.bank(), population) for name, population in populations.items()}
    report: dict[str, Any] = {
        name: {"prints": len(populations[name].templates), **measures[name].table(), **score_table(scores[name])}
        for name in populations
    }
    if REAL in populations:
        for name in populations.keys() - {REAL}:
            nonmated = distance(scores[name].nonmated, scores[REAL].nonmated)
            mated = distance(scores[name].mated, scores[REAL].mated)
            apart = distances(measures[name], measures[REAL])
            report[name]["distance"] = {**apart, "mated": mated, "nonmated": nonmated}
    return report


def _extractor(stages: Stages) -> Extract:
    extractor = stages.extractors[Modality.FINGERPRINT]

    def extract(file: Path) -> MinutiaeTemplate | None:
        if file.suffix == ".npz":
            return read_minutiae(file, extractor.format)
        given = GivenImage(file.read_bytes(), Modality.FINGERPRINT, dpi=_dpi(file.parent), device=file.name)
        located = extractor.locate(stages.decode(given))
        made = located if isinstance(located, ExtractionFailure) else extractor.extract(located)
        return made if isinstance(made, MinutiaeTemplate) else None

    return extract


def _dpi(folder: Path) -> float:
    said = folder / "dpi"
    return float(said.read_text()) if said.exists() else 500.0


def _print(report: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table("what", *report)
    names = [*Measures.__slots__, "neighbours", "mated", "nonmated", "distance"]
    for name in names:
        cells = [_cell(of.get(name, {})) for of in report.values()]
        if any(cells):
            table.add_row(name, *cells)
    table.add_row("eer", *(f"{of['rates']['eer']:.4f}" for of in report.values()))
    Console().print(table)


def _cell(values: Mapping[str, float]) -> str:
    return "\n".join(f"{name} {value:g}" for name, value in values.items())


if __name__ == "__main__":
    typer.run(main)
