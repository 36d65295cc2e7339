"""What the database complains of, as typed errors: no caller ever sees one of SQLAlchemy's."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from biometric_service.errors import BiometricServiceError, ErrorCode

_TRY_AGAIN = "Try again; where it goes on, look at the load on the store and at its disk."
_FULL = ("The disk of the store is full.", "Free some space; nothing of this request was kept.")
_READ_ONLY = ("The store cannot be written to.", "Check its rights and that its disk is mounted for writing.")
_BUSY = ("The store is busy.", _TRY_AGAIN)
_UNKNOWN = ("The store does not answer.", _TRY_AGAIN)

_FAULTS = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_CANTOPEN": ("The store's file is missing or may not be opened.", "Check the file, its folder and rights."),
    "SQLITE_CORRUPT": ("The store's file is damaged.", "Stop the service and restore a backup."),
    "SQLITE_NOTADB": ("The store's file is not a database.", "Check database_url and data_dir, or restore a backup."),
    "53100": _FULL,
    "25006": _READ_ONLY,
    "55P03": _BUSY,
}
"""By SQLite's primary error name or PostgreSQL's SQLSTATE."""

_CONFLICTING = {"40001", "40P01"}


@contextmanager
def typed_faults() -> Iterator[None]:
    """Turn the database's faults into STORE_UNAVAILABLE, STORE_CONFLICT or REQUEST_INVALID.

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
        raise unavailable("The store's file cannot be used.", "Check the file, its folder and their rights.") from fault


def unavailable(message: str, action: str) -> BiometricServiceError:
    """STORE_UNAVAILABLE."""
    return BiometricServiceError(ErrorCode.STORE_UNAVAILABLE, message, action)


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
        return unavailable("All connections to the store are in use.", _TRY_AGAIN)
    return unavailable(*_FAULTS.get(_name(fault), _UNKNOWN))


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
