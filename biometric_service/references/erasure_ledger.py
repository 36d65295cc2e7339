"""The ledger of erasures beside the store: one signed certificate a line, for whoever restores an older backup.

It outlives the store: after a restore it tells of erasures that the store knows nothing of, and the numbers of their
changes are given again. So a certificate is known by its text alone.
"""

import fcntl
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from biometric_service.durable_files import flush
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.erasure import certificates
from biometric_service.references.faults import unavailable
from biometric_service.vocabulary.statements import read_statement

_LOG = logging.getLogger(__name__)


def read_ledger(path: Path) -> list[str]:
    """The certificates in a ledger; REQUEST_INVALID where it is not there, SIGNATURE_INVALID where one was changed.

    What a crash left of the last line is passed over, with a warning.
    """
    try:
        lines, torn = _lines(path.read_text(encoding="ascii", errors="replace"))
    except OSError:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            "The ledger of erasures cannot be read: who was erased since the backup is not known.",
            "Name it (--erasures FILE), or say that nobody was erased since (--without-ledger).",
        ) from None
    if torn:
        _LOG.warning(
            "The ledger of erasures is cut off in its last line: whom that told of stays, unless the backup tells too."
        )
    for line in lines:
        read_statement(line)
    return lines


def write_ledger(path: Path, database: Database) -> None:
    """Add the certificates that the store has and the ledger not yet; STORE_UNAVAILABLE where it cannot be written."""
    with database.reading() as connection:
        held = certificates(connection)
    try:
        _add(path, held)
    except OSError as fault:
        raise unavailable(
            "The ledger of erasures cannot be written.",
            "Check erasures.jsonl in data_dir: its rights, and the room on its disk.",
        ) from fault


def _add(path: Path, held: Sequence[str]) -> None:
    """One process at a time; what a crash left of the last line makes room."""
    with open(path, "a+", encoding="ascii", errors="replace", newline="", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        content = file.read()
        lines, torn = _lines(content)
        known = set(lines)
        added = "".join(f"{line}\n" for line in held if line not in known)
        if torn:
            file.truncate(len(content) - len(torn))
        elif lines and not content.endswith("\n"):
            added = f"\n{added}"
        file.write(added)
        file.flush()
        if added or torn or not content:
            os.fsync(file.fileno())
            flush(path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lines(content: str) -> tuple[list[str], str]:
    """Every certificate, and what there is of one that was cut off; what lacks only the end of its line is whole."""
    *lines, rest = content.split("\n")
    return ([*lines, rest], "") if rest and _is_whole(rest) else (lines, rest)


def _is_whole(line: str) -> bool:
    try:
        read_statement(line)
    except BiometricServiceError:
        return False
    return True
