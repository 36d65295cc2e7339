"""The id by which one request is found again in answers and in the log."""

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-Id"

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CURRENT: ContextVar[str] = ContextVar("request_id", default="-")


def begin(given: str) -> str:
    """Set the id of the request in progress: the caller's own where it is harmless, else a new one."""
    chosen = given if _ACCEPTED.fullmatch(given) else uuid4().hex
    _CURRENT.set(chosen)
    return chosen


def request_id() -> str:
    """The id of the request in progress, ``-`` outside of one."""
    return _CURRENT.get()
