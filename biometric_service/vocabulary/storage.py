"""What is held in equal blocks of memory, and how it is laid down in arrays and taken up again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class ArraySink(Protocol):
    """Takes arrays by name."""

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Keep an array of any shape and plain dtype under a name that is not in use yet.

        It may be read at any later time: whoever puts it never writes to it again, but to a copy in its place.
        """


class ArraySource(Protocol):
    """Gives back the arrays of a sink."""

    def take(self, name: str) -> NDArray[Any]:
        """The array under a name, to be written to at will; KeyError where there is none."""


@runtime_checkable
class Storable(Protocol):
    """Can lay down all that it holds, and take it up again in place of what it holds."""

    def save(self, sink: ArraySink) -> None:
        """Put every array."""

    def restore(self, source: ArraySource) -> None:
        """Take every array; KeyError or ValueError where they are not what ``save`` put."""


@dataclass(frozen=True, slots=True)
class SinkWithin:
    """Puts a prefix before each name, so that parts of a whole need not know of one another."""

    whole: ArraySink
    prefix: str

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Put into the whole."""
        self.whole.put(f"{self.prefix}/{name}", array)


@dataclass(frozen=True, slots=True)
class SourceWithin:
    """Takes what was put through ``SinkWithin``."""

    whole: ArraySource
    prefix: str

    def take(self, name: str) -> NDArray[Any]:
        """Take from the whole."""
        return self.whole.take(f"{self.prefix}/{name}")


def by_block(rows: Rows, size: int) -> Iterator[tuple[int, Rows]]:
    """The block of each row, ``size`` rows to a block, and where in ``rows`` its rows are; blocks ascend."""
    blocks = (rows // size).astype(np.uint16)
    if len(rows) and not blocks.any():
        yield 0, np.arange(len(rows))
        return
    order = np.argsort(blocks, kind="stable")
    present, counts = np.unique(blocks[order], return_counts=True)
    start = 0
    for block, count in zip(present.tolist(), counts.tolist(), strict=True):
        yield block, order[start : start + count]
        start += count
