"""``biometric-service interchange quarantine``: transactions that were not taken in."""

from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app import open_service, settings_store
from biometric_service.cli.files import write_file
from biometric_service.cli.options import GalleryOption, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.interchange.exchange import Occasion
from biometric_service.interchange.quarantine import release
from biometric_service.interchange.receiving import ImportRequest, retry
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.transactions import HOLDS, HeldTransaction, HoldState

PAGE = 100
PURPOSE = "exchange"
COLUMNS = ("id", "received", "from", "file", "profile", "bytes", "tried", "state", "reason", "why")

quarantine = typer.Typer(no_args_is_help=True, help="Transactions that were not taken in: list, show, retry, release.")

HeldArgument = Annotated[str, typer.Argument(help="Its id, as list prints it.")]


@quarantine.command("list")
def list_held(
    after: Annotated[int, typer.Option(help="Begin after the one with this number.")] = 0,
    *,
    settled: Annotated[bool, typer.Option(help="Those that are held no longer.")] = False,
    json: JsonOption = False,
) -> None:
    """Print a page of what is held, oldest first."""
    with settings_store(load_settings()) as opened:
        opened.store.record(Occasion(operator(PURPOSE)).event(EventKind.TRANSACTIONS_READ))
        found = opened.quarantine.held(after, PAGE, settled=settled)
    if json:
        print_json({"transactions": found})
    else:
        print_table("Held transactions", COLUMNS, map(_row, found))


@quarantine.command("show")
def show_held(held: HeldArgument, *, json: JsonOption = False) -> None:
    """Print one, and what its reason means."""
    with settings_store(load_settings()) as opened:
        found = opened.quarantine.find(held)
        opened.store.record(Occasion(operator(PURPOSE)).event(EventKind.TRANSACTIONS_READ, {"held": held}))
    if json:
        print_json(found)
    else:
        print_table(HOLDS[found.refusal.reason], COLUMNS, [_row(found)])


@quarantine.command("retry")
def retry_held(  # noqa: PLR0913 - options of a command line
    held: HeldArgument,
    profile: Annotated[str | None, typer.Option(help="Under this profile; else the one that it came under.")] = None,
    subject: Annotated[str | None, typer.Option(help="Id of the person.")] = None,
    gallery: GalleryOption = "inmates",
    *,
    despite_duplicates: Annotated[
        bool, typer.Option(help="Enrol even somebody who seems to be enrolled under another id.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Try to take one in again, after a profile was corrected or an officer has looked; exit status 1 if it is held."""
    with open_service(load_settings()) as service:
        came_under = service.quarantine.find(held).profile
        request = ImportRequest(
            b"",
            frozenset({GalleryId(gallery)}),
            profile or came_under,
            "",
            SubjectId(subject) if subject else None,
            despite_duplicates,
        )
        found = retry(service.exchange, held, request, operator("intake"))
    assert found.held
    if json:
        print_json(found)
    else:
        print_table(found.outcome.value, COLUMNS, [_row(found.held)])
    raise typer.Exit(1 if found.held.state is HoldState.HELD else 0)


@quarantine.command("release")
def release_held(held: HeldArgument, target: Annotated[Path, typer.Argument(help="File to write it to.")]) -> None:
    """Hand one out as it came, and hold it no longer."""
    with settings_store(load_settings()) as opened:
        write_file(target, opened.quarantine.data(held))
        release(opened.quarantine, held, operator(PURPOSE))
    typer.echo(f"Transaction {held} is held no longer.")


def _row(held: HeldTransaction) -> tuple[object, ...]:
    return (
        held.id,
        f"{held.received_at:%Y-%m-%d %H:%M}",
        held.sender,
        held.name,
        held.profile,
        f"{held.size:,}",
        held.attempts,
        held.state.value,
        held.refusal.reason.value,
        str(held.refusal.why),
    )
