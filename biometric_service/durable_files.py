"""Files that are there whole or not at all, also where the power goes."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

OWNER: Final = 0o600
ANYBODY: Final = 0o666
"""Less what the process's umask takes."""


def replacing(target: Path, draft: Path | None = None, mode: int = OWNER) -> AbstractContextManager[BinaryIO]:
    """Write what takes the place of a file, in mode 0600 unless another is given; OSError.

    ``draft``: where it is written meanwhile, in the same folder, for whoever wants to find what a power cut left; a
    name of its own else.
    """
    return _drafted(target, draft or _beside(target), mode, os.replace)


def write(target: Path, content: bytes, draft: Path | None = None) -> None:
    """Put a file of mode 0600 in the place of the one before, where there is one; ``draft`` as above. OSError."""
    with replacing(target, draft) as file:
        file.write(content)


def making(target: Path) -> AbstractContextManager[BinaryIO]:
    """Write a new file in mode 0600; FileExistsError where there is one in the end, which stays, and OSError."""
    return _drafted(target, _beside(target), OWNER, os.link)


def flush(path: Path) -> None:
    """See to it that a file or the names in a folder outlive a loss of power; OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _drafted(target: Path, draft: Path, mode: int, put: Callable[[Path, Path], None]) -> Iterator[BinaryIO]:
    draft.unlink(missing_ok=True)
    try:
        with open(draft, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        put(draft, target)
        flush(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{token_hex(8)}")
