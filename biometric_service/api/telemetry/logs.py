"""Lines of the log, each with the id of the request it belongs to: as text for people, as JSON for programs."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from biometric_service.api.request_ids import request_id
from biometric_service.settings import Settings

FACTS = "facts"
"""Name of the ``extra`` that holds what a JSON line says besides its message: short names to numbers and texts."""


class TextFormatter(logging.Formatter):
    """One line a record: time, level, id of the request, logger, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        record.request_id = request_id()
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts: dict[str, Any] = getattr(record, FACTS, {})
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "request_id": request_id(),
            "logger": record.name,
            "message": record.getMessage(),
            **facts,
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_as_set(settings: Settings) -> None:
    """Have the whole process log as the settings say; ``auto`` is text on a terminal and JSON anywhere else."""
    text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(max(logging.getLevelNamesMapping()[settings.log_level], logging.INFO))
