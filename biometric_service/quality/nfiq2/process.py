"""The other side of the worker: asks it, waits no longer than it may, starts it again where it died."""

import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.quality.nfiq2.worker import LENGTH

WORKER = "biometric_service.quality.nfiq2.worker"
PATIENCE = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LONGEST_ANSWER = 200
OWN_VARIABLES = "BIOMETRIC_"


@dataclass(frozen=True, slots=True)
class Nfiq2Answer:
    """``score``: 0 to 100, higher is better; None where there is none, and ``reason`` says why."""

    score: float | None
    reason: str = ""


class Nfiq2Process:
    """NFIQ 2 at arm's length: started with the first image, one image at a time, safe between threads.

    A worker that died or took longer than ``patience`` seconds is killed, and started again with the first image after
    a pause, which doubles from one second to a minute until an image is answered. It sees no setting of the service.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._asking = threading.Lock()
        self._worker: _Worker | None = None
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    def ask(self, image: bytes) -> Nfiq2Answer:
        """The NFIQ 2 score of a PNG file, grey, 500 dpi."""
        with self._asking:
            if self._worker is None and (wait := self._not_before - time.monotonic()) > 0:
                return Nfiq2Answer(None, f"The NFIQ 2 worker failed; it is started again in {wait:.0f} s.")
            try:
                return self._ask(image)
            except OSError as fault:
                return Nfiq2Answer(None, self._give_up(fault))

    def close(self) -> None:
        """End the worker; it is started again with the next image."""
        with self._asking:
            self._end()

    def _ask(self, image: bytes) -> Nfiq2Answer:
        if self._worker is None:
            self._worker = _Worker()
        kind, _, said = self._worker.ask(image, self._patience).partition(" ")
        self._pause = FIRST_PAUSE
        if kind == "score":
            return Nfiq2Answer(float(said))
        return Nfiq2Answer(None, f"NFIQ 2 has no score for this image ({said}).")

    def _give_up(self, fault: OSError) -> str:
        status = self._end()
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if isinstance(fault, TimeoutError):
            return f"NFIQ 2 took longer than {self._patience:g} s."
        return f"The NFIQ 2 worker ended with status {status}."

    def _end(self) -> int | None:
        worker, self._worker = self._worker, None
        return worker.end() if worker else None


class _Worker:
    """One run of the worker; whatever goes wrong with it is an OSError. ``end`` ends it and gives its exit status."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own module, no word of it from outside
                [sys.executable, "-P", "-m", WORKER, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        self.end = weakref.finalize(self, _end, self._line, self._process)

    def ask(self, image: bytes, patience: float) -> str:
        """The answer's line; TimeoutError, ConnectionError."""
        until = time.monotonic() + patience
        self._line.settimeout(patience)
        self._line.sendall(LENGTH.pack(len(image)) + image)
        said = b""
        while not said.endswith(b"\n"):
            self._line.settimeout(max(until - time.monotonic(), 1e-3))
            more = self._line.recv(LONGEST_ANSWER)
            if not more:
                raise ConnectionError("it hung up")
            said += more
        return said.decode().strip()


def _end(line: socket.socket, process: subprocess.Popen[bytes]) -> int:
    """Hang up, and kill the worker if it does not end by itself; its exit status, negative for a signal."""
    line.close()
    try:
        return process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def require_nfiq2() -> None:
    """SETTINGS_INVALID where the package with NFIQ 2 is not installed."""
    if find_spec("nbis") is None:
        message = "The setting fingerprint_quality asks for NFIQ 2, which is not installed."
        action = "Install biometric-service[nfiq2], or set BIOMETRIC_FINGERPRINT_QUALITY=native."
        raise BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, action)


def _environment() -> Mapping[str, str]:
    """This process's, without the service's settings, of which the master key may be one."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(OWN_VARIABLES)}
    return kept | {"OMP_NUM_THREADS": "1"}
