"""Root without its power over files, so that permissions can be tested where tests run as root."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

CAPABILITY_VERSION_3 = 0x20080522
PR_SET_SECUREBITS, NO_ROOT = 28, 1
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 1, 2, 3
POWERS_OVER_FILES = (1 << DAC_OVERRIDE) | (1 << DAC_READ_SEARCH)
libc = ctypes.CDLL(None, use_errno=True)

Words = ctypes.c_uint32 * 6  # effective, permitted, inheritable of capabilities 0 to 31, then of 32 to 63


@contextmanager
def powerless() -> Iterator[None]:
    """This thread, and the programs it starts, may open only what the permissions of a file allow its owner."""
    if os.geteuid() != 0:
        yield
        return
    head = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    kept = Words()
    _require(libc.capget(head, kept))
    _require(libc.prctl(PR_SET_SECUREBITS, NO_ROOT, 0, 0, 0))
    try:
        less = Words(*kept)
        less[0] &= ~POWERS_OVER_FILES
        _require(libc.capset(head, less))
        yield
    finally:
        _require(libc.capset(head, kept))
        _require(libc.prctl(PR_SET_SECUREBITS, 0, 0, 0, 0))


def _require(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
