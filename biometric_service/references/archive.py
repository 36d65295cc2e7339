"""Files of a backup: a base holds the whole store at one moment, an increment what was done since the file before.

A file is a line that says what it is, a line of JSON that tells all it takes to open it but the master key, and frames.
Each frame is sealed with AES-256-GCM under a key derived from the store key; its additional data is the digest of the
two lines, its place and whether it is the last: nothing can be changed, moved, cut off or taken to another file.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from biometric_service.durable_files import making
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.faults import typed_faults
from biometric_service.references.frames import Frame, pack, unpack
from biometric_service.references.protection import Binding, DataKey

_MAGIC = b"biometric-service backup 1\n"
_LENGTH = struct.Struct(">I")
_LONGEST_HEADER = 10_000
BASE, INCREMENT = "base", "increment"


@dataclass(frozen=True, slots=True)
class Header:
    """What a file holds: ``at``: no later commit is in it (ISO 8601); ``previous``: id of the file it goes on from.

    ``journal``, ``position``: which journal, and how far the file goes; ``revision``: of the tables; ``key_check``,
    ``store_key``: of the master key, and the store key wrapped by it (hex).
    """

    id: str
    kind: str
    at: str
    previous: str
    journal: str
    position: int
    revision: str
    key_check: str
    store_key: str


def write_file(target: Path, header: Header, key: bytes, frames: Iterable[Frame]) -> int:
    """Write a new file in mode 0600, whole or not at all; returns how many rows. REQUEST_INVALID where it exists."""
    first = _MAGIC + json.dumps(asdict(header)).encode() + b"\n"
    with _new_file(target) as file:
        file.write(first)
        return _write_frames(file, frames, DataKey(key), hashlib.sha256(first).hexdigest())


def read_header(path: Path) -> Header:
    """What a file says it is; REQUEST_INVALID where there is none, BACKUP_DAMAGED."""
    if not path.is_file():
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, "There is no backup there.", "Check the file's name.")
    with typed_faults(), path.open("rb") as file:
        return _header(_first_lines(file))


def read_frames(path: Path, key: bytes) -> Iterator[Frame]:
    """Every frame; BACKUP_DAMAGED where one does not open or the end is missing."""
    with typed_faults(), path.open("rb") as file:
        first = _first_lines(file)
        cipher, whose, place, last = DataKey(key), hashlib.sha256(first).hexdigest(), 0, False
        while not last:
            last, frame = _read_frame(file, cipher, whose, place)
            place += 1
            yield frame
        if file.read(1):
            raise damaged()


def chain_until(folder: Path, until: str | None) -> list[Path]:
    """The last base that is not later than a moment (ISO 8601) and the increments after it; REQUEST_INVALID.

    BACKUP_DAMAGED where a file between them is missing.
    """
    files = [(path, read_header(path)) for path in sorted(folder.glob("*.backup"))]
    wanted = [(path, header) for path, header in files if until is None or header.at <= until]
    bases = [index for index, (_, header) in enumerate(wanted) if header.kind == BASE]
    if not bases:
        message, action = "There is no backup of that time.", "Give a later time: the first base may be younger."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
    chosen = wanted[bases[-1] :]
    for (_, before), (_, after) in pairwise(chosen):
        if after.previous != before.id:
            raise damaged()
    return [path for path, _ in chosen]


def damaged() -> BiometricServiceError:
    """BACKUP_DAMAGED."""
    return BiometricServiceError(
        ErrorCode.BACKUP_DAMAGED,
        "The backup was changed, is not whole, or a file of it is missing.",
        "Take an older one, and find out what damaged this one.",
    )


def _write_frames(file: BinaryIO, frames: Iterable[Frame], cipher: DataKey, whose: str) -> int:
    place = rows = 0
    for frame in frames:
        _write_frame(file, cipher.seal(pack(frame), _binding(whose, place, last=False)))
        place += 1
        rows += len(frame.rows)
    _write_frame(file, cipher.seal(pack(Frame("")), _binding(whose, place, last=True)))
    return rows


def _write_frame(file: BinaryIO, sealed: bytes) -> None:
    file.write(_LENGTH.pack(len(sealed)) + sealed)


def _read_frame(file: BinaryIO, cipher: DataKey, whose: str, place: int) -> tuple[bool, Frame]:
    length = file.read(_LENGTH.size)
    sealed = file.read(_LENGTH.unpack(length)[0]) if len(length) == _LENGTH.size else b""
    for last in (False, True):
        try:
            return last, unpack(cipher.open(sealed, _binding(whose, place, last=last)))
        except (BiometricServiceError, ValueError, KeyError, struct.error):
            continue
    raise damaged()


def _binding(whose: str, place: int, *, last: bool) -> Binding:
    return Binding(f"backup {whose} {place} {last}".encode())


def _first_lines(file: BinaryIO) -> bytes:
    return file.readline(len(_MAGIC)) + file.readline(_LONGEST_HEADER)


def _header(lines: bytes) -> Header:
    try:
        if lines.startswith(_MAGIC):
            return Header(**json.loads(lines.removeprefix(_MAGIC)))
    except (ValueError, TypeError):
        pass
    raise damaged()


@contextmanager
def _new_file(target: Path) -> Iterator[BinaryIO]:
    """A draft that becomes the target, durably, once it is whole; the target is never written over."""
    if target.exists():
        message, action = "There is a file there already.", "Give another name, or move the file away first."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
    with typed_faults():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with making(target) as file:
            yield file
