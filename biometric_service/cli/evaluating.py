"""``biometric-service evaluate``: how well this installation tells people apart, on labelled samples of one's own."""

import secrets
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.progress import track

from biometric_service.app import build_walk, settings_store
from biometric_service.cli.files import make_folder, write_file
from biometric_service.cli.options import operator
from biometric_service.cli.printing import JsonOption, err, print_json
from biometric_service.evaluation.adjudicated import adjudicated, closed_cases
from biometric_service.evaluation.identification import Asked
from biometric_service.evaluation.labels import NO_LABELS, read_labels
from biometric_service.evaluation.measuring import Measured, measure
from biometric_service.evaluation.page import page
from biometric_service.evaluation.report import Report
from biometric_service.evaluation.samples import Watching
from biometric_service.evaluation.telling import told
from biometric_service.evaluation.verification import Made
from biometric_service.recognition.adjudication import case_event
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings, load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.statements import state
from biometric_service.vocabulary.templates import Template

KIND, PURPOSE = "evaluation", "evaluation"
PDF_NEEDS = ("reportlab", "matplotlib")
Folders = Annotated[
    list[Path] | None, typer.Argument(exists=True, file_okay=False, help="Folders of labelled samples.")
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="CSV file: subject or sample, then any of sensor, finger, sex…"),
]


def evaluate(  # noqa: PLR0913, PLR0917 - each is an option
    folders: Folders = None,
    report: Annotated[Path, typer.Option(help="Folder for report.html, .pdf and the signed .json.")] = Path("report"),
    modality: Annotated[Modality, typer.Option("--modality", "-m", help="What they show.")] = Modality.FINGERPRINT,
    labels: LabelsOption = None,
    cache: Annotated[
        Path | None, typer.Option(help="Keep templates and scores here, to go on after a break; they are in the clear.")
    ] = None,
    enrolled: Annotated[int, typer.Option("--enrol", min=1, help="Samples to enrol a subject with.")] = 1,
    seed: Annotated[int, typer.Option(help="Draws the half that is enrolled.")] = 1,
    *,
    of_cases: Annotated[bool, typer.Option("--adjudicated", help="Also what reviewers found in closed cases.")] = False,
    json: JsonOption = False,
) -> None:
    """Measure verification and identification (ISO/IEC 19795-1) on FINGER_IMPRESSION.png, or a folder a person."""
    if not folders and not of_cases:
        raise typer.BadParameter("Give folders of samples, or --adjudicated, or both.")
    for folder in filter(None, (report, cache)):
        make_folder(folder)
    settings = load_settings()
    known = read_labels(labels) if labels else NO_LABELS
    fields: dict[str, Any] = {"kind": KIND, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    if folders:
        fields |= _measured(settings, Measured(modality, folders, known, Asked(enrolled, seed, cache)))
    with settings_store(settings) as opened:
        if of_cases:
            fields["adjudicated"] = _of_cases(opened)
        signed = state(fields, opened.keys.current)
    _write(report, told(fields), signed)
    if json:
        print_json(fields)
    else:
        typer.echo(f"Written: {report / 'report.html'} and the signed {report / 'report.json'}.")


def _measured(settings: Settings, wanted: Measured) -> dict[str, Any]:
    """On a store of its own that is thrown away, with the models and the policy of the settings."""
    unused = {"face_model": ""} if wanted.modality is Modality.FINGERPRINT else {"fingerprint_model": ""}
    with tempfile.TemporaryDirectory() as scratch:
        own = thrown_away(settings, Path(scratch)).model_copy(update=unused)
        return measure(build_walk(own), wanted, Watching(_making, _comparing, _working))


def thrown_away(settings: Settings, folder: Path) -> Settings:
    """With a store in the folder under a key that is in memory alone: what a crash leaves of it cannot be opened."""
    key = {"master_key": SecretStr(secrets.token_hex(32)), "master_key_uri": SecretStr(""), "master_key_file": None}
    return settings.model_copy(update={"data_dir": folder, "database_url": "", **key})


def _of_cases(opened: OpenedStore) -> dict[str, Any]:
    opened.store.record(case_event(EventKind.CASES_LISTED, operator(PURPOSE), closed="true"))
    return adjudicated(list(closed_cases(opened.cases)))


def _write(folder: Path, report: Report, signed: str) -> None:
    write_file(folder / "report.json", f"{signed}\n".encode())
    write_file(folder / "report.html", page(report).encode())
    if all(map(find_spec, PDF_NEEDS)):
        write_file(folder / "report.pdf", import_module("biometric_service.evaluation.document").document(report))
    else:
        err.print("No report.pdf: that needs pip install 'biometric-service[reports]'.", markup=False, soft_wrap=True)


def _making(work: Made, count: int) -> Made:
    return track(work, "Extracting", count, console=err)


def _comparing(templates: Sequence[Template]) -> Iterable[Template]:
    return track(templates, "Comparing", console=err)


def _working(work: Sequence[Any], said: str) -> Iterable[Any]:
    return track(work, said, console=err)
