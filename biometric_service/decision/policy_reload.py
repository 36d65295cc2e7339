"""A policy that follows its file: a good change is taken at once, a bad one leaves the old policy in force."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from biometric_service.decision.policy import DecisionPolicy
from biometric_service.decision.policy_file import read_policy
from biometric_service.errors import BiometricServiceError

LOG = logging.getLogger(__name__)

State = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What became of a changed file: ``after`` is in force, or ``fault`` says why ``before`` still is."""

    before: DecisionPolicy
    after: DecisionPolicy
    fault: str = ""


class ReloadingPolicy:
    """Reads the file again when it has changed (see ``PolicySource``).

    ``tell`` hears of every change, before a decision is made by it. Raises SETTINGS_INVALID where there is no valid
    policy to begin with.
    """

    def __init__(self, path: Path, tell: Callable[[PolicyChange], None]) -> None:
        self._path = path
        self._tell = tell
        self._lock = threading.Lock()
        self._seen = _state(path)
        self._policy = read_policy(path)

    def current(self) -> DecisionPolicy:
        """The policy in force; looks at the file's time, size and identity each time."""
        if _state(self._path) != self._seen:
            with self._lock:
                self._look()
        return self._policy

    def _look(self) -> None:
        state = _state(self._path)
        if state == self._seen:
            return
        change = self._read()
        self._tell(change)
        if change.fault:
            LOG.error("The policy stays at version %s: %s", self._policy.stamp.version, change.fault)
        self._seen, self._policy = state, change.after

    def _read(self) -> PolicyChange:
        try:
            return PolicyChange(self._policy, read_policy(self._path))
        except BiometricServiceError as fault:
            return PolicyChange(self._policy, self._policy, fault.message)


def _state(path: Path) -> State:
    """Changes whenever the file does; all zero where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
