"""Face embeddings compared by the cosine of the angle between them."""

import threading

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

FIRST_ROWS = 64
GATHER_BELOW = 0.25


class CosineComparator:
    """Compares face templates of one format; the raw score is the cosine, -1 to 1 (see ``Comparator``)."""

    name = "cosine"
    version = "1"

    def __init__(self, template_format: TemplateFormat, calibration: Calibration) -> None:
        self.format = template_format
        self.calibration = calibration

    def compare(self, probe: Template, reference: Template, trace: Trace = SILENT) -> float:
        """The cosine of two templates; traces ``cosine``."""
        cosine = float(embedding_of(probe, self.format) @ embedding_of(reference, self.format))
        trace("cosine", cosine)
        return cosine

    def bank(self) -> "CosineBank":
        """A new empty bank."""
        return CosineBank(self.format)

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:
        """The cosine as -log10 FMR."""
        return self.calibration.calibrate(raw, conditions)


class CosineBank:
    """Embeddings as the rows of one float32 matrix that grows by doubling (see ``ComparisonBank``).

    Readers take no lock: a row is written before its number is given out, and growing leaves the old matrix to whoever
    is reading it. A removed row is overwritten with zeros.
    """

    def __init__(self, template_format: TemplateFormat) -> None:
        self._format = template_format
        self._rows: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._used = 0
        self._free: list[int] = []
        self._lent = False
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        embedding = embedding_of(template, self._format)
        with self._writing:
            row = self._free.pop() if self._free else self._next(len(embedding))
            self._own()[row] = embedding
            return row

    def remove(self, row: int) -> None:
        """Overwrite a row; its number may be given out again."""
        with self._writing:
            self._own()[row] = 0
            self._free.append(row)

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines, float32 (len(rows),), of the probe with the given rows, as one matrix-vector product."""
        embedding, matrix = embedding_of(probe, self._format), self._rows
        if not len(rows):
            return np.zeros(0, np.float32)
        if len(rows) < GATHER_BELOW * len(matrix):
            return np.asarray(matrix[rows] @ embedding, np.float32)
        return np.asarray((matrix @ embedding)[rows], np.float32)

    def save(self, sink: ArraySink) -> None:
        """Put the rows that were ever used, and which of them are free."""
        sink.put("embeddings", self._rows[: self._used])
        sink.put("free", np.array(self._free, np.int64))
        self._lent = True

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._rows = np.asarray(source.take("embeddings"), np.float32)
        self._used = len(self._rows)
        self._free = source.take("free").tolist()

    def _own(self) -> NDArray[np.float32]:
        """The matrix, to be written to: one that was put into a sink is copied first."""
        if self._lent:
            self._rows, self._lent = self._rows.copy(), False
        return self._rows

    def _next(self, dimension: int) -> int:
        if self._used == len(self._rows):
            grown = np.zeros((max(2 * self._used, FIRST_ROWS), dimension), np.float32)
            grown[: self._used] = self._rows.reshape(-1, dimension)
            self._rows = grown
        self._used += 1
        return self._used - 1


def embedding_of(template: Template, wanted: TemplateFormat) -> NDArray[np.float32]:
    """The embedding of a face template; TEMPLATE_VERSION_MISMATCH for a template of another format."""
    if not isinstance(template, FaceTemplate) or template.format != wanted:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_VERSION_MISMATCH,
            f"A template of format {template.format} cannot be compared with one of format {wanted}.",
            "Make both templates with the same model, or enrol again with the present one.",
        )
    return template.embedding
