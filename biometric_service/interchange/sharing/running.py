"""A thread that follows the log, answers agencies, delivers and reconciles while the service runs."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.sharing.answering import work_next
from biometric_service.interchange.sharing.delivering import deliver_next
from biometric_service.interchange.sharing.following import catch_up
from biometric_service.interchange.sharing.parts import Examiner, Sharing
from biometric_service.interchange.sharing.reconciling import reconcile_due

DAILY_S = 3600.0
"""How often it is looked whether a day is to be reconciled and what is old is to go."""

log = logging.getLogger(__name__)


@contextmanager
def sharing_on(sharing: Sharing, examine: Examiner, seconds: float) -> Iterator[None]:
    """Do all that is due, every so many seconds until the context ends; 0 for never."""
    stopping = Event()
    thread = Thread(target=_repeat, args=(sharing, examine, seconds, stopping), name="sharing", daemon=True)
    if seconds > 0:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        if seconds > 0:
            thread.join()


def do_all(sharing: Sharing, examine: Examiner, stopping: Event | None = None) -> None:
    """Everything that is due now, until nothing is; a step that fails leaves the others to be done."""
    steps: tuple[Callable[[], bool], ...] = (
        lambda: catch_up(sharing) > 0,
        lambda: work_next(sharing, examine),
        lambda: deliver_next(sharing),
    )
    for step in steps:
        while _survived(step) and not (stopping and stopping.is_set()):
            pass


def do_daily(sharing: Sharing) -> bool:
    """What is due once a day; returns whether anything went that was old."""
    gone = sharing.disclosures.purge(datetime.now(UTC) - timedelta(days=sharing.patience.days))
    reconcile_due(sharing)
    return gone > 0


def _repeat(sharing: Sharing, examine: Examiner, seconds: float, stopping: Event) -> None:
    looked = -DAILY_S
    while not stopping.wait(seconds):
        do_all(sharing, examine, stopping)
        if time.monotonic() - looked > DAILY_S:
            looked = time.monotonic()
            _survived(lambda: do_daily(sharing))


def _survived(step: Callable[[], bool]) -> bool:
    """Whether there was anything to do; a store that is away for a while ends no thread."""
    try:
        return step()
    except BiometricServiceError as fault:
        log.warning("Sharing could not go on and will be tried again: %s", fault)
    except Exception:
        log.exception("sharing could not go on and will be tried again")
    return False
