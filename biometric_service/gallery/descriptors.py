"""Vectors by row number in a FAISS index, found again by inner product."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import faiss
import numpy as np
from numba import njit
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.vocabulary.storage import ArraySink, ArraySource

Vector = NDArray[np.float32]

ALIGNED = 16
"""FAISS's fast paths are for lengths that this divides. Where twice as much divides the length too, FAISS 1.15 rounds
queries of single bytes on processors with AVX-512 VNNI, so that its products are not those of what was asked."""
WIDE = 9.0
"""By how many standard deviations of a unit vector's values they fit into a byte; what is beyond that is cut off."""


class Coding(StrEnum):
    """How a value is held: in single or half precision, or in a byte."""

    SINGLE = "single"
    HALF = "half"
    BYTE = "byte"


class Found(NamedTuple):
    """``rows``: int64 (n,), highest product first. ``products``: float32 (n,), with what is held of each vector."""

    rows: Rows
    products: Vector


class Descriptors:
    """Row r of the bank is entry r of the index, whatever comes and goes.

    FAISS would close the gap that a removed entry leaves and keep stale copies behind. Here a vacant entry is
    overwritten with zeros and waits for the row to be given out again, and a search names the entries it is after.
    ``inexact``: the greatest distance between a vector and what is held of it.
    """

    def __init__(self, coding: Coding = Coding.BYTE) -> None:
        self._coding = coding
        self._index: Any = None
        self._length = 0
        self._vacant = 0
        self.inexact = 0.0

    def put(self, row: int, vector: Vector) -> None:
        """Set an entry."""
        if self._index is None:
            self._open(len(vector))
        missing = row + 1 - self._index.ntotal
        if missing > 0:
            self._index.add(np.zeros((missing, self._index.d), np.float32))
            self._vacant += missing
        self.inexact = max(self.inexact, self._write(row, vector))
        self._vacant -= 1

    def wipe(self, row: int) -> None:
        """Overwrite an entry with zeros."""
        self._write(row, np.zeros(self._length, np.float32))
        self._vacant += 1

    def nearest(self, vector: Vector, among: RowSet, count: int) -> Found:
        """The ``count`` of the rows with the highest inner products; without the interpreter lock."""
        faiss.omp_set_num_threads(1)  # holds for the calling thread only
        products, found = self._index.search(self._padded(vector), count, params=self._chosen(among))
        here = found[0] >= 0
        return Found(np.asarray(found[0][here], np.int64), products[0][here] / self._steps)

    def products(self, vector: Vector, rows: Rows) -> Vector:
        """Inner products with those rows, float32 (len(rows),); without the interpreter lock where they are bytes."""
        size = self._index.code_size
        codes = faiss.rev_swig_ptr(self._index.codes.data(), self._index.codes.size()).reshape(-1, size)
        if self._coding is not Coding.BYTE:
            return np.asarray(self._index.sa_decode(codes[rows])[:, : self._length] @ vector, np.float32)
        found = np.empty(len(rows), np.float32)
        asked = np.rint(self._padded(vector)[0] * self._steps).astype(np.int16)
        _multiply(codes, rows, asked, found)
        return found / self._steps**2

    def save(self, sink: ArraySink) -> None:
        """Put the codes, as FAISS holds them, how many entries are vacant, and how inexact they are."""
        size = self._index.ntotal * self._index.code_size if self._index is not None else 0
        codes = faiss.rev_swig_ptr(self._index.codes.data(), size) if size else np.empty(0, np.uint8)
        sink.put("codes", codes.copy())
        sink.put("shape", np.array([self._length, self._vacant], np.int64))
        sink.put("inexact", np.array([self.inexact]))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; FAISS keeps a copy of its own. See ``Storable``."""
        length, self._vacant = source.take("shape").tolist()
        self.inexact = float(source.take("inexact")[0])
        if length:
            self._open(length)
            codes = source.take("codes")
            faiss.copy_array_to_vector(codes, self._index.codes)
            self._index.ntotal = len(codes) // self._index.code_size

    @property
    def _steps(self) -> np.float32:
        """Steps to 1."""
        fits = np.iinfo(np.int8).max / WIDE
        return np.float32(fits * np.sqrt(self._length) if self._coding is Coding.BYTE else 1)

    def _open(self, length: int) -> None:
        self._length = length
        self._index = MAKERS[self._coding](_room(length))

    def _chosen(self, among: RowSet) -> Any:  # noqa: ANN401 (FAISS has no types)
        if len(among) == self._index.ntotal:
            return None
        selector = faiss.IDSelectorBitmap(among.bits())  # type: ignore[arg-type, call-arg]
        return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]

    def _write(self, row: int, vector: Vector) -> float:
        """Set an entry's code; returns the distance between the vector and what is held of it."""
        steps = self._padded(vector) * self._steps
        if self._coding is Coding.BYTE:
            steps = np.clip(np.rint(steps), np.iinfo(np.int8).min, np.iinfo(np.int8).max)
        code = self._index.sa_encode(steps)
        codes = faiss.rev_swig_ptr(self._index.codes.data(), self._index.codes.size())
        codes[row * code.size : (row + 1) * code.size] = code[0]
        held = self._index.sa_decode(code)[0, : self._length] / self._steps
        return float(np.linalg.norm(held - vector))

    def _padded(self, vector: Vector) -> Vector:
        padded = np.zeros((1, self._index.d), np.float32)
        padded[0, : len(vector)] = vector
        return padded


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _multiply(codes: NDArray[np.uint8], rows: Rows, asked: NDArray[np.int16], found: Vector) -> None:
    """A code is 128 more than the value that it stands for: what that adds is the same for every row."""
    shift = np.int32(0)
    for value in range(len(asked)):
        shift += np.int32(128) * np.int32(asked[value])
    for at in range(len(rows)):
        code = codes[rows[at]]
        total = np.int32(0)
        for value in range(len(asked)):
            total += np.int32(code[value]) * np.int32(asked[value])
        found[at] = total - shift


def _room(length: int) -> int:
    """The next odd multiple of ALIGNED."""
    return (-(-length // ALIGNED) | 1) * ALIGNED


def _quantiser(length: int, kind: int) -> Any:  # noqa: ANN401
    index = faiss.IndexScalarQuantizer(length, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(np.zeros((1, length), np.float32))
    return index


MAKERS: Mapping[Coding, Callable[[int], Any]] = {
    Coding.SINGLE: faiss.IndexFlatIP,
    Coding.HALF: lambda length: _quantiser(length, faiss.ScalarQuantizer.QT_fp16),
    Coding.BYTE: lambda length: _quantiser(length, faiss.ScalarQuantizer.QT_8bit_direct_signed),
}
