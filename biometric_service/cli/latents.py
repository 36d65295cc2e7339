"""``biometric-service interchange latents``: latents that other agencies sent."""

from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app import open_service, settings_store
from biometric_service.cli.files import write_file
from biometric_service.cli.options import GalleryOption, PositionOption, PurposeOption, operator, position_named
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.interchange.exchange import Occasion
from biometric_service.interchange.latents import Marking, mark_latent, search_latent
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.latents import Latent, LatentContent, Region
from biometric_service.vocabulary.references import GalleryId

PAGE = 100
PURPOSE = "latent examination"

latents = typer.Typer(no_args_is_help=True, help="Latents: list, show, export, mark, search, delete.")

LatentArgument = Annotated[str, typer.Argument(help="Its id, as list prints it.")]


@latents.command("list")
def list_latents(
    after: Annotated[int, typer.Option(help="Begin after the one with this number.")] = 0, *, json: JsonOption = False
) -> None:
    """Print a page of latents, oldest first."""
    with settings_store(load_settings()) as opened:
        opened.store.record(Occasion(operator(PURPOSE)).event(EventKind.LATENT_READ))
        found = opened.latents.latents(after, PAGE)
    if json:
        print_json({"latents": found})
    else:
        columns = ("id", "received", "from", "transaction", "may be", "marked by", "as")
        print_table("Latents", columns, map(_row, found))


@latents.command("show")
def show_latent(latent: LatentArgument, target: Annotated[Path, typer.Argument(help="File for its image.")]) -> None:
    """Write the image of one to a file, for an examiner to look at."""
    write_file(target, _content(latent).image)


@latents.command("export")
def export_latent(latent: LatentArgument, target: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Write one to a file as a transaction, with what came with it and is kept nowhere else."""
    write_file(target, _content(latent).records)


@latents.command("mark")
def mark(
    latent: LatentArgument,
    position: PositionOption = "unknown",
    region: Annotated[str, typer.Option(help="left,top,width,height in pixels; left out, all of the image.")] = "",
    note: Annotated[str, typer.Option(help="What the examiner wants to say.")] = "",
) -> None:
    """Say what a latent shows, so that it can be searched."""
    marking = Marking(position_named(position), _region(region), note)
    with open_service(load_settings()) as service:
        mark_latent(service.exchange, latent, marking, operator(PURPOSE))
    typer.echo(f"Latent {latent} can be searched.")


@latents.command("search")
def search(
    latent: LatentArgument,
    gallery: GalleryOption = "ALL",
    purpose: PurposeOption = "investigation",
    *,
    json: JsonOption = False,
) -> None:
    """Search a marked latent."""
    with open_service(load_settings()) as service:
        found = search_latent(service.exchange, latent, GalleryId(gallery), operator(purpose))
    decision = found.decision
    if json:
        print_json(decision)
    else:
        rows = ((each.subject, f"{each.score:.2f}") for each in decision.candidates)
        print_table(f"{decision.outcome.value} {decision.subject or ''}".strip(), ("candidate", "score"), rows)


@latents.command("delete")
def delete(latent: LatentArgument) -> None:
    """Delete a latent for good."""
    with settings_store(load_settings()) as opened:
        opened.latents.drop(latent, Occasion(operator(PURPOSE)).event(EventKind.LATENT_DELETED, {"latent": latent}))
    typer.echo(f"Latent {latent} is deleted.")


def _content(latent: str) -> LatentContent:
    """What is kept of it; that it was read is told."""
    with settings_store(load_settings()) as opened:
        content = opened.latents.content(latent)
        opened.store.record(Occasion(operator(PURPOSE)).event(EventKind.LATENT_READ, {"latent": latent}))
        return content


def _region(said: str) -> Region | None:
    if not said:
        return None
    numbers = said.split(",")
    try:
        left, top, width, height = map(int, numbers)
    except ValueError:
        raise typer.BadParameter("a region is left,top,width,height in pixels") from None
    return Region(left, top, width, height)


def _row(latent: Latent) -> tuple[object, ...]:
    mark = latent.mark
    return (
        latent.id,
        f"{latent.received_at:%Y-%m-%d %H:%M}",
        latent.origin,
        latent.control,
        " or ".join(map(str, latent.positions)),
        mark.examiner if mark else "nobody",
        mark.position.name.lower() if mark else "",
    )
