"""``biometric-service galleries|subjects|api-keys``: what an administrator looks after."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import typer

from biometric_service.app import settings_store
from biometric_service.cli.options import GalleryOption, administration_event
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.settings import load_settings
from biometric_service.vocabulary.access import ANY_PURPOSE, OF_TWO_OFFICERS, ApiKey, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, ChangeNumber, GalleryId, SubjectId, SubjectSummary
from biometric_service.vocabulary.roles import SCOPES, Role

PAGE = 100

galleries = typer.Typer(no_args_is_help=True, help="Galleries: list, create.")
subjects = typer.Typer(no_args_is_help=True, help="Subjects: list, erase.")
api_keys = typer.Typer(no_args_is_help=True, help="API keys: list, create, revoke.")


@galleries.command("list")
def list_galleries(*, json: JsonOption = False) -> None:
    """Print every gallery."""
    with settings_store(load_settings()) as opened:
        names = opened.store.galleries()
    if json:
        print_json({"galleries": names})
    else:
        print_table("Galleries", ("gallery",), ((name,) for name in names))


@galleries.command("create")
def create_gallery(gallery: str) -> None:
    """Make a gallery."""
    with settings_store(load_settings()) as opened:
        opened.store.create_gallery(
            GalleryId(gallery), administration_event(EventKind.GALLERY_CREATED, gallery=GalleryId(gallery))
        )
    typer.echo(f"Gallery {gallery} is there.")


@subjects.command("list")
def list_subjects(
    gallery: GalleryOption = "ALL",
    after: Annotated[str | None, typer.Option(help="Begin after this subject.")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Print a page of subjects by id: no biometric data."""
    with settings_store(load_settings()) as opened:
        page = opened.store.subjects(GalleryId(gallery), SubjectId(after) if after else None, PAGE)
        opened.store.record(administration_event(EventKind.SUBJECTS_LISTED, gallery=GalleryId(gallery)))
    if json:
        print_json({"subjects": list(map(_told, page))})
    else:
        rows = ((s.subject, " ".join(sorted(s.galleries)), len(s.encounters), s.enrolled_at) for s in page)
        print_table("Subjects", ("subject", "galleries", "encounters", "enrolled at"), rows)


@subjects.command("erase")
def erase_subject(
    subject: str, *, yes: Annotated[bool, typer.Option("--yes", prompt="Erase for good?", help="Do not ask.")]
) -> None:
    """Destroy everything that is kept of a subject but the audit log, and print the signed certificate of it."""
    if not yes:
        raise typer.Exit(1)
    with settings_store(load_settings()) as opened:
        change = opened.store.erase(
            SubjectId(subject), administration_event(EventKind.SUBJECT_ERASED, SubjectId(subject))
        )
        certificate = opened.store.erasures(ChangeNumber(change - 1))[0]
    typer.echo(certificate)


@api_keys.command("list")
def list_keys(*, json: JsonOption = False) -> None:
    """Print every API key that is in force; never a secret."""
    with settings_store(load_settings()) as opened:
        keys = opened.api_keys.keys()
    if json:
        print_json({"api_keys": keys})
        return
    rows = (
        (k.id, k.name, k.owner, _joined(k.scopes), _joined(k.galleries), _joined(k.purposes), k.expires_at)
        for k in keys
    )
    print_table("API keys", ("id", "name", "owner", "scopes", "galleries", "purposes", "expires"), rows)
    for key in keys:
        if not key.owner and key.scopes & OF_TWO_OFFICERS:
            typer.echo(f"{key.id} ({key.name}) has no owner, so that it counts as an officer of its own.", err=True)


@api_keys.command("create")
def create_key(  # noqa: PLR0913, PLR0917 - options of a command line
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    role: Annotated[list[Role] | None, typer.Option(help="Whose work it is for: the scopes of that role.")] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; every scope where neither this nor a role is named.")
    ] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(help="Where it may look; everywhere where none is named.")
    ] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="What for; anything where none is named.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days it is valid.")] = 90,
    owner: Annotated[
        str, typer.Option(help="The officer whose key it is, as a staff number: the same for all keys of a person.")
    ] = "",
    *,
    json: JsonOption = False,
) -> None:
    """Make an API key and print its secret, this once."""
    galleries_allowed = frozenset(map(GalleryId, gallery or [ALL_GALLERIES]))
    expires_at = datetime.now(UTC) + timedelta(days=days)
    purposes = frozenset(purpose or [ANY_PURPOSE])
    scopes = frozenset(scope or ()).union(*(SCOPES[each] for each in role or ())) or frozenset(Scope)
    key = ApiKey(uuid4().hex[:12], name, scopes, galleries_allowed, purposes, expires_at, owner=owner)
    with settings_store(load_settings()) as opened:
        secret = opened.api_keys.create(
            key, administration_event(EventKind.API_KEY_CREATED, details={"api_key": key.id, "owner": owner})
        )
    if json:
        print_json({"id": key.id, "secret": secret, "expires_at": expires_at})
    else:
        typer.echo(secret)


@api_keys.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="The part of the key before the dot.")]) -> None:
    """End an API key at once."""
    with settings_store(load_settings()) as opened:
        opened.api_keys.revoke(key, administration_event(EventKind.API_KEY_REVOKED, details={"api_key": key}))
    typer.echo(f"API key {key} is revoked.")


def _told(summary: SubjectSummary) -> dict[str, object]:
    return {
        "subject": summary.subject,
        "galleries": summary.galleries,
        "encounters": len(summary.encounters),
        "enrolled_at": summary.enrolled_at,
        "searched_in": summary.searched_in,
        "status": summary.status,
        "version": summary.version,
        "merged_into": summary.merged_into,
    }


def _joined(names: frozenset[Scope] | frozenset[GalleryId] | frozenset[str]) -> str:
    return " ".join(sorted(names))
