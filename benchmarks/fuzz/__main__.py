"""Fuzz whatever bytes of strangers come in by: ``python -m benchmarks.fuzz [TARGET...] [--runs N] [--json]``.

Coverage-guided mutation (atheris, libFuzzer) of good inputs: nothing may crash, hang, take more memory than it may, or
raise anything but a typed error. The runs are shared out evenly. Exit status 1 and the input in ``--findings`` where
something did.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.fuzz import targets
from benchmarks.fuzz.run import Limits, Outcome, fuzz

FINDINGS = Path("var/fuzz")


def main(  # noqa: PLR0913 (options of a command)
    chosen: Annotated[list[str] | None, typer.Argument(metavar="[TARGET...]", help="Which; all unless named.")] = None,
    *,
    runs: Annotated[int, typer.Option(min=1, help="Inputs in total, over all targets.")] = 100_000,
    seconds: Annotated[int, typer.Option(min=1, help="One input may take.")] = 10,
    megabytes: Annotated[int, typer.Option(min=64, help="A target's process may take.")] = 2048,
    seed: Annotated[int, typer.Option(help="Of the mutations.")] = 1,
    findings: Annotated[Path, typer.Option(help="Where inputs that broke something are kept.")] = FINDINGS,
    corpus: Annotated[Path | None, typer.Option(help="Keep what was learned here, and begin with it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fuzz and print what came of it."""
    modules = [name for name in targets.names() if not chosen or name.rpartition(".")[2] in chosen]
    if not modules or len(modules) < len(chosen or ()):
        raise typer.BadParameter(f"take some of {', '.join(name.rpartition('.')[2] for name in targets.names())}")
    limits = Limits(-(-runs // len(modules)), seconds, megabytes, seed)
    outcomes = _fuzz_all(modules, limits, findings, corpus)
    if as_json:
        print(
            json.dumps(
                {"targets": [asdict(each) | {"finding": each.finding and str(each.finding)} for each in outcomes]}
            )
        )
    else:
        _print(outcomes)
    raise typer.Exit(int(not all(each.passed for each in outcomes)))


def _fuzz_all(modules: list[str], limits: Limits, findings: Path, corpus: Path | None) -> list[Outcome]:
    with Progress(console=Console(stderr=True)) as shown, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:

        def work(module: str) -> Outcome:
            task = shown.add_task(module.rpartition(".")[2], total=limits.runs)
            return fuzz(module, limits, findings, corpus, lambda inputs: shown.update(task, completed=inputs))

        return list(workers.map(work, modules))


def _print(outcomes: list[Outcome]) -> None:
    table = Table("target", "inputs", "outcome", title=f"{sum(each.inputs for each in outcomes):,} inputs")
    for each in outcomes:
        table.add_row(each.target, f"{each.inputs:,}", "passed" if each.passed else f"broken by {each.finding}")
    console = Console()
    console.print(table)
    for each in outcomes:
        if not each.passed:
            console.print(f"[bold]{each.target}[/bold]\n{each.report}", markup=True)


if __name__ == "__main__":
    typer.run(main)
