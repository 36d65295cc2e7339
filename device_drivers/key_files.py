"""Files of private keys: written once, for their owner alone."""

import os
from pathlib import Path

from device_drivers.errors import DeviceError, Reason

OTHERS = 0o077


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is not there yet; DeviceError(PERMISSION) where that cannot be."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    except OSError as fault:
        what = f"{path} cannot be written ({fault.strerror}): name a file in a folder of this user's."
        raise DeviceError(Reason.PERMISSION, what) from None


def require_private(key: Path) -> None:
    """DeviceError: BAD_ADDRESS where there is no such file, PERMISSION where others than its owner may read it."""
    try:
        open_to_others = key.stat().st_mode & OTHERS
    except OSError as fault:
        raise DeviceError(Reason.BAD_ADDRESS, f"{key} cannot be read ({fault.strerror}): correct its name.") from None
    if open_to_others:
        raise DeviceError(Reason.PERMISSION, f"Others may read {key}: make a new key that only its user may read.")
