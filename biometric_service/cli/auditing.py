"""``biometric-service audit verify|list``."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.cli.options import operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import AuditEvent, EventKind

PURPOSE = "audit"

audit = typer.Typer(no_args_is_help=True, help="The audit log: verify its chain, list its events.")


@audit.command("verify")
def verify_chain(*, json: JsonOption = False) -> None:
    """Check every event against the chain; exit status 2 names the first event that was changed, moved or removed."""
    with settings_store(load_settings()) as opened:
        count = opened.store.verify_events()
    if json:
        print_json({"intact": True, "events": count})
    else:
        typer.echo(f"The audit log is intact: {count} events hang together.")


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
