"""How full the buckets of callers are, in memory of a fixed size that all processes of a service may share."""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock

SETS = 2048
WAYS = 8
"""Callers that fall into one set; one more takes the place of whoever was seen longest ago."""
_SLOT = struct.Struct("=16sdd")


@dataclass(slots=True)
class Level:
    """``tokens`` in a bucket ``at`` a moment of the monotonic clock, which all processes of a machine share, in s."""

    tokens: float
    at: float


class Levels:
    """The levels of some thousands of callers; safe in threads, and between the processes that open the same ``file``.

    ``file``: made where there is none; None for this process alone. A process that dies holds nothing up.
    """

    def __init__(self, file: Path | None = None, sets: int = SETS) -> None:
        self._sets = sets
        self._lock = Lock()
        size = sets * WAYS * _SLOT.size
        self._file = -1 if file is None else os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if file is not None:
            os.ftruncate(self._file, size)
        self._memory = mmap.mmap(self._file, size)

    @contextmanager
    def held(self, caller: str, otherwise: Level) -> Iterator[Level]:
        """A caller's level, for nobody else to change meanwhile, kept as it then is; ``otherwise``: of a new caller."""
        name = blake2b(caller.encode(errors="replace"), digest_size=16).digest()
        with self._lock, self._alone():
            place, level = self._found(name, otherwise)
            yield level
            _SLOT.pack_into(self._memory, place, name, level.tokens, level.at)

    def _found(self, name: bytes, otherwise: Level) -> tuple[int, Level]:
        """Where the level is, or is to be."""
        begin = int.from_bytes(name) % self._sets * WAYS * _SLOT.size
        places = range(begin, begin + WAYS * _SLOT.size, _SLOT.size)
        kept = [(place, *_SLOT.unpack_from(self._memory, place)) for place in places]
        for place, whose, tokens, at in kept:
            if whose == name:
                return place, Level(tokens, at)
        return min(kept, key=lambda each: each[3])[0], otherwise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process."""
        if self._file < 0:
            yield
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
