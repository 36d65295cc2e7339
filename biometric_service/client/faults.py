"""What a client raises: a fault that the service told, or that there was no answer."""

import httpx
from pydantic import ValidationError

from biometric_service.api.errors import Problem


class ServiceFault(Exception):  # noqa: N818 - a fault is what the service calls it
    """The service refused or failed: ``code`` is stable, ``detail`` and ``action`` are for people.

    ``request_id``: under which the service's log has it. ``code`` is None where something between answered instead.
    """

    def __init__(self, answer: httpx.Response) -> None:
        problem = problem_of(answer)
        self.status = answer.status_code
        self.code = problem.code if problem else None
        self.detail = problem.detail if problem else answer.reason_phrase
        self.action = problem.action if problem else "Ask whoever runs the network."
        self.request_id = problem.request_id if problem else ""
        super().__init__(f"{self.code or self.status}: {self.detail} {self.action}")


class NoAnswer(Exception):  # noqa: N818 - it says what happened
    """The service could not be reached, or not in time, however often it was tried."""


def problem_of(answer: httpx.Response) -> Problem | None:
    """The fault that the service told; None where something between answered instead."""
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        return None
