"""How much one caller may take: a token bucket for its rate, slots for what it has in progress at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from biometric_service.api.access.levels import Level, Levels
from biometric_service.errors import BiometricServiceError, ErrorCode


class TokenBuckets:
    """A bucket for each caller, of the callers seen last; safe in threads.

    ``rate``: tokens a second that flow in. ``burst``: how many a bucket holds. ``levels``: where they are kept, for
    several kinds of bucket (``kind``) and several processes.
    """

    def __init__(
        self,
        rate: float,
        burst: float,
        levels: Levels | None = None,
        kind: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._levels = levels or Levels()
        self._kind = kind
        self._clock = clock

    def take(self, caller: str) -> float:
        """Take a token: 0 where there was one, else the seconds until there is one again."""
        return self._draw(caller, 1.0)

    def wait(self, caller: str) -> float:
        """The seconds until the caller's bucket has a token, 0 where it has one; takes none."""
        return self._draw(caller, 0.0)

    def _draw(self, caller: str, cost: float) -> float:
        with self._levels.held(f"{self._kind} {caller}", Level(self._burst, self._clock())) as level:
            now = max(self._clock(), level.at)
            level.tokens = min(self._burst, level.tokens + (now - level.at) * self._rate)
            level.at = now
            missing = max(0.0, 1.0 - level.tokens)
            if not missing:
                level.tokens -= cost
            return missing / self._rate


class Slots:
    """How many requests of one caller are in progress, with a limit; safe in threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: dict[str, int] = {}
        self._lock = Lock()

    @contextmanager
    def held(self, caller: str) -> Iterator[None]:
        """Hold one for as long as a request takes; RATE_LIMITED where the caller holds all of its own."""
        self._take(caller)
        try:
            yield
        finally:
            self._release(caller)

    def _take(self, caller: str) -> None:
        with self._lock:
            taken = self._taken.get(caller, 0)
            if taken >= self._limit:
                raise limited(f"More than {self._limit} requests of this caller are in progress.", 1)
            self._taken[caller] = taken + 1

    def _release(self, caller: str) -> None:
        with self._lock:
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller]


def limited(message: str, retry_after_s: float) -> BiometricServiceError:
    """RATE_LIMITED."""
    return BiometricServiceError(
        ErrorCode.RATE_LIMITED, message, "Wait as long as Retry-After says and try again.", retry_after_s
    )
