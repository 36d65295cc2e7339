"""A thread that keeps the indexes in step with the store unasked, so that a search finds them so."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread
from typing import Final

from biometric_service.errors import BiometricServiceError

AT_LEAST_EVERY_S: Final = 0.5
"""How often the store is asked though nothing was told; also how long it takes to stop."""
PAUSE_S: Final = 1.0

Watch = Callable[[], AbstractContextManager[Callable[[float], bool]]]

log = logging.getLogger(__name__)


@contextmanager
def following(catch_up: Callable[[], None], watch: Watch) -> Iterator[None]:
    """Catch up at every change until the context ends; a fault is logged and tried again.

    ``watch``: gives what waits for the next change for so many seconds (``references.change_watch``).
    """
    stopping = Event()
    thread = Thread(target=_follow, args=(catch_up, watch, stopping), name="following", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _follow(catch_up: Callable[[], None], watch: Watch, stopping: Event) -> None:
    while not stopping.is_set():
        try:
            with watch() as wait:
                while not stopping.is_set():
                    catch_up()
                    wait(AT_LEAST_EVERY_S)
        except BiometricServiceError as fault:
            log.warning("The indexes could not be brought up to the store and will be again: %s", fault)
            stopping.wait(PAUSE_S)
