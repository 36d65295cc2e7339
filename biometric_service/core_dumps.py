"""No memory of the service on a disk: core dumps are off, and no other process of the same user may read it.

Whatever process holds templates, keys or images says so itself at its start: one that is spawned does not inherit it.
"""

import ctypes
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def forbid_dumps() -> bool:
    """Switch off core dumps (RLIMIT_CORE) and, on Linux, dumping and tracing (PR_SET_DUMPABLE); False without these."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        refused: int = ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        return False
    return not refused
