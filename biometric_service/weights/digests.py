"""SHA-256 of files: what a model must hash to, and the refusal where it does not."""

import hashlib
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of the file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def require_sha256(path: Path, expected: str, what: str, action: str) -> None:
    """MODEL_HASH_MISMATCH where the file does not hold what it must, MODEL_INVALID where it cannot be read.

    ``what`` names the file in the message.
    """
    try:
        found = sha256_of(path)
    except OSError as fault:
        message = f"{what} is there, but cannot be read ({fault.strerror})."
        advice = "See to it that the user whom the service runs as may read it, and that its disk is sound."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, advice) from fault
    if found != expected:
        message = f"{what} has SHA-256 {found}, not {expected}."
        raise BiometricServiceError(ErrorCode.MODEL_HASH_MISMATCH, message, action)
