"""What is being fetched, on standard error, so that nobody takes a download for a hang."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Show ``what`` with a running indicator while the block runs; one plain line where there is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{what} ...", highlight=False)
    with console.status(what):
        yield


@contextmanager
def download_bar(what: str) -> Iterator[Progress]:
    """A progress bar in bytes; add one task to it and advance it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{what} ...", highlight=False)
    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress
