"""``biometric-service evaluate``: how well this installation tells people apart, on labelled samples of one's own."""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from biometric_service.app import build_walk, settings_store
from biometric_service.cli.printing import err
from biometric_service.evaluation.findings import findings, read_labels
from biometric_service.evaluation.page import page
from biometric_service.evaluation.samples import Watching, compare_folders
from biometric_service.evaluation.verification import Made
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.statements import state
from biometric_service.vocabulary.templates import Template

KIND = "evaluation"
Folders = Annotated[list[Path], typer.Argument(exists=True, file_okay=False, help="Folders of labelled samples.")]
LabelsOption = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="CSV file: subject, then any of sensor, finger, sex…")
]


def evaluate(
    folders: Folders,
    report: Annotated[Path, typer.Option(help="Folder for report.html and the signed report.json.")] = Path("report"),
    modality: Annotated[Modality, typer.Option("--modality", "-m", help="What they show.")] = Modality.FINGERPRINT,
    labels: LabelsOption = None,
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
) -> None:
    """Measure verification (ISO/IEC 19795-1) on FINGER_IMPRESSION.png, or on one folder of photographs a person."""
    settings = load_settings()
    known = read_labels(labels) if labels else {}
    unused = {"face_model": ""} if modality is Modality.FINGERPRINT else {"fingerprint_model": ""}
    with tempfile.TemporaryDirectory() as scratch:
        walk = build_walk(settings.model_copy(update={"data_dir": Path(scratch), **unused}))
        sets = compare_folders(walk, modality, folders, cache, Watching(_making, _comparing))
    comparator = walk.comparators[modality]
    fields = {
        "kind": KIND,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "modality": modality.value,
        "model": str(comparator.format),
        "comparator": comparator.name,
        **findings(sets, known),
    }
    with settings_store(settings) as opened:
        signed = state(fields, opened.keys.current)
    report.mkdir(parents=True, exist_ok=True)
    (report / "report.json").write_text(f"{signed}\n", encoding="utf-8")
    (report / "report.html").write_text(page(fields), encoding="utf-8")
    typer.echo(f"Written: {report / 'report.html'} and the signed {report / 'report.json'}.")


def _making(work: Made, count: int) -> Made:
    return track(work, "Extracting", count, console=err)


def _comparing(templates: Sequence[Template]) -> Iterable[Template]:
    return track(templates, "Comparing", console=err)
