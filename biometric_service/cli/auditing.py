"""``biometric-service audit verify|export|anchor|certificate|public-key|list``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.audit.chain import Head
from biometric_service.audit.exported import BEFORE_ALL, verify_lines
from biometric_service.cli.files import lines_of, read_text
from biometric_service.cli.options import operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.references.erasure import KIND as ERASURE
from biometric_service.references.witness import anchor, anchored_head, check_anchor, own_statement
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import AuditEvent, EventKind

PURPOSE = "audit"

audit = typer.Typer(no_args_is_help=True, help="The audit log: verify its chain, list its events.")


@audit.command("verify")
def verify_chain(
    file: Annotated[Path | None, typer.Option(help="Check an export instead of the store; needs no key.")] = None,
    anchored: Annotated[
        Path | None, typer.Option("--anchor", help="Also prove that the log goes on from this anchor.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Check every event against the chain; exit status 2 names the first event that was changed, moved or removed."""
    kept = read_text(anchored) if anchored else None
    count = _verified_store(kept) if file is None else _verified_export(file, kept)
    if json:
        print_json({"intact": True, "events": count, "anchored": kept is not None})
    else:
        typer.echo(f"The audit log is intact: {count} events hang together.")


@audit.command("export")
def export(file: Annotated[Path, typer.Argument(help="New file for the events, one a line.")]) -> None:
    """Write every event with its digest, for whoever wants to check the chain without the store."""
    with settings_store(load_settings()) as opened, lines_of(file, "x") as out:
        opened.store.record(AuditEvent(EventKind.AUDIT_READ, datetime.now(UTC), operator(PURPOSE)))
        with opened.database.reading() as connection:
            out.writelines(f"{line}\n" for line in opened.log.export(connection))


@audit.command("anchor")
def make_anchor() -> None:
    """Print a signed head of the log, for a third party to keep: with it a rollback of everything is found."""
    with settings_store(load_settings()) as opened:
        typer.echo(anchor(opened))


@audit.command("certificate")
def check_certificate(file: Annotated[Path, typer.Argument(help="Certificate of an erasure.")]) -> None:
    """Check that a certificate of an erasure is this store's, and print what it says."""
    with settings_store(load_settings()) as opened:
        print_json(own_statement(opened, read_text(file), ERASURE).fields)


@audit.command("public-key")
def show_public_key() -> None:
    """Print the public key (Ed25519, hexadecimal) of what the store signs."""
    with settings_store(load_settings()) as opened:
        typer.echo(opened.keys.current.public_key.hex())


@audit.command("list")
def list_events(
    after: Annotated[int, typer.Option(help="Begin after the event with this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 50,
    *,
    json: JsonOption = False,
) -> None:
    """Print events in order."""
    with settings_store(load_settings()) as opened:
        opened.store.record(AuditEvent(EventKind.AUDIT_READ, datetime.now(UTC), operator(PURPOSE)))
        events = opened.store.events(after, limit)
    if json:
        print_json({"events": events})
        return
    rows = ((e.number, e.event.at, e.event.kind.value, e.event.caller.actor, e.event.caller.purpose) for e in events)
    print_table("Audit log", ("number", "at", "kind", "who", "purpose"), rows)


def _verified_store(kept: str | None) -> int:
    with settings_store(load_settings()) as opened:
        count = opened.store.verify_events()
        if kept is not None:
            check_anchor(opened, kept)
    return count


def _verified_export(file: Path, kept: str | None) -> int:
    head = BEFORE_ALL if kept is None else Head(*anchored_head(kept))
    with lines_of(file, "r") as lines:
        return verify_lines(lines, head).count
