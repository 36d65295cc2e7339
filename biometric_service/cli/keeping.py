"""``biometric-service keys rotate`` and ``biometric-service backup create|verify|restore``."""

from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app.service import database_file, master_key, settings_store
from biometric_service.audit.log import ChainedLog
from biometric_service.cli.options import administration_event
from biometric_service.cli.printing import JsonOption, print_json
from biometric_service.references.backup import BackupReport, create_backup, restore_backup, verify_backup
from biometric_service.references.master_keys import KeyFile
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind

BackupArgument = Annotated[Path, typer.Argument(help="The file of the backup.")]

keys = typer.Typer(no_args_is_help=True, help="The master key: rotate.")
backup = typer.Typer(no_args_is_help=True, help="Backups of the embedded store: create, verify, restore.")


@keys.command("rotate")
def rotate(new: Annotated[Path, typer.Argument(help="File for the new master key; made where there is none.")]) -> None:
    """Put the store under a new master key; the service goes on meanwhile."""
    with settings_store(load_settings()) as opened:
        opened.rotate_master_key(KeyFile(new), administration_event(EventKind.MASTER_KEY_ROTATED))
    typer.echo(f"Set BIOMETRIC_MASTER_KEY_FILE to {new}, keep the old key for older backups, and restart the service.")


@backup.command("create")
def create(file: BackupArgument) -> None:
    """Copy the store as it is at one moment to a new file, without stopping the service; the key is not in it."""
    with settings_store(load_settings()) as opened:
        create_backup(opened, file, administration_event(EventKind.BACKUP_CREATED))
    typer.echo(f"The store is copied to {file}. Keep the master key elsewhere: neither is of use without the other.")


@backup.command("verify")
def verify(file: BackupArgument, *, json: JsonOption = False) -> None:
    """Open everything in a backup and check its audit log; the file stays as it is."""
    _report(verify_backup(file, master_key(load_settings()), ChainedLog), json=json)


@backup.command("restore")
def restore(file: BackupArgument, *, json: JsonOption = False) -> None:
    """Put a verified backup where the settings have the store; refused where there is one already."""
    settings = load_settings()
    _report(restore_backup(file, database_file(settings), master_key(settings), ChainedLog), json=json)


def _report(report: BackupReport, *, json: bool) -> None:
    if json:
        print_json(report)
    else:
        found = f"{report.references} references, {report.changes} changes, {report.events} audit events"
        typer.echo(f"The backup is whole: {found}.")
