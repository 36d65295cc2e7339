"""Several processes that serve requests, and one beside them that holds the indexes for all.

The matcher is the one copy of the galleries on the machine: the others ask it over a Unix socket in a folder of their
own (see docs/adr). Whatever process dies is started anew; a matcher that was rebuilds its indexes from the store first.
"""

import logging
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread

from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from biometric_service.api.telemetry.logs import log_as_set
from biometric_service.app.listening import listening
from biometric_service.app.own_sockets import reserved
from biometric_service.app.service import open_service
from biometric_service.app.serving import application_until_shutdown
from biometric_service.app.warming import compile_ahead
from biometric_service.core_dumps import forbid_dumps
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.matcher import Held, Matcher
from biometric_service.recognition.walk import Walk
from biometric_service.settings import Settings

SOCKET = "matcher"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PATIENCE_S = 600.0
PAUSE_S = 0.2

log = logging.getLogger(__name__)


def run_processes(settings: Settings) -> None:
    """Serve until told to end, then drain every process and end the matcher last."""
    with tempfile.TemporaryDirectory(prefix="biometric-service-") as folder, ExitStack() as stack:
        path = Path(folder) / SOCKET
        metrics = Path(folder) / "metrics"
        metrics.mkdir()
        os.environ[METRICS_FOLDER] = str(metrics)
        stack.enter_context(_matcher(settings, path))
        config = listening(partial(_worker_application, settings, path), settings)
        Multiprocess(config, [reserved(config)]).run()


def run_matcher(settings: Settings, path: Path) -> None:
    """Hold the indexes and answer searches until the process that started this one is gone or ends it."""
    forbid_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all processes: the others drain first
    log_as_set(settings)
    with open_service(settings) as service:
        compile_ahead(service.present_walk)
        matcher = Matcher(partial(held_by, service.present_walk), path, os.geteuid())
        signal.signal(signal.SIGTERM, lambda *_: matcher.close())
        Thread(target=_end_with_parent, args=(matcher,), daemon=True).start()
        matcher.serve()


def held_by(present_walk: Callable[[], Walk]) -> Held:
    """What the walk on the models in use holds; MODELS_DIFFER while they are being switched."""
    walk = present_walk()
    return Held(walk.indexes, walk.follower)


def _end_with_parent(matcher: Matcher) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        matcher.close()


@contextmanager
def _matcher(settings: Settings, path: Path) -> Iterator[None]:
    """A matcher that is started anew whenever it dies."""
    ending = Event()
    running = [_started(settings, path)]
    _wait_for(running[0], path)

    def watch() -> None:
        while not ending.wait(PAUSE_S):
            if not running[0].is_alive():
                log.error("the matcher ended with %s and is started anew", running[0].exitcode)
                path.unlink(missing_ok=True)
                running[0] = _started(settings, path)

    Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ending.set()
        running[0].terminate()
        running[0].join()


def _started(settings: Settings, path: Path) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=run_matcher, args=(settings, path), name=SOCKET)
    process.start()
    return process


def _wait_for(process: SpawnProcess, path: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while not path.exists():
        if not process.is_alive() or time.monotonic() > until:
            raise BiometricServiceError(
                ErrorCode.INDEX_UNAVAILABLE,
                "The process that holds the galleries did not start.",
                "Read the log above: it says why.",
            )
        time.sleep(PAUSE_S)


def _worker_application(settings: Settings, path: Path) -> FastAPI:
    """What each serving process runs."""
    forbid_dumps()
    log_as_set(settings)
    stack = ExitStack()
    return application_until_shutdown(stack.enter_context(open_service(settings, path)), stack)
