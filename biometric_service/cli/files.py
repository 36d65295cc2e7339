"""Files that a command is told to read or write; what it writes is new files of its user alone (mode 0600)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from biometric_service.durable_files import OWNER
from biometric_service.errors import BiometricServiceError, ErrorCode

_OWNERS_FOLDER = 0o700


def read_file(path: Path) -> bytes:
    """All of a file; REQUEST_INVALID where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise _cannot(path, "read", fault) from None


def read_text(path: Path) -> str:
    """All of a file in UTF-8, other bytes replaced; REQUEST_INVALID where it cannot be read."""
    return read_file(path).decode("utf-8", "replace")


def write_file(path: Path, data: bytes) -> None:
    """All of a file; REQUEST_INVALID where it cannot be written."""
    try:
        with open(path, "wb", opener=_private) as file:
            file.write(data)
    except OSError as fault:
        raise _cannot(path, "written", fault) from None


@contextmanager
def lines_of(path: Path, mode: Literal["r", "x"]) -> Iterator[TextIO]:
    """A file of lines in ASCII, to read (other bytes replaced) or to write anew; REQUEST_INVALID where that fails."""
    try:
        with open(path, mode, encoding="ascii", errors="replace", opener=_private) as file:
            yield file
    except OSError as fault:
        raise _cannot(path, "read" if mode == "r" else "written", fault) from None


def make_folder(path: Path) -> None:
    """A folder of this user alone, unless there is one; REQUEST_INVALID where it cannot be made."""
    try:
        path.mkdir(_OWNERS_FOLDER, parents=True, exist_ok=True)
    except OSError as fault:
        raise _cannot(path, "made", fault) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER)


def _cannot(path: Path, what: str, fault: OSError) -> BiometricServiceError:
    message = f"{path} cannot be {what} ({fault.strerror})."
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Name another file.")
