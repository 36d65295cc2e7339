"""No memory of the service on a disk: core dumps are off, and no other process of the same user may read it."""

import ctypes
import logging
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4

log = logging.getLogger(__name__)


def forbid_dumps() -> None:
    """Switch off core dumps (RLIMIT_CORE) and, on Linux, dumping and tracing (PR_SET_DUMPABLE)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        refused = ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        refused = True
    if refused:
        log.warning("This system lets the service's memory be dumped: forbid it in its own settings.")
