"""What a command prints: a table for people, one JSON object for machines."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from biometric_service.texts.sentences import Sentence

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]

WIDE = 200
out = Console() if sys.stdout.isatty() else Console(width=WIDE)
err = Console(stderr=True)


def plain(value: object) -> object:
    """Any of our frozen values as what JSON can hold; sentences in English."""
    if isinstance(value, Sentence):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | Path):
        return str(value)
    return _plain_collection(value)


def print_json(value: object) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(plain(value), indent=2))


def advise(what: str) -> None:
    """Tell the person at the device what to do better, beside what the command prints."""
    typer.echo(what, err=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table with these columns."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table)


def _plain_collection(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(str(plain(each)) for each in value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
