"""What lies in the files of a folder that a running server writes and deletes in meanwhile."""

import os
from pathlib import Path


def files_under(folder: Path, since: float = 0.0) -> dict[Path, bytes]:
    """Every file with its content, of those written since: one deleted after it was listed is not on the disk."""
    found = {}
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in sorted(names)):
            try:
                if path.is_file() and path.stat().st_mtime >= since:
                    found[path] = path.read_bytes()
            except FileNotFoundError:
                continue
    return found
