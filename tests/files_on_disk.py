"""What lies in the files of a folder that a running server writes and deletes in meanwhile."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

Said = TypeVar("Said")


def files_under(folder: Path, but: Mapping[Path, int] | None = None) -> dict[Path, bytes]:
    """Every file with its content; ``but``: leave out those that were not written since ``written_under`` said this."""
    known = but or {}
    found = _of_files(folder, lambda path: None if known.get(path) == _written(path) else path.read_bytes())
    return {path: content for path, content in found.items() if content is not None}


def written_under(folder: Path) -> dict[Path, int]:
    """When each file was written last, which tells whether it was again whatever the clock was set to meanwhile."""
    return _of_files(folder, _written)


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns


def _of_files(folder: Path, say: Callable[[Path], Said]) -> dict[Path, Said]:
    """A file that was deleted after it was listed is not on the disk."""
    found = {}
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in sorted(names)):
            try:
                if path.is_file():
                    found[path] = say(path)
            except FileNotFoundError:
                continue
    return found
