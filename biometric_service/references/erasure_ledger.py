"""The ledger of erasures beside the store: one signed certificate a line, for whoever restores an older backup.

It outlives the store: after a restore it tells of erasures that the store knows nothing of, and the numbers of their
changes are given again. So a certificate is known by its text alone.
"""

import os
from pathlib import Path

from biometric_service.durable_files import flush
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.erasure import certificates


def read_ledger(path: Path) -> list[str]:
    """The certificates in a ledger; REQUEST_INVALID where it is not there."""
    try:
        return path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            "The ledger of erasures cannot be read: who was erased since the backup is not known.",
            "Name it (--erasures FILE), or say that nobody was erased since (--without-ledger).",
        ) from None


def write_ledger(path: Path, database: Database) -> None:
    """Add the certificates that the store has and the ledger not yet."""
    known = set(path.read_text(encoding="ascii").splitlines()) if path.exists() else set()
    with database.reading() as connection:
        missing = [line for line in certificates(connection) if line not in known]
    if missing or not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in missing)
        flush(path)
        flush(path.parent)
