"""Vectors by row number in a FAISS index, half precision, found again by inner product."""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows
from biometric_service.vocabulary.storage import ArraySink, ArraySource

Vector = NDArray[np.float32]


class Descriptors:
    """Row r of the bank is entry r of the index, whatever comes and goes.

    FAISS would close the gap that a removed entry leaves and keep stale copies behind. Here a vacant entry is
    overwritten with zeros and waits for the row to be given out again, and a search names the entries it is after.
    Half precision takes half the memory and time; the full comparison that follows makes up for its rounding.
    """

    def __init__(self) -> None:
        self._index: Any = None
        self._vacant = 0

    def put(self, row: int, vector: Vector) -> None:
        """Set an entry."""
        index = self._index = self._index if self._index is not None else _empty(len(vector))
        missing = row + 1 - index.ntotal
        if missing > 0:
            index.add(np.zeros((missing, index.d), np.float32))
            self._vacant += missing
        self._write(row, vector)
        self._vacant -= 1

    def wipe(self, row: int) -> None:
        """Overwrite an entry with zeros."""
        self._write(row, np.zeros(self._index.d, np.float32))
        self._vacant += 1

    def nearest(self, vector: Vector, rows: Rows, count: int) -> Rows:
        """The ``count`` of the rows with the highest inner products, int64, best first."""
        faiss.omp_set_num_threads(1)  # holds for the calling thread only
        chosen = self._chosen(rows)
        _, found = self._index.search(vector[np.newaxis], count, params=chosen)
        return np.asarray(found[0][found[0] >= 0], np.int64)

    def save(self, sink: ArraySink) -> None:
        """Put the codes, as FAISS holds them, and how many entries are vacant."""
        size = self._index.ntotal * self._index.code_size if self._index is not None else 0
        codes = faiss.rev_swig_ptr(self._index.codes.data(), size) if size else np.empty(0, np.uint8)
        sink.put("codes", codes.copy())
        sink.put("shape", np.array([self._index.d if size else 0, self._vacant], np.int64))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; FAISS keeps a copy of its own. See ``Storable``."""
        length, self._vacant = source.take("shape").tolist()
        self._index = _empty(length) if length else None
        if length:
            codes = source.take("codes")
            faiss.copy_array_to_vector(codes, self._index.codes)
            self._index.ntotal = len(codes) // self._index.code_size

    def _chosen(self, rows: Rows) -> Any:  # noqa: ANN401 (FAISS has no types)
        if len(rows) == self._index.ntotal - self._vacant == self._index.ntotal:
            return None
        bits = np.zeros(self._index.ntotal, np.bool_)
        bits[rows] = True
        selector = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))  # type: ignore[arg-type, call-arg]
        return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]

    def _write(self, row: int, vector: Vector) -> None:
        codes = faiss.rev_swig_ptr(self._index.codes.data(), self._index.codes.size())
        size = self._index.code_size
        codes[row * size : (row + 1) * size] = vector.astype(np.float16).view(np.uint8)


def _empty(length: int) -> Any:  # noqa: ANN401
    index = faiss.IndexScalarQuantizer(length, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.train(np.zeros((1, length), np.float32))
    return index
