"""Files that a command is told to read or write."""

from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode


def read_file(path: Path) -> bytes:
    """All of a file; REQUEST_INVALID where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise _cannot(path, "read", fault) from None


def write_file(path: Path, data: bytes) -> None:
    """All of a file; REQUEST_INVALID where it cannot be written."""
    try:
        path.write_bytes(data)
    except OSError as fault:
        raise _cannot(path, "written", fault) from None


def _cannot(path: Path, what: str, fault: OSError) -> BiometricServiceError:
    message = f"{path} cannot be {what} ({fault.strerror})."
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Name another file.")
