"""``biometric-service policy check|explain``."""

from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app import open_service
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.decision.outlook import Outlook, Served, outlook
from biometric_service.decision.policy_file import DEFAULT_POLICY, read_policy
from biometric_service.recognition.walk import Walk
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import Modality

policy = typer.Typer(no_args_is_help=True, help="The policy: what is asked of a match, for each purpose.")

COLUMNS = (
    "purpose",
    "question",
    "by",
    "among",
    "error rate",
    "FMR",
    "score needed",
    "asked a day",
    "false a day",
    "to review a day",
    "missed",
    "not even seen",
)


@policy.command("check")
def check_policy(
    file: Annotated[Path | None, typer.Argument(help="The file; without one, that of the settings.")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say whether a policy file is valid; exit status 2 names each line that is not and what is expected of it."""
    path = file or load_settings().policy_file or DEFAULT_POLICY
    read = read_policy(path)
    if json:
        print_json(
            {"file": path, "version": read.stamp.version, "digest": read.stamp.digest, "points": len(read.points)}
        )
    else:
        typer.echo(f"{path}: valid, version {read.stamp.version}, {len(read.points)} operating points.")


@policy.command("explain")
def explain_policy(
    references: Annotated[
        int | None, typer.Option(min=1, help="Explain for so many references rather than those enrolled.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Print what each operating point means here: FMR, false positives a day, and how many mates are missed."""
    with open_service(load_settings()) as service:
        in_force = service.walk.policy.current()
        lines = list(outlook(in_force, served(service.walk, references)))
    if json:
        print_json({"version": in_force.stamp.version, "digest": in_force.stamp.digest, "points": lines})
        return
    print_table(f"Policy {in_force.stamp.version}, for one sample of a kind", COLUMNS, map(_row, lines))
    typer.echo(
        "False and to review a day: if everybody asked about were a stranger. Missed: as measured on the card's data;"
    )
    typer.echo("~ where the score needed lies beyond the data that the calibration rests on. More samples miss fewer.")


def served(walk: Walk, references: int | None) -> dict[Modality, Served]:
    """How each modality is calibrated, and how many references it has, or is to be explained for."""
    return {
        modality: Served(comparator.calibration, references or len(walk.indexes[modality]))
        for modality, comparator in walk.comparators.items()
    }


def _row(line: Outlook) -> tuple[str, ...]:
    return (
        line.purpose,
        line.question.value,
        line.modality.value,
        f"{line.references:,}",
        f"{line.rate:g}",
        f"{line.fmr:.2g}",
        f"{'~' * line.extrapolated}{line.threshold:.2f}",
        f"{line.a_day:g}",
        f"{line.false_positives_a_day:.2g}",
        f"{line.reviews_a_day:.2g}",
        _share(line.missed),
        _share(line.missed_by_review),
    )


def _share(rate: float | None) -> str:
    return "not measured" if rate is None else f"{rate:.2%}"
