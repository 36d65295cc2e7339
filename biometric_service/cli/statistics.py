"""``biometric-service statistics``: figures for the observatory, published month by month."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from biometric_service.app.service import settings_store
from biometric_service.app.sharing import observatory_of
from biometric_service.cli.options import PurposeOption, operator
from biometric_service.cli.printing import print_table
from biometric_service.interchange.statistics import writing
from biometric_service.interchange.statistics.publishing import Observatory, publish, recounted, shown
from biometric_service.settings import load_settings
from biometric_service.vocabulary.statistics import MonthTable

statistics = typer.Typer(no_args_is_help=True, help="Statistics for the observatory: publish, show, recount.")

Month = Annotated[str, typer.Argument(help="Such as 2026-10 (UTC).")]


class Form(StrEnum):
    """How a month is printed."""

    TABLE = "table"
    CSV = "csv"
    SDMX_JSON = "sdmx-json"


FormOption = Annotated[Form, typer.Option("--format", help="How it is printed.")]


@contextmanager
def observatory() -> Iterator[Observatory]:
    """On the settings' store."""
    settings = load_settings()
    with settings_store(settings) as opened:
        yield observatory_of(settings, opened)


@statistics.command("publish")
def publish_month(month: Month, form: FormOption = Form.TABLE, purpose: PurposeOption = "statistics") -> None:
    """Publish the statistics of a month that is over; published before, they stand as they are."""
    with observatory() as here:
        _print(here, publish(here, month, operator(purpose)), form)


@statistics.command("show")
def show_month(month: Month, form: FormOption = Form.TABLE, purpose: PurposeOption = "statistics") -> None:
    """Print the statistics of a month as they were published."""
    with observatory() as here:
        _print(here, shown(here, month, operator(purpose)), form)


@statistics.command("recount")
def recount_month(month: Month, purpose: PurposeOption = "statistics") -> None:
    """Count a month again over the same events; exit 1 where it comes out different."""
    with observatory() as here:
        table = shown(here, month, operator(purpose))
        same = recounted(here, table)
    typer.echo(
        f"The same: {table.digest}"
        if same
        else "Different: somebody who was counted was corrected or erased since, or the store's key was renewed."
    )
    raise typer.Exit(0 if same else 1)


@statistics.command("dictionary")
def print_dictionary() -> None:
    """Print what every column and code means, as CSV."""
    typer.echo(writing.dictionary(), nl=False)


def _print(here: Observatory, table: MonthTable, form: Form) -> None:
    if form is Form.TABLE:
        rows = ((each.measure.value, each.sex, each.age, _value(each.value)) for each in table.cells)
        print_table(f"{table.month} (digest {table.digest})", ("measure", "sex", "age", "count"), rows)
    else:
        text = writing.as_csv([table]) if form is Form.CSV else writing.sdmx_text([table], here.agency)
        typer.echo(text, nl=form is not Form.CSV)


def _value(value: int | None) -> str:
    return "suppressed" if value is None else str(value)
