"""``biometric-service keys rotate|renew`` and ``backup create|follow|verify|restore`` and ``store copy|names``."""

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from biometric_service.app.service import ledger_file, master_key, settings_store, store_url
from biometric_service.audit.log import ChainedLog
from biometric_service.cli.options import administration_event
from biometric_service.cli.printing import JsonOption, advise, err, print_json
from biometric_service.references.backup import (
    BackupReport,
    admit,
    create_backup,
    erased_since,
    follow,
    restore_backup,
    verify_backup,
)
from biometric_service.references.erasing_again import erase_again
from biometric_service.references.erasure_ledger import read_ledger
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import named_master_key
from biometric_service.references.opening import open_database, open_store
from biometric_service.references.person_names import rewrite_names
from biometric_service.references.store_copy import copy_store
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind

BackupArgument = Annotated[Path, typer.Argument(help="The file of a backup, or a folder that was followed.")]
UntilOption = Annotated[
    str | None, typer.Option(help="Of a folder: as it was then (ISO 8601, local time without a zone).")
]

NewKeyArgument = Annotated[
    str, typer.Argument(help="File (made where there is none), pkcs11:URI, env:NAME or credential:FILE of the new key.")
]

keys = typer.Typer(no_args_is_help=True, help="The keys: rotate the master key, renew all others.")
backup = typer.Typer(no_args_is_help=True, help="Backups of either database: create, follow, verify, restore.")
store = typer.Typer(no_args_is_help=True, help="The store: copy to another database, bring names up to date.")


@keys.command("rotate")
def rotate(new: NewKeyArgument) -> None:
    """Put the store under a new master key, from wherever it comes; the service goes on meanwhile."""
    with settings_store(load_settings()) as opened:
        opened.rotate_master_key(named_master_key(new), administration_event(EventKind.MASTER_KEY_ROTATED))
    told = "where the new key is (master_key_file, master_key_uri, master_key or the credential)"
    typer.echo(f"Set {told}, keep the old key for older backups, and restart the service.")


@keys.command("renew")
def renew_keys() -> None:
    """Seal everything anew under new data keys and a new store key; the service goes on, and it can be cut off."""
    with settings_store(load_settings()) as opened, Progress(console=err) as shown:
        task = shown.add_task("Renewing", total=None)
        for reached in renew(opened, administration_event(EventKind.STORE_KEY_RENEWED)):
            shown.update(task, completed=reached.done, total=reached.of)
    typer.echo(f"{reached.of} subjects are sealed under new keys. Make a new backup: older ones need the old ones.")


@backup.command("create")
def create(file: Annotated[Path, typer.Argument(help="The new file.")]) -> None:
    """Copy the store as it is at one moment to a new file, without stopping the service; the key is not in it."""
    with settings_store(load_settings()) as opened:
        create_backup(opened, file, administration_event(EventKind.BACKUP_CREATED))
    typer.echo(f"The store is copied to {file}. Keep the master key elsewhere: neither is of use without the other.")


@backup.command("follow")
def follow_store(
    folder: Annotated[Path, typer.Argument(help="Folder of the backups; a base is made where it has none.")],
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two increments.")] = 10,
    *,
    once: Annotated[bool, typer.Option(help="One increment, for a timer that calls again.")] = False,
) -> None:
    """Keep in a folder what it takes to come back to any moment, until interrupted."""
    with settings_store(load_settings()) as opened:
        while True:
            kept = follow(opened, folder, administration_event(EventKind.BACKUP_CREATED))
            if kept:
                typer.echo(f"{kept.kind} {kept.file.name}: {kept.rows} rows")
            if once:
                return
            time.sleep(every)


@backup.command("verify")
def verify(source: BackupArgument, until: UntilOption = None, *, json: JsonOption = False) -> None:
    """Open everything in a backup and check its audit log; the backup stays as it is."""
    _report(verify_backup(source, master_key(load_settings()), ChainedLog, _moment(until)), json=json)


@backup.command("restore")
def restore(
    source: BackupArgument,
    until: UntilOption = None,
    erasures: Annotated[Path | None, typer.Option(help="The ledger of erasures; by default that in data_dir.")] = None,
    *,
    without_ledger: Annotated[bool, typer.Option(help="Nobody was erased since, or the ledger is lost.")] = False,
    json: JsonOption = False,
) -> None:
    """Put a verified backup where the settings have the store, and erase again who was erased since.

    Refused where there is a store already.
    """
    settings = load_settings()
    url, key, moment = store_url(settings), master_key(settings), _moment(until)
    ledger = [] if without_ledger else read_ledger(erasures or ledger_file(settings))
    proven = erased_since(source, key)
    report = restore_backup(source, url, key, ChainedLog, moment, closed=True)
    with closing(open_store(url, key, ChainedLog, ledger=ledger_file(settings), even_moved=True)) as opened:
        again = erase_again(opened, ledger, administration_event(EventKind.SUBJECT_ERASED), proven=proven)
        told = {"until": moment.astimezone(UTC).isoformat() if moment else "", "erased_again": str(len(again.erased))}
        admit(opened, replace(administration_event(EventKind.BACKUP_RESTORED), details=told))
    for subject, why in again.left.items():
        advise(
            f"{subject} was not erased again by a certificate: {why}. Look into it; `subjects erase` does it by hand."
        )
    if not json:
        typer.echo(f"{len(again.erased)} subjects were erased again.")
        typer.echo("API keys, devices and cards that were revoked since are in force again: revoke them again.")
    _report(report, json=json)


@store.command("copy")
def copy(
    source: Annotated[str, typer.Argument(help="Database URL of the store.")],
    target: Annotated[str, typer.Argument(help="URL of an empty database.")],
) -> None:
    """Move a store that is in use to another database; it can be cut off and gone on with."""
    key = master_key(load_settings())
    opened = open_store(source, key, ChainedLog, even_moved=True)
    database = open_database(target)
    try:
        for step in copy_store(opened, database, administration_event(EventKind.STORE_MOVED)):
            typer.echo(f"{step.what}: {step.rows} rows")
    finally:
        database.close()
        opened.close()
    typer.echo("Set BIOMETRIC_DATABASE_URL to the new store and restart the service; the old one takes nothing more.")


@store.command("names")
def bring_names_up_to_date() -> None:
    """Read anew the names that records of earlier versions give people; it can be cut off and begun again."""
    with settings_store(load_settings()) as opened:
        written = sum(rewrite_names(opened.database, opened.keys))
    typer.echo(f"{written} names are written anew.")


def _moment(until: str | None) -> datetime | None:
    if until is None:
        return None
    try:
        moment = datetime.fromisoformat(until)
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{until} is no moment; write it as 2026-11-30T18:00") from None


def _report(report: BackupReport, *, json: bool) -> None:
    if json:
        print_json(report)
    else:
        found = f"{report.references} references, {report.changes} changes, {report.events} audit events"
        typer.echo(f"The backup is whole: {found}.")
