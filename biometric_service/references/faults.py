"""What the database complains of, as typed errors: no caller ever sees one of SQLAlchemy's."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from biometric_service.errors import BiometricServiceError, ErrorCode

_TRY_AGAIN = "Try again; where it goes on, look at the load on the store and at its disk."
Told = tuple[ErrorCode, str, str]

_FULL: Told = (
    ErrorCode.STORE_FULL,
    "The disk of the store is full.",
    "Free some space; nothing of this request was kept.",
)
_READ_ONLY: Told = (
    ErrorCode.STORE_READ_ONLY,
    "The store cannot be written to.",
    "Check its rights and that its disk is mounted for writing.",
)
_BUSY: Told = (ErrorCode.STORE_BUSY, "The store is busy.", _TRY_AGAIN)
_UNKNOWN: Told = (ErrorCode.STORE_UNAVAILABLE, "The store does not answer.", _TRY_AGAIN)
_MISSING: Told = (
    ErrorCode.STORE_UNAVAILABLE,
    "The store's file is missing or may not be opened.",
    "Check the file, its folder and rights.",
)
_DAMAGED: Told = (
    ErrorCode.STORE_DAMAGED,
    "The store's file is damaged.",
    "Stop the service and restore a backup.",
)
_NO_DATABASE: Told = (
    ErrorCode.STORE_DAMAGED,
    "The store's file is not a database.",
    "Check database_url and data_dir, or restore a backup.",
)

_FAULTS: Mapping[str, Told] = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_CANTOPEN": _MISSING,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _NO_DATABASE,
    "53100": _FULL,
    "25006": _READ_ONLY,
    "55P03": _BUSY,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
"""By SQLite's primary error name or PostgreSQL's SQLSTATE."""

_UNUSABLE: Told = (
    ErrorCode.STORE_UNAVAILABLE,
    "The store's file cannot be used.",
    "Check the file, its folder and their rights.",
)
_OF_FILES: Mapping[int | None, Told] = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: _READ_ONLY}

_CONFLICTING = {"40001", "40P01"}


@contextmanager
def typed_faults() -> Iterator[None]:
    """Turn the database's faults into STORE_UNAVAILABLE, _FULL, _READ_ONLY, _BUSY, _DAMAGED or _CONFLICT.

    A value that cannot be kept is REQUEST_INVALID.
    A value that the database gives and SQLAlchemy cannot read (a date that is none) is RECORD_TAMPERED.
    """
    try:
        yield
    except SQLAlchemyError as fault:
        raise _typed(fault) from fault
    except (UnicodeEncodeError, OverflowError):
        raise _unkeepable() from None
    except ValueError as fault:
        raise _unreadable() from fault
    except OSError as fault:
        raise _told(_OF_FILES.get(fault.errno, _UNUSABLE)) from fault


def unavailable(message: str, action: str) -> BiometricServiceError:
    """STORE_UNAVAILABLE."""
    return BiometricServiceError(ErrorCode.STORE_UNAVAILABLE, message, action)


def busy(message: str) -> BiometricServiceError:
    """STORE_BUSY."""
    return BiometricServiceError(ErrorCode.STORE_BUSY, message, _TRY_AGAIN)


def conflict() -> BiometricServiceError:
    """STORE_CONFLICT: somebody else changed the same thing first."""
    return BiometricServiceError(
        ErrorCode.STORE_CONFLICT,
        "What was to be written conflicts with what is there.",
        "Read the present state and decide again.",
    )


def _typed(fault: SQLAlchemyError) -> BiometricServiceError:
    if isinstance(fault, IntegrityError) or _name(fault) in _CONFLICTING:
        return conflict()
    if isinstance(fault, DataError) or type(fault) is StatementError:
        return _unkeepable()
    if isinstance(fault, PoolTimeoutError):
        return busy("All connections to the store are in use.")
    return _told(_FAULTS.get(_name(fault), _UNKNOWN))


def _told(told: Told) -> BiometricServiceError:
    return BiometricServiceError(*told)


def _unkeepable() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        "A value cannot be kept by the store.",
        "Correct it: it is too long, no text, or a time without its zone.",
    )


def _unreadable() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.RECORD_TAMPERED,
        "A stored value is not of its kind.",
        "Keep the database as evidence, find out who could write to it, and restore a backup from before.",
    )


def _name(fault: SQLAlchemyError) -> str:
    """SQLite's primary error name (SQLITE_READONLY for SQLITE_READONLY_DBMOVED), or the SQLSTATE."""
    original = fault.orig if isinstance(fault, DBAPIError) else None
    sqlite = "_".join(getattr(original, "sqlite_errorname", "").split("_")[:2])
    return sqlite or getattr(original, "sqlstate", None) or ""
