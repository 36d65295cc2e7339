"""Arrays one after another in one stretch of memory that processes can share, a directory of them first.

A segment is the length of its directory (u32, little-endian), the directory (JSON: what it is of, and name, dtype,
shape and place of every array), and the arrays, each at a multiple of 64 bytes.
"""

import fcntl
import json
import mmap
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.vocabulary.references import ChangeNumber

ALIGNMENT = 64
LENGTH = struct.Struct("<I")
SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


@dataclass(frozen=True, slots=True)
class Described:
    """What a segment is of.

    ``kind``: which index, comparator, template format and layout. ``applied``: the last change in it. ``history``: the
    digest that the store has for that change, so that a store with another past is told apart.
    """

    kind: str
    applied: ChangeNumber
    history: str


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    dtype: str
    shape: Sequence[int]
    place: int


class ArrayCollector:
    """The arrays of a segment to be (see ``ArraySink``); they are not copied, and nobody writes to them again."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Note the array."""
        if name in self._arrays:
            raise KeyError(name)
        self._arrays[name] = np.ascontiguousarray(array)

    def take(self, name: str) -> NDArray[Any]:
        """The array itself, which is not to be written to."""
        return self._arrays[name]

    def pieces(self, described: Described) -> Iterator[memoryview]:
        """The bytes of the segment."""
        entries, place = [], 0
        for name, array in self._arrays.items():
            entries.append([name, array.dtype.str, list(array.shape), place])
            place = _aligned(place + array.nbytes)
        what = {"kind": described.kind, "applied": described.applied, "history": described.history}
        directory = json.dumps({**what, "arrays": entries}).encode()
        start = LENGTH.size + len(directory)
        yield memoryview(LENGTH.pack(len(directory)) + directory + bytes(_aligned(start) - start))
        for array in self._arrays.values():
            yield array.reshape(-1).view(np.uint8).data
            yield memoryview(bytes(_aligned(array.nbytes) - array.nbytes))


@dataclass(frozen=True, slots=True)
class LaidDown:
    """What an index held when it had taken the change ``applied``."""

    arrays: ArrayCollector
    applied: ChangeNumber


class Segment:
    """A segment in memory; the arrays taken from it may be written to, which no other process sees.

    ``descriptor``: of the sealed memory, for whoever is to share its pages; kept open as long as the segment lives.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        access = mmap.PROT_READ | mmap.PROT_WRITE
        self._memory = mmap.mmap(descriptor, 0, flags=mmap.MAP_PRIVATE, prot=access)
        (length,) = LENGTH.unpack_from(self._memory)
        directory = json.loads(self._memory[LENGTH.size : LENGTH.size + length])
        self._start = _aligned(LENGTH.size + length)
        self._entries: Mapping[str, _Entry] = {entry[0]: _Entry(*entry) for entry in directory["arrays"]}
        self.described = Described(directory["kind"], ChangeNumber(directory["applied"]), directory["history"])

    def __del__(self) -> None:
        """Let go of the descriptor; the memory goes with the last array in it."""
        os.close(self.descriptor)

    def take(self, name: str) -> NDArray[Any]:
        """An array of it (see ``ArraySource``)."""
        entry = self._entries[name]
        dtype, count = np.dtype(entry.dtype), int(np.prod(entry.shape))
        array = np.frombuffer(self._memory, dtype, count, self._start + entry.place)
        return array.reshape(tuple(entry.shape))


class SegmentFill:
    """Memory for a segment that is being read; nobody else has it until it is sealed."""

    def __init__(self, size: int) -> None:
        self._descriptor = os.memfd_create("gallery", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._descriptor, size)
        self._memory = mmap.mmap(self._descriptor, size)

    def room(self, place: int, size: int) -> memoryview:
        """So many bytes of it to be written to; let go of before ``sealed``."""
        return memoryview(self._memory)[place : place + size]

    def sealed(self) -> Segment:
        """The segment, which nobody can change any more."""
        self._memory.close()
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, SEALS)
        return Segment(self._descriptor)

    def drop(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self._descriptor)


def shared_segment(descriptor: int) -> Segment:
    """The segment behind a descriptor that another process passed on; ValueError where it could still be changed."""
    if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS != SEALS:
        raise ValueError("not sealed")
    return Segment(os.dup(descriptor))


def _aligned(place: int) -> int:
    return -(-place // ALIGNMENT) * ALIGNMENT
