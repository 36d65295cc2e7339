"""Faults of devices; what the subject can do better is a ``Retry``, not a fault."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a device could not do what it was asked."""

    NOT_FOUND = "not_found"
    BUSY = "busy"
    UNPLUGGED = "unplugged"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    PERMISSION = "permission"
    UNSUPPORTED = "unsupported"
    BAD_ADDRESS = "bad_address"


class DeviceError(Exception):
    """A fault of a device: ``message`` says what is wrong and what to do."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.message}"
