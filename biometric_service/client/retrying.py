"""When to ask again, and when to give up."""

import random
from dataclasses import dataclass

import httpx

from biometric_service.client.faults import problem_of
from biometric_service.errors import ErrorCode

BUSY = {429, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent at the most, and how long the pauses are.

    ``first_s``: the first pause, doubled each time, up to ``longest_s``; a service that says when to come back
    (Retry-After) is believed up to ``longest_s`` too.
    """

    tries: int = 5
    first_s: float = 0.2
    longest_s: float = 30.0

    def pause(self, tried: int, answer: httpx.Response | None) -> float | None:
        """How long to wait after so many tries, s; None to take what came. ``answer``: None where there was none."""
        if tried >= self.tries or (answer is not None and not _is_busy(answer)):
            return None
        asked_s = _retry_after(answer)
        if asked_s is not None:
            return min(asked_s, self.longest_s)
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - so that clients do not come back all at once
        return float(min(self.longest_s, self.first_s * 2 ** (tried - 1)) * spread)


def _is_busy(answer: httpx.Response) -> bool:
    """Whether it says to come back: the service, or another who is at this very request still."""
    if answer.status_code in BUSY:
        return True
    problem = problem_of(answer) if answer.is_client_error else None
    return problem is not None and problem.code is ErrorCode.IDEMPOTENCY_KEY_IN_USE


def _retry_after(answer: httpx.Response | None) -> float | None:
    given = answer.headers.get("Retry-After", "") if answer is not None else ""
    return float(given) if given.isdigit() else None
