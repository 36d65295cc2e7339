"""The id by which one request is found again in answers and in the log."""

import logging
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


class RequestIdFormatter(logging.Formatter):
    """One line a record: time, level, id of the request, logger, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        record.request_id = request_id()
        return super().format(record)


def log_with_request_ids(level: str) -> None:
    """Have every log line of the process say which request it belongs to."""
    handler = logging.StreamHandler()
    handler.setFormatter(RequestIdFormatter())
    logging.basicConfig(level=level, handlers=[handler])
