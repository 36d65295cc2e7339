"""What is told of an asynchronous call."""

from collections.abc import Mapping

from pydantic import JsonValue

from biometric_service.api.osia.schemas.model import Model


class TaskId(Model):
    """The call was taken; its result goes to the callback."""

    task_id: str
    others: Mapping[str, JsonValue] | None = None


class Error(Model):
    """What went wrong; ``code``: the HTTP status that a synchronous call has."""

    code: int
    message: str
