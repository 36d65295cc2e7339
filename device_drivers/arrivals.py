"""What a device sends of itself, for whoever waits for it."""

import asyncio
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Arrivals(Generic[Thing]):
    """Hands the next thing that comes to everybody who waits; what comes while nobody waits is gone.

    So nobody is given a picture of who stood before the camera earlier. One event loop's thread at a time.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[Thing]] = set()
        self._fault: Exception | None = None

    def put(self, thing: Thing) -> None:
        """Hand it to those who wait."""
        for each in self._waiting:
            if not each.done():
                each.set_result(thing)

    def end(self, fault: Exception) -> None:
        """There will be no more: whoever waits, now or later, gets the fault."""
        self._fault = fault
        for each in self._waiting:
            if not each.done():
                each.set_exception(fault)

    async def next(self) -> Thing:
        """What comes next; the fault where nothing does."""
        if self._fault:
            raise self._fault
        waiting: asyncio.Future[Thing] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            return await waiting
        finally:
            self._waiting.discard(waiting)
