"""``biometric-service muster|release|visits``: counts, who may leave, and who is in."""

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from biometric_service.app import settings_store
from biometric_service.cli.files import read_text, write_file
from biometric_service.cli.options import GalleryOption, LanguageOption, PurposeOption, officer, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.muster_reports import muster_csv, muster_pdf
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.manual import expiry
from biometric_service.recognition.muster import KIND, close_muster, start_muster
from biometric_service.recognition.release import cancel_release, confirm_release, open_release, standing
from biometric_service.references.witness import own_statement
from biometric_service.settings import load_settings
from biometric_service.texts.speaking import Language
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.musters import NewMuster, Shown
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.releases import NewRelease, ReleaseKind, ReleaseView

PAGE = 200
LISTED = 2000

muster = typer.Typer(no_args_is_help=True, help="Counts: start, look at, close, write the report.")
release = typer.Typer(no_args_is_help=True, help="Releases and transfers: list, open, confirm, call off.")
visits = typer.Typer(help="Visitors who are in.")

MusterName = Annotated[str, typer.Argument(help="The muster's id.")]
ReleaseName = Annotated[str, typer.Argument(help="The release's id.")]


@muster.command("start")
def start(
    gallery: Annotated[list[str], typer.Option("--gallery", "-g", help="Whom to count.")],
    zone: Annotated[list[str] | None, typer.Option(help="Where; left out, everywhere within the walls.")] = None,
    shown: Annotated[Shown, typer.Option(help="What everybody is to show.")] = Shown.EITHER,
    purpose: PurposeOption = "muster",
) -> None:
    """Start a count and print its id."""
    galleries, zones = frozenset(map(GalleryId, gallery)), frozenset(map(ZoneId, zone or ()))
    new = NewMuster(uuid4().hex, galleries, zones, shown)
    with settings_store(load_settings()) as opened:
        start_muster(opened.day, new, operator(purpose))
    typer.echo(new.id)


@muster.command("list")
def list_musters(purpose: PurposeOption = "muster", *, json: JsonOption = False) -> None:
    """Print the newest 200 musters."""
    with settings_store(load_settings()) as opened:
        found = opened.day.musters.musters(0, PAGE)
        opened.store.record(day_event(EventKind.MUSTER_READ, operator(purpose)))
    if json:
        print_json({"musters": found})
    else:
        rows = ((each.id, " ".join(sorted(each.zones)), each.started_at, each.closed_at or "open") for each in found)
        print_table("Musters", ("muster", "zones", "started", "closed"), rows)


@muster.command("board")
def board(name: MusterName, purpose: PurposeOption = "muster", *, json: JsonOption = False) -> None:
    """Print how a muster stands: the figures, and who is missing; exit status 1 while somebody is."""
    with settings_store(load_settings()) as opened:
        stands = opened.day.musters.board(name, LISTED)
        opened.store.record(day_event(EventKind.MUSTER_READ, operator(purpose), muster=name))
    if json:
        lists = {"missing": stands.missing, "elsewhere": stands.elsewhere, "away": stands.away}
        print_json({"tally": stands.tally, **lists})
    else:
        tally = stands.tally
        typer.echo(f"{tally.counted} of {tally.expected} counted, {tally.elsewhere} elsewhere, {tally.missing} missing")
        if stands.away:
            typer.echo(f"Since it began {tally.off_site_since} went off site, and {tally.left_since} left.")
        rows = ((each.subject, each.zone or "nobody knows", each.since or "") for each in stands.missing)
        print_table("Missing", ("person", "last seen in", "at"), rows)
    raise typer.Exit(1 if stands.tally.missing else 0)


@muster.command("close")
def close(name: MusterName, purpose: PurposeOption = "muster") -> None:
    """End a count and print its signed report."""
    with settings_store(load_settings()) as opened:
        closed = close_muster(opened.day, name, operator(purpose))
    typer.echo(closed.report)


