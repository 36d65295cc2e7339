"""Recognition is work for a processor: a bounded number of threads do it, and the event loop stays free."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Annotated, ParamSpec, TypeVar, cast

from fastapi import Depends, Request

from biometric_service.api.telemetry.metrics import Metrics
from biometric_service.errors import BiometricServiceError, ErrorCode

Given = ParamSpec("Given")
Result = TypeVar("Result")


class BoundedThreads:
    """Threads for one kind of work, and no more of them; whatever finds none free waits.

    ``seconds``: how long a caller waits for a piece of work.
    """

    def __init__(self, kind: str, threads: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(threads, kind)
        self._seconds = seconds

    async def run(self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
        """Do the work in a thread; TIMED_OUT where it takes too long, or waits too long for a thread.

        Work that has begun is done to its end, and keeps its place until then, even where nobody waits any more.
        """
        future = asyncio.wrap_future(self._submit(partial(work, *args, **kwargs)))
        try:
            return await asyncio.wait_for(future, self._seconds)
        except TimeoutError:
            raise BiometricServiceError(
                ErrorCode.TIMED_OUT, f"No answer within {self._seconds:g} s.", "Try again, with fewer images at a time."
            ) from None

    def close(self) -> None:
        """Finish what has begun and drop what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _submit(self, work: Callable[[], Result]) -> "Future[Result]":
        return self._threads.submit(copy_context().run, work)


class RecognitionWorkers(BoundedThreads):
    """Those for recognition, with a queue of bounded length in front of them: RATE_LIMITED where it is full.

    ``waiting``: how many pieces of work may wait.
    """

    def __init__(self, workers: int, waiting: int, seconds: float, metrics: Metrics) -> None:
        super().__init__("recognition", workers, seconds)
        self._recognising = metrics.recognising
        metrics.room.set(workers + waiting)
        self._room = workers + waiting
        self._taken = 0

    def require_room(self) -> None:
        """RATE_LIMITED where the queue is full."""
        if self._taken >= self._room:
            raise BiometricServiceError(
                ErrorCode.RATE_LIMITED, "Too much recognition work is waiting.", "Wait a moment and try again."
            )

    def _submit(self, work: Callable[[], Result]) -> "Future[Result]":
        self.require_room()
        self._taken += 1
        self._recognising.inc()
        loop = asyncio.get_running_loop()
        future = super()._submit(work)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._release))
        return future

    def _release(self) -> None:
        self._taken -= 1
        self._recognising.dec()


async def workers_of(request: Request) -> RecognitionWorkers:
    """The workers that the application was built with."""
    return cast("RecognitionWorkers", request.app.state.workers)


WorkersOf = Annotated[RecognitionWorkers, Depends(workers_of)]
