"""A thread that destroys intakes whose time is over, so that nobody has to ask for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from biometric_service.errors import BiometricServiceError
from biometric_service.recognition.intake import expire
from biometric_service.vocabulary.intakes import IntakeStore

SECONDS = 60.0

log = logging.getLogger(__name__)


@contextmanager
def expiring_intakes(intakes: IntakeStore, seconds: float = SECONDS) -> Iterator[None]:
    """Destroy what is over its time, at once and every so many seconds until the context ends."""
    stopping = Event()
    thread = Thread(target=_expire, args=(intakes, seconds, stopping), name="intakes", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _expire(intakes: IntakeStore, seconds: float, stopping: Event) -> None:
    while True:
        try:
            expire(intakes)
        except BiometricServiceError as fault:
            log.warning("Intakes over their time could not be destroyed and will be: %s", fault)
        if stopping.wait(seconds):
            return
