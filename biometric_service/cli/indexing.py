"""``biometric-service index show|save``."""

from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from biometric_service.app.service import open_service
from biometric_service.cli.printing import JsonOption, print_json
from biometric_service.settings import load_settings

index = typer.Typer(no_args_is_help=True, help="The indexes that are searched: show and keep them.")


@dataclass(frozen=True, slots=True)
class IndexLine:
    """An index. ``change``: the last that it has; ``snapshot_bytes``: of its snapshot, 0 for none."""

    modality: str
    references: int
    change: int
    snapshot_bytes: int


@index.command("show")
def show(*, json: JsonOption = False) -> None:
    """Say what the indexes hold and what is kept of them."""
    _print(_lines(save=False), json=json)


@index.command("save")
def save(*, json: JsonOption = False) -> None:
    """Bring the indexes up to the store and keep them, encrypted, for the next start; the service goes on meanwhile."""
    _print(_lines(save=True), json=json)


def _lines(*, save: bool) -> list[IndexLine]:
    with open_service(load_settings()) as service:
        assert service.snapshots is not None
        if save:
            service.snapshots.keep_all()
        return [
            IndexLine(modality.value, len(held), held.applied, _size(service.snapshots.file(modality)))
            for modality, held in service.snapshots.indexes.items()
        ]


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _print(lines: list[IndexLine], *, json: bool) -> None:
    if json:
        print_json({"indexes": [asdict(each) for each in lines]})
        return
    for each in lines:
        kept = f"{each.snapshot_bytes:,} bytes kept" if each.snapshot_bytes else "nothing kept"
        typer.echo(f"{each.modality}: {each.references:,} references up to change {each.change}, {kept}")
