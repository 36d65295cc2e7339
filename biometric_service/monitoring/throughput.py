"""How many checks there were in each hour of the last day, counted from the audit log as it grows."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from biometric_service.vocabulary.events import EventKind, RecordedEvent

HOURS: Final = 24
PAGE: Final = 2000
"""How many events are read at once."""
CHECKS: Final = frozenset(
    {EventKind.IDENTIFICATION, EventKind.VERIFICATION, EventKind.MOVEMENT_CHECK, EventKind.MUSTER_COUNTED}
)

Read = Callable[[int, int], Sequence[RecordedEvent]]
"""Up to so many events after a number (the second, the first), in order."""


class HourlyChecks:
    """Counts every event once: at first those of the last day, then whatever came since; safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: Counter[datetime] = Counter()
        self._reached: int | None = None

    def of_last_day(self, read: Read, newest: int, now: datetime) -> list[tuple[datetime, int]]:
        """Each of the last 24 hours where the service runs, oldest first, and its checks.

        ``newest``: number of the last event; AUDIT_CHAIN_BROKEN for one that cannot be read.
        """
        hours = [_hour(now) - timedelta(hours=HOURS - 1 - step) for step in range(HOURS)]
        with self._lock:
            pages = _back(read, newest, hours[0]) if self._reached is None else _on(read, self._reached, newest)
            checks = [each.event.at for page in pages for each in page if each.event.kind in CHECKS]
            self._reached = newest
            self._counted.update(map(_hour, checks))
            self._counted = Counter({hour: self._counted[hour] for hour in hours})
            return list(self._counted.items())


def _back(read: Read, newest: int, since: datetime) -> Iterator[Sequence[RecordedEvent]]:
    """From the newest page to the first that holds nothing since; what came in late stands among what is newer."""
    for last in range(newest, 0, -PAGE):
        after = max(0, last - PAGE)
        page = read(after, last - after)
        yield page
        if all(each.event.at < since for each in page):
            return


def _on(read: Read, reached: int, newest: int) -> Iterator[Sequence[RecordedEvent]]:
    for after in range(reached, newest, PAGE):
        yield read(after, min(PAGE, newest - after))


def _hour(at: datetime) -> datetime:
    return at.astimezone().replace(minute=0, second=0, microsecond=0)
