"""Encrypted snapshots of indexes: laid down in a file, taken up at the next start instead of building anew.

The file is a preamble (magic, 16 random bytes, the last change in it, bytes of the segment; little-endian) and the
segment (see ``segments``) in chunks of 4 MiB, each sealed by itself under a key of the store. Every chunk is bound to
the preamble, to its number and to how many there are, so that none can be left out, moved, or come from another file.
The plain text is never on a disk: it is opened chunk by chunk straight into memory, which is sealed against any change
and can be mapped by every process of the machine.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from biometric_service.durable_files import replacing
from biometric_service.errors import BiometricServiceError
from biometric_service.gallery.segments import ArrayCollector, Described, LaidDown, Segment, SegmentFill
from biometric_service.vocabulary.references import ChangeNumber
from biometric_service.vocabulary.storage import ArraySource

MAGIC = b"BSGALRY1"
CHUNK = 1 << 22
OVERHEAD = 28
"""Bytes that sealing adds to a chunk."""
LARGEST = 1 << 40
OPENING = 2
"""Chunks that are opened at a time."""
_PREAMBLE = struct.Struct("<8s16sQQ")
_LABEL = struct.Struct("<QQ")


class SnapshotSeal(Protocol):
    """Seals chunks under a key of the store; it opens what it sealed, with the same label."""

    def seal(self, plain: memoryview, label: bytes) -> bytes:
        """28 bytes more than what is sealed."""

    def open_into(self, sealed: memoryview, label: bytes, room: memoryview) -> None:
        """Open into ``room``, 28 bytes shorter than ``sealed``; RECORD_TAMPERED where a bit or the label differs."""


class SnapshotIndex(Protocol):
    """An index that can be laid down and taken up."""

    @property
    def kind(self) -> str:
        """Which version, layout, template format, comparator and index: only the same kind is taken up."""

    def laid_down(self) -> LaidDown | None:
        """All that it holds now, whatever changes meanwhile; None where it cannot be laid down."""

    def restore(self, source: ArraySource, applied: ChangeNumber) -> None:
        """Hold what was laid down at a change instead; KeyError or ValueError leave it of no use."""


class History(Protocol):
    """What the store remembers of its changes."""

    def last_change(self) -> ChangeNumber:
        """The number of the newest change."""

    def change_digest(self, number: ChangeNumber) -> str:
        """Of the audit event of a change, which no other past has; empty where there is no such change."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """Why a snapshot was not taken up; the index is then built from the store."""

    reason: str


def save_snapshot(index: SnapshotIndex, file: Path, seal: SnapshotSeal, history: History) -> ChangeNumber | None:
    """Lay an index down while it goes on; the file appears whole or not at all.

    Returns the last change in it, None for an index that cannot be laid down. OSError where there is no room.
    """
    held = index.laid_down()
    if held is None:
        return None
    described = Described(index.kind, held.applied, history.change_digest(held.applied))
    with replacing(file, file.with_name(f"{file.name}.{os.getpid()}.part")) as out:
        _write(out, seal, described, held.arrays)
    return held.applied


def clear_unfinished(file: Path) -> None:
    """Delete what processes that are no more had begun to write in the place of a snapshot."""
    for part in file.parent.glob(f"{file.name}.*.part"):
        if not Path("/proc", part.suffixes[-2].removeprefix(".")).exists():
            part.unlink(missing_ok=True)


def load_snapshot(file: Path, seal: SnapshotSeal) -> Segment | Discarded:
    """The segment of a snapshot, every bit of it authentic."""
    try:
        with file.open("rb") as source:
            return _read(source, seal)
    except FileNotFoundError:
        return Discarded("there is none")
    except BiometricServiceError:
        return Discarded("it was changed, or belongs to another store")
    except (EOFError, struct.error):
        return Discarded("it is cut short, or is no snapshot")
    except OSError as fault:
        return Discarded(f"it cannot be read ({fault.strerror})")


def restore_snapshot(index: SnapshotIndex, segment: Segment, history: History) -> Discarded | None:
    """Take a segment up into an empty index; after any ``Discarded`` the index is of no use."""
    described = segment.described
    if described.kind != index.kind:
        return Discarded(f"it is of another version or model ({described.kind}, here {index.kind})")
    if described.applied > history.last_change() or described.history != history.change_digest(described.applied):
        return Discarded("the store has another past: it was restored from a backup")
    try:
        index.restore(segment, described.applied)
    except (KeyError, ValueError):
        return Discarded("its arrays are not what this version lays down")
    return None


def _write(out: BinaryIO, seal: SnapshotSeal, described: Described, arrays: ArrayCollector) -> None:
    size = sum(len(piece) for piece in arrays.pieces(described))
    preamble = _PREAMBLE.pack(MAGIC, os.urandom(16), described.applied, size)
    out.write(preamble)
    out.writelines(
        seal.seal(chunk, _label(preamble, number, size))
        for number, chunk in enumerate(_chunks(arrays.pieces(described)))
    )


def _chunks(pieces: Iterable[memoryview]) -> Iterator[memoryview]:
    """The same bytes in chunks, the last of which may be shorter; each holds until the next is asked for."""
    buffer, filled = memoryview(bytearray(CHUNK)), 0
    for piece in pieces:
        taken = 0
        while taken < len(piece):
            part = min(CHUNK - filled, len(piece) - taken)
            buffer[filled : filled + part] = piece[taken : taken + part]
            filled, taken = filled + part, taken + part
            if filled == CHUNK:
                yield buffer
                filled = 0
    if filled:
        yield buffer[:filled]


def _read(source: BinaryIO, seal: SnapshotSeal) -> Segment:
    preamble = source.read(_PREAMBLE.size)
    magic, _, _, size = _PREAMBLE.unpack(preamble)
    count = _count(size)
    if magic != MAGIC or os.fstat(source.fileno()).st_size != len(preamble) + size + OVERHEAD * count:
        raise EOFError
    fill = SegmentFill(size)

    def take(number: int) -> None:
        place = number * CHUNK
        with fill.room(place, min(CHUNK, size - place)) as room:
            sealed = os.pread(source.fileno(), len(room) + OVERHEAD, len(preamble) + number * (CHUNK + OVERHEAD))
            seal.open_into(memoryview(sealed), _label(preamble, number, size), room)

    try:
        with ThreadPoolExecutor(OPENING) as pool:
            for _ in pool.map(take, range(count)):
                pass
    except BaseException:
        fill.drop()
        raise
    return fill.sealed()


def _label(preamble: bytes, number: int, size: int) -> bytes:
    return b"gallery snapshot" + preamble + _LABEL.pack(number, _count(size))


def _count(size: int) -> int:
    if not 0 < size <= LARGEST:
        raise EOFError
    return -(-size // CHUNK)
