"""``biometric-service keys rotate|renew`` and ``biometric-service backup create|verify|restore``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from biometric_service.app.service import master_key, settings_store, store_url
from biometric_service.audit.log import ChainedLog
from biometric_service.cli.options import administration_event
from biometric_service.cli.printing import JsonOption, err, print_json
from biometric_service.references.backup import BackupReport, create_backup, restore_backup, verify_backup
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import named_master_key
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind

BackupArgument = Annotated[Path, typer.Argument(help="The file of the backup.")]

NewKeyArgument = Annotated[
    str, typer.Argument(help="File (made where there is none), pkcs11:URI, env:NAME or credential:FILE of the new key.")
]

keys = typer.Typer(no_args_is_help=True, help="The keys: rotate the master key, renew all others.")
backup = typer.Typer(no_args_is_help=True, help="Backups of the embedded store: create, verify, restore.")


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
    _report(restore_backup(file, store_url(settings), master_key(settings), ChainedLog), json=json)


def _report(report: BackupReport, *, json: bool) -> None:
    if json:
        print_json(report)
    else:
        found = f"{report.references} references, {report.changes} changes, {report.events} audit events"
        typer.echo(f"The backup is whole: {found}.")
