"""Folders that are made once, whole or not at all, and are checked each time they are used."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from biometric_service.durable_files import flush
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.digests import require_sha256, sha256_of

RECORD = "SHA256SUMS"


class WeightsCache:
    """Finished folders by key, each with a record of its files' SHA-256 in the format of ``sha256sum``.

    Safe between threads and processes: one makes a folder while the others wait. What a process that was killed left
    unfinished is swept away by the next one that makes the same folder, which works under a name of its own: a download
    that outlives its killed process may still be writing to the old one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser()

    def holds(self, key: str) -> bool:
        """Whether the folder has been made."""
        return (self._root / key).is_dir()

    def folder(self, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of ``key``, filled by ``make`` where it is not there yet.

        MODEL_HASH_MISMATCH where a file in it is not as it was made, MODEL_UNAVAILABLE where there is no room for it.
        """
        finished = self._root / key
        if not finished.is_dir():
            try:
                self._make(finished, make)
            except OSError as fault:
                raise _unwritable(fault) from fault
        _check(finished)
        return finished

    def _make(self, finished: Path, make: Callable[[Path], None]) -> None:
        finished.parent.mkdir(parents=True, exist_ok=True)
        with _locked(finished.with_name(f"{finished.name}.lock")):
            if finished.is_dir():
                return
            prefix = f"{finished.name}.unfinished-"
            for left_behind in finished.parent.glob(f"{prefix}*"):
                shutil.rmtree(left_behind, ignore_errors=True)
            unfinished = finished.with_name(f"{prefix}{token_hex(4)}")
            unfinished.mkdir()
            try:
                make(unfinished)
                _record(unfinished)
                unfinished.rename(finished)
                flush(finished.parent)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _files(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(name for name in names if name != RECORD)


def _record(folder: Path) -> None:
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in _files(folder)]
    (folder / RECORD).write_text("".join(lines), "utf-8")
    for name in [*_files(folder), RECORD]:
        flush(folder / name)


def _check(folder: Path) -> None:
    where = f"{folder.parent.name}/{folder.name}"
    action = f"Remove the folder {where} from the model cache and start again: it will be made anew."
    try:
        lines = (folder / RECORD).read_text("utf-8").splitlines()
        recorded = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        whole = sorted(recorded) == _files(folder)
    except (OSError, ValueError):
        whole = False
    if not whole:
        message = f"The folder {where} of the model cache does not hold what its record says."
        raise BiometricServiceError(ErrorCode.MODEL_HASH_MISMATCH, message, action)
    for name, digest in recorded.items():
        require_sha256(folder / name, digest, f"{where}/{name} in the model cache", action)


def _unwritable(fault: OSError) -> BiometricServiceError:
    message = f"The model cache cannot be written ({fault.strerror or fault})."
    action = "Free space there, or set BIOMETRIC_MODEL_CACHE to a folder that can be written."
    return BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, message, action)
