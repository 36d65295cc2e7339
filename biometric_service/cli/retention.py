"""``biometric-service retention set|drop|list|run`` and ``encounters withdraw-consent``."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import track

from biometric_service.app import settings_store
from biometric_service.cli.options import administration_event, operator
from biometric_service.cli.printing import JsonOption, err, print_json, print_table
from biometric_service.interchange import quarantine
from biometric_service.recognition.retention import expire
from biometric_service.references.day_retention import SqlDayRetention
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import CountedFrom, GalleryId, RetentionRule

retention = typer.Typer(no_args_is_help=True, help="How long encounters are kept: set, drop, list, run.")

Gallery = Annotated[str, typer.Option("--gallery", "-g", help="Of this gallery; left out, of any.")]
LegalBasis = Annotated[str, typer.Option(help="Kept on this legal basis; left out, on any.")]


@retention.command("set")
def set_rule(
    days: Annotated[int, typer.Argument(min=0, max=36500, help="Days an encounter is kept.")],
    gallery: Gallery = "",
    legal_basis: LegalBasis = "",
    counted_from: Annotated[
        CountedFrom, typer.Option(help="From the capture, or from when the person was released, transferred or died.")
    ] = CountedFrom.END,
) -> None:
    """Say how long encounters are kept."""
    rule = RetentionRule(GalleryId(gallery), legal_basis, days, counted_from)
    facts = {"legal_basis": legal_basis, "days": str(days), "counted_from": counted_from.value}
    with settings_store(load_settings()) as opened:
        event = administration_event(EventKind.RETENTION_RULE_SET, None, GalleryId(gallery) or None, facts)
        opened.retention.set_rule(rule, event)
    typer.echo("The rule is set; nothing was deleted: see retention run --dry-run.")


@retention.command("drop")
def drop_rule(gallery: Gallery = "", legal_basis: LegalBasis = "") -> None:
    """End a rule."""
    facts = {"legal_basis": legal_basis}
    with settings_store(load_settings()) as opened:
        event = administration_event(EventKind.RETENTION_RULE_DROPPED, None, GalleryId(gallery) or None, facts)
        opened.retention.drop_rule(GalleryId(gallery), legal_basis, event)
    typer.echo("The rule is no more.")


@retention.command("list")
def list_rules(*, json: JsonOption = False) -> None:
    """Print every rule."""
    with settings_store(load_settings()) as opened:
        rules = opened.retention.rules()
    if json:
        print_json({"rules": rules})
    else:
        rows = ((r.gallery or "any", r.legal_basis or "any", r.days, r.counted_from.value) for r in rules)
        print_table("Retention", ("gallery", "legal basis", "days", "counted from"), rows)


@retention.command("run")
def run(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete every encounter, held transaction and latent that may not be kept any longer, and what has long been over.

    Cases that were not judged in time are closed. Cut off, it goes on where it is run again.
    """
    settings = load_settings()
    with settings_store(settings) as opened:
        expiring = expire(opened.retention, opened.encounters, operator("retention"), dry_run=dry_run)
        done = list(track(expiring, "Looking", console=err, transient=True))
        held, latents = _held(opened, dry_run=dry_run)
        cases = _cases(opened, settings.case_days, dry_run=dry_run) if settings.case_days else 0
        over = _over(opened.day_retention, settings.record_days, dry_run=dry_run) if settings.record_days else {}
    counts = dict(Counter(each.fate.value for each in done))
    if json:
        besides = {"held_transactions": held, "latents": latents, "open_cases": cases, **over}
        print_json({"encounters": done, "summary": counts, **besides})
    else:
        rows = ((e.overdue.key.subject, e.overdue.key.encounter, e.overdue.reason, e.fate.value) for e in done)
        print_table("Overdue", ("subject", "encounter", "reason", "fate"), rows)
        others = "".join(f", {number} {name.replace('_', ' ')}" for name, number in over.items())
        deleted, closed = ("Would be deleted", "Would be closed") if dry_run else ("Deleted", "Closed")
        typer.echo(f"{deleted} besides: {held} held transactions, {latents} latents{others}.")
        typer.echo(f"{closed} as unsure, without their images: {cases} open cases.")


def _held(opened: OpenedStore, *, dry_run: bool) -> tuple[int, int]:
    """How many held transactions and latents are over, and are deleted unless it is a dry run."""
    if dry_run:
        return quarantine.due(opened.quarantine, opened.latents, datetime.now(UTC))
    return quarantine.expire(opened.quarantine, opened.latents, operator("retention"))


def _cases(opened: OpenedStore, days: int, *, dry_run: bool) -> int:
    """How many cases have been open for too long, and are closed as unsure unless it is a dry run."""
    now = datetime.now(UTC)
    before = now - timedelta(days=days)
    if dry_run:
        return opened.cases.overdue(before)
    event = AuditEvent(EventKind.CASE_CLOSED, now, operator("retention"), details={"reason": "overdue"})
    return opened.cases.close_overdue(before, event)


def _over(records: SqlDayRetention, days: int, *, dry_run: bool) -> Mapping[str, int]:
    """How much of the day has long been over, and is deleted unless it is a dry run."""
    if dry_run:
        return records.due(days, datetime.now(UTC))
    return records.expire(days, administration_event(EventKind.RECORDS_EXPIRED))
