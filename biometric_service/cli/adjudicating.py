"""``biometric-service adjudicate``: judge who may be one person."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.cli.files import make_folder, write_file
from biometric_service.cli.options import PurposeOption, officer, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.recognition.adjudication import candidate_images, case_event, follows, merge, review, seen_by
from biometric_service.settings import load_settings
from biometric_service.vocabulary.adjudication import Case, ProbeImage, Verdict
from biometric_service.vocabulary.events import EventKind

adjudicate = typer.Typer(no_args_is_help=True, help="Cases of two who may be one person: list, show, decide, merge.")

CaseId = Annotated[str, typer.Argument(help="Id of the case.")]
AfterOption = Annotated[int, typer.Option(help="Begin after this place in the list.")]
PAGE = 100


@adjudicate.command("list")
def list_cases(
    after: AfterOption = 0,
    purpose: PurposeOption = "adjudication",
    *,
    closed: Annotated[bool, typer.Option("--closed", help="The closed ones: labelled evidence.")] = False,
    json: JsonOption = False,
) -> None:
    """Print the first 100 open cases, oldest first, or the closed ones."""
    caller = operator(purpose)
    with settings_store(load_settings()) as opened:
        cases = opened.cases.cases(after, PAGE, closed=closed)
        opened.store.record(case_event(EventKind.CASES_LISTED, caller, closed=str(closed).lower()))
    told = [_told(seen_by(case, caller)) for case in cases]
    if json:
        print_json({"cases": told})
    else:
        columns = ("number", "case", "origin", "subject", "candidate", "score", "outcome", "follows")
        print_table("Cases", columns, ([each[name] for name in columns] for each in told))


@adjudicate.command("show")
def show_case(
    case: CaseId,
    images: Annotated[Path | None, typer.Option(help="Write the images of both into this folder, to judge by.")] = None,
    purpose: PurposeOption = "adjudication",
) -> None:
    """Print a case as JSON: the scores, and what was said of it once it is closed."""
    caller = operator(purpose)
    with settings_store(load_settings()) as opened:
        found = opened.cases.case(case)
        shown = str(images is not None).lower()
        opened.store.record(case_event(EventKind.CASE_READ, caller, case=case, images=shown))
        if images is not None:
            make_folder(images)
            _write(images, "probe", opened.cases.probe(case))
            _write(images, "candidate", candidate_images(opened.store, found))
    print_json(_told(seen_by(found, caller)))


@adjudicate.command("decide")
def decide_case(
    case: CaseId,
    verdict: Annotated[Verdict, typer.Argument(help="What you found.")],
    note: Annotated[str, typer.Option(help="Why; shown to the others once the case is closed.")] = "",
    purpose: PurposeOption = "adjudication",
) -> None:
    """Judge a case, each reviewer once: two who agree close it, and a third where they disagree."""
    with settings_store(load_settings()) as opened:
        judged = review(opened.cases, case, verdict, note, officer(purpose))
    if judged.outcome is None:
        typer.echo("Kept. The case waits for another reviewer.")
    else:
        typer.echo(f"Closed: {judged.outcome.value}. What follows: {follows(judged)}.")


@adjudicate.command("merge")
def merge_case(case: CaseId, purpose: PurposeOption = "adjudication") -> None:
    """Join the two whom the reviewers of a closed case found to be the same person."""
    with settings_store(load_settings()) as opened:
        change = merge(opened.encounters, opened.cases.case(case), operator(purpose))
    typer.echo(f"Done (change {change}).")


def _write(folder: Path, whose: str, images: Sequence[ProbeImage]) -> None:
    for number, each in enumerate(images):
        if each.data:
            name = f"{whose}-{number}-{each.modality.value}-{each.position.name.lower()}"
            write_file(folder / name, each.data)


def _told(case: Case) -> dict[str, object]:
    likeness = case.likeness
    return {
        "number": case.number,
        "case": case.id,
        "origin": case.origin.value,
        "subject": case.subject,
        "candidate": case.candidate,
        "score": round(likeness.score, 3),
        "threshold": round(likeness.threshold, 3),
        "parts": [
            {
                "modality": part.modality.value,
                "position": part.position.name.lower(),
                "score": part.score.value,
                "raw": part.score.raw,
                "comparator": part.score.comparator,
            }
            for part in likeness.parts
        ],
        "evidence": list(likeness.evidence),
        "opened_at": case.opened_at,
        "reviews": [f"{each.reviewer}: {each.verdict.value} {each.note}".strip() for each in case.reviews],
        "outcome": case.outcome and case.outcome.value,
        "closed_at": case.closed_at,
        "follows": follows(case),
    }
