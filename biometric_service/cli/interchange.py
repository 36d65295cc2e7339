"""``biometric-service interchange``: what a record holds, and transactions of other agencies in and out."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app import open_service
from biometric_service.cli.enrolling import require_gallery_made
from biometric_service.cli.files import read_file, write_file
from biometric_service.cli.holding import quarantine
from biometric_service.cli.latents import latents
from biometric_service.cli.options import PurposeOption, officer, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.cli.sharing import parts
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.forms import open_record
from biometric_service.interchange.itl.payloads import Compression
from biometric_service.interchange.itl.profile import load_profile, profile_names
from biometric_service.interchange.itl.summary import RecordSummary, Summary
from biometric_service.interchange.receiving import Import, ImportOutcome, ImportRequest, receive
from biometric_service.interchange.sending import Layout
from biometric_service.interchange.sharing.disclosing import Choice, hand_over
from biometric_service.settings import load_settings
from biometric_service.vocabulary.references import EncounterId, GalleryId, Json, SubjectId

LONGEST_TEXT = 60

interchange = typer.Typer(no_args_is_help=True, help="Records that agencies exchange: inspect, import, export.")
interchange.add_typer(quarantine, name="quarantine")
interchange.add_typer(latents, name="latents")

ProfileOption = Annotated[str, typer.Option(help="Domain profile (interchange profiles).")]


@interchange.command("inspect")
def inspect_file(
    file: Annotated[Path, typer.Argument(help="A transaction, or an ISO/IEC 19794 or CBEFF record.")],
    profile: ProfileOption = "itl",
    *,
    json: JsonOption = False,
) -> None:
    """Print what a record holds; nothing is kept. Exit status 2 and one line where it cannot be read."""
    rules = ExchangeRules.of(load_settings())
    found = open_record(read_file(file), rules, profile)
    if json:
        print_json({"form": found.form, "content": found.content})
    elif isinstance(found.content, Summary):
        _print_transaction(file.name, found.content)
    else:
        print_table(f"{file.name}: {found.form}", ("what", "value"), _rows(found.content))


@interchange.command("profiles")
def list_profiles(*, json: JsonOption = False) -> None:
    """Print every domain profile: what it is called, its title and its types of transaction."""
    folder = load_settings().interchange_profiles_dir
    found = {name: load_profile(name, folder) for name in profile_names(folder)}
    if json:
        print_json({name: profile.model_dump(mode="json") for name, profile in found.items()})
    else:
        rows = ((name, each.title, " ".join(each.transactions)) for name, each in found.items())
        print_table("Domain profiles", ("profile", "title", "transactions"), rows)


@interchange.command("import")
def import_files(  # noqa: PLR0913 - options of a command line
    files: Annotated[list[Path], typer.Argument(help="Transactions.")],
    profile: ProfileOption = "itl",
    subject: Annotated[str | None, typer.Option(help="Id of the person, where the profile does not say it.")] = None,
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="Gallery; made where it is not there.")] = "inmates",
    purpose: PurposeOption = "intake",
    *,
    despite_duplicates: Annotated[
        bool, typer.Option(help="Enrol even somebody who seems to be enrolled under another id.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Take transactions in; what cannot be is held (interchange quarantine), and the exit status is 1 then."""
    caller, name = operator(purpose), SubjectId(subject) if subject else None
    with open_service(load_settings()) as service:
        require_gallery_made(service.walk, GalleryId(gallery), caller)
        found = {
            file.name: receive(
                service.exchange,
                ImportRequest(
                    read_file(file), frozenset({GalleryId(gallery)}), profile, file.name, name, despite_duplicates
                ),
                caller,
            )
            for file in files
        }
    if json:
        print_json({"files": found})
    else:
        columns = ("file", "outcome", "subject", "images", "latents", "reason")
        print_table("Imported", columns, (_row(file, each) for file, each in found.items()))
    if any(each.outcome is ImportOutcome.HELD for each in found.values()):
        raise typer.Exit(1)


@interchange.command("export")
def export_person(  # noqa: PLR0913, PLR0917 - options of a command line
    subject: Annotated[str, typer.Argument(help="Id of the person.")],
    target: Annotated[Path, typer.Argument(help="File to write.")],
    agreement: Annotated[str, typer.Option(help="Under which agreement, such as police:1: it says the form.")],
    encounter: Annotated[str | None, typer.Option(help="Of this encounter; else the newest active one.")] = None,
    kind: Annotated[str, typer.Option("--type", help="Type of transaction (TOT); else the profile's usual one.")] = "",
    control: Annotated[str, typer.Option(help="Number of the transaction (TCN); else one is made.")] = "",
    response: Annotated[str, typer.Option(help="Number of the transaction that it answers (TCR).")] = "",
    compression: Annotated[Compression, typer.Option(help="How images are written.")] = Compression.KEPT,
    purpose: PurposeOption = "sharing",
    *,
    legacy: Annotated[bool, typer.Option(help="Fingers in Type-4 records.")] = False,
) -> None:
    """Write what an agreement lets go of a person as a file that is carried to the agency: it is a disclosure."""
    with parts() as here:
        terms = here.agreements.agreement(agreement).terms
        layout = Layout(terms.partner.agency, terms.profile, kind, control, response, compression, legacy)
        choice = Choice(layout, EncounterId(encounter) if encounter else None)
        made = hand_over(here, agreement, SubjectId(subject), choice, officer(purpose))
    write_file(target, made.data)
    typer.echo(f"{len(made.data):,} bytes are written: disclosure {made.disclosure.id}.")


def _rows(content: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """A line for each thing that is said, those of a list numbered."""
    for name, value in content.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            for number, each in enumerate(value, 1):
                said = ", ".join(f"{key} {one}" for key, one in each.items()) if isinstance(each, Mapping) else each
                yield f"{name} {number}", said
        else:
            yield name, value


def _row(file: str, found: Import) -> tuple[object, ...]:
    enrolment, held = found.enrolment, found.held
    images = len(enrolment.samples) if enrolment else 0
    reason = f"{held.refusal.reason.value}: {held.refusal.why}" if held else ""
    subject = enrolment.subject if enrolment else ""
    return (file, found.outcome.value, subject, images, len(found.latents), reason)


def _print_transaction(name: str, found: Summary) -> None:
    header = found.header
    said = f"{header.kind} of {header.origin} for {header.destination}, {header.date}, number {header.control}"
    title = f"{name}: ANSI/NIST-ITL {header.version}, {said}; {found.character_set}, {found.size:,} bytes"
    rows = (_record_row(each) for each in found.records)
    print_table(title, ("record", "type", "IDC", "bytes", "image", "fields"), rows)


def _record_row(record: RecordSummary) -> tuple[object, ...]:
    texts = "; ".join(f"{each.tag} {_short(each.text)}" for each in record.fields if each.text)
    return (record.number, f"Type-{record.kind}", record.idc, f"{record.size:,}", _image(record), texts)


def _image(record: RecordSummary) -> str:
    image = record.image
    if image is None:
        return f"{record.minutiae or 'unknown'} minutiae" if record.minutiae is not None else ""
    scale = f" at {image.dpi:g} dpi" if image.dpi else ""
    shows = f"{image.shows} {' or '.join(map(str, image.positions))}".strip()
    state = "" if image.readable else f"; {image.fault}"
    return f"{shows}, {image.width} x {image.height}{scale}, {image.compression}{state}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
