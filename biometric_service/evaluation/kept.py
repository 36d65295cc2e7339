"""Results of long work, kept one after the other as they are made, so that a run that was broken off goes on."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from biometric_service.templates.native import encode
from biometric_service.vocabulary.templates import Template

Row = NDArray[np.float32]


def digest_of(templates: Sequence[Template | None], *about: object) -> str:
    """Names what was made of the templates and of whatever else it depends on."""
    digest = hashlib.sha256(repr(about).encode())
    for template in templates:
        digest.update(hashlib.sha256(encode(template) if template else b"").digest())
    return digest.hexdigest()[:32]


class _Appended:
    """A file that grows while the work goes on."""

    _file: IO[Any] | None = None

    def _append(self, made: bytes | str) -> None:
        if self._file:
            self._file.write(made)
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.close()


class KeptRows(_Appended):
    """Rows of float32 of one width in a file, or nowhere; a row that was half written is made again."""

    def __init__(self, place: Path | None, width: int) -> None:
        self._made = np.zeros((0, width), np.float32)
        self._taken = 0
        if place:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
            self._made = _whole_rows(place, width)
            self._file = place.open("r+b")
            self._file.truncate(self._made.nbytes)
            self._file.seek(0, 2)

    def get(self, make: Callable[[], Row]) -> Row:
        """The next row: the kept one, else the one that ``make`` makes."""
        if self._taken < len(self._made):
            self._taken += 1
            row: Row = self._made[self._taken - 1]
            return row
        row = make()
        self._append(row.tobytes())
        return row


class KeptLines(_Appended):
    """Answers as lines of JSON in a folder, or nowhere; ``name``: of the work."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self.name = name
        self._lines: list[str] = []
        self._taken = 0
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            place = folder / f"{name.lower().replace(' ', '-')}.jsonl"
            place.touch()
            whole = place.read_text(encoding="ascii").rpartition("\n")
            self._lines = whole[0].splitlines()
            self._file = place.open("r+", encoding="ascii")
            self._file.truncate(len(whole[0]) + len(whole[1]))
            self._file.seek(0, 2)

    def get(self, make: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
        """The next answer: the kept one, else the one that ``make`` makes."""
        if self._taken < len(self._lines):
            self._taken += 1
            return tuple(json.loads(self._lines[self._taken - 1]))
        answer = make()
        self._append(f"{json.dumps(answer)}\n")
        return answer


def _whole_rows(place: Path, width: int) -> NDArray[np.float32]:
    values = np.fromfile(place, np.float32)
    return values[: len(values) // max(width, 1) * width].reshape(-1, width)
