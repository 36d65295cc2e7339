"""A thread that watches for drift while the service runs, so that an alarm needs nobody to ask."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from biometric_service.errors import BiometricServiceError
from biometric_service.recognition.drift import catch_up
from biometric_service.vocabulary.protocols import DriftStore

log = logging.getLogger(__name__)


@contextmanager
def watching_drift(store: DriftStore, seconds: float) -> Iterator[None]:
    """Take in what the audit log has, every so many seconds until the context ends; 0 for never."""
    stopping = Event()
    thread = Thread(target=_watch, args=(store, seconds, stopping), name="drift", daemon=True)
    if seconds > 0:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        if seconds > 0:
            thread.join()


def _watch(store: DriftStore, seconds: float, stopping: Event) -> None:
    while not stopping.wait(seconds):
        try:
            catch_up(store)
        except BiometricServiceError as fault:
            log.warning("Drift could not be watched and will be again: %s", fault)