@muster.command("report")
def report(
    name: MusterName,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .json, .csv or .pdf.")],
    purpose: PurposeOption = "muster",
    language: LanguageOption = Language.ENGLISH,
) -> None:
    """Write the report of a closed muster; its ending says in which form."""
    with settings_store(load_settings()) as opened:
        found = opened.day.musters.muster(name)
        opened.store.record(day_event(EventKind.MUSTER_READ, operator(purpose), muster=name))
    if found.is_open:
        raise BiometricServiceError(ErrorCode.MUSTER_CONFLICT, "The muster is open.", "Close it first.")
    if output.suffix == ".pdf":
        written = muster_pdf(found.report, language)
    elif output.suffix == ".csv":
        written = muster_csv(found.report, language).encode()
    else:
        written = found.report.encode()
    write_file(output, written)
    typer.echo(f"Written: {output}")


@muster.command("verify")
def verify_report(file: Annotated[Path, typer.Argument(help="Report of a muster as JSON.")]) -> None:
    """Check that a report is this store's and stands as it was signed, and print its figures."""
    with settings_store(load_settings()) as opened:
        statement = own_statement(opened, read_text(file).strip(), KIND)
    print_json({name: statement.fields[name] for name in ("muster", "closed_at", "closed_by", "figures")})


@release.command("list")
def list_releases(
    purpose: PurposeOption = "release",
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over.")] = False,
    json: JsonOption = False,
) -> None:
    """Print the first 200 open releases, or those that are over, with what stands against each."""
    with settings_store(load_settings()) as opened:
        store = opened.day.releases
        views = [store.view(each.id, standing) for each in store.releases(0, PAGE, ended=ended)]
        opened.store.record(day_event(EventKind.RELEASES_READ, operator(purpose)))
    if json:
        print_json({"releases": views})
    else:
        columns = ("release", "who", "kind", "state", "against it", "confirmed by", "until")
        print_table("Releases", columns, map(_release_row, views))


@release.command("open")
def open_one(  # noqa: PLR0913, PLR0917 - options of a command line
    subject: Annotated[str, typer.Argument(help="Who it is said to be.")],
    gallery: GalleryOption,
    legal_basis: Annotated[str, typer.Option(help="On what; encrypted at rest.")],
    kind: Annotated[ReleaseKind, typer.Option(help="What becomes of the person.")] = ReleaseKind.RELEASE,
    destination: Annotated[str, typer.Option(help="Where to; encrypted at rest.")] = "",
    purpose: PurposeOption = "release",
) -> None:
    """Open a release or transfer and print its id; the person is compared at a station."""
    settings = load_settings()
    until = expiry(settings.release_hours * 60)
    new = NewRelease(uuid4().hex, kind, SubjectId(subject), GalleryId(gallery), legal_basis, destination, until)
    with settings_store(settings) as opened:
        open_release(opened.day, new, operator(purpose))
    typer.echo(new.id)


@release.command("confirm")
def confirm(name: ReleaseName, purpose: PurposeOption = "release") -> None:
    """Confirm a release as the account that runs this; the second one lets the person go."""
    with settings_store(load_settings()) as opened:
        view = confirm_release(opened.day, name, officer(purpose))
    typer.echo(f"{view.state.value}: confirmed by {' and '.join(view.release.confirmed_by)}.")


@release.command("cancel")
def cancel(name: ReleaseName, purpose: PurposeOption = "release") -> None:
    """Call a release off."""
    with settings_store(load_settings()) as opened:
        cancel_release(opened.day, name, operator(purpose))
    typer.echo(f"Release {name} is called off.")


@visits.callback(invoke_without_command=True)
def list_visits(
    purpose: PurposeOption = "visit",
    *,
    left: Annotated[bool, typer.Option("--left", help="Those who have left.")] = False,
    json: JsonOption = False,
) -> None:
    """Print the first 200 visitors who are in, or have left."""
    with settings_store(load_settings()) as opened:
        found = opened.day.visits.visits(0, PAGE, left=left)
        opened.store.record(day_event(EventKind.VISITS_READ, operator(purpose)))
    if json:
        print_json({"visits": found})
    else:
        rows = ((each.id, each.visitor, each.host or "", each.opened_at, each.left_at or "in") for each in found)
        print_table("Visits", ("visit", "visitor", "whom", "since", "left"), rows)


def _release_row(view: ReleaseView) -> tuple[object, ...]:
    one = view.release
    against = ", ".join(dict.fromkeys(each.kind.value for each in view.blocks))
    return (one.id, one.subject, one.kind.value, view.state.value, against, " ".join(one.confirmed_by), one.expires_at)
