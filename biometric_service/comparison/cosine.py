"""Face embeddings compared by the cosine of the angle between them."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.embeddings import Embeddings
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

ROUNDING = 1e-5
"""By how much two ways to add up the same inner product of unit vectors may differ."""


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
    """Embeddings, each found by itself (see ``KeyedBank``)."""

    def __init__(self, template_format: TemplateFormat) -> None:
        self._format = template_format
        self._embeddings = Embeddings()

    def __len__(self) -> int:
        return len(self._embeddings)

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        return self._embeddings.add(embedding_of(template, self._format))

    def remove(self, row: int) -> None:
        """Overwrite a row; its number may be given out again."""
        self._embeddings.remove(row)

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines, float32 (len(rows),), of the probe with the given rows."""
        return self._embeddings.products(embedding_of(probe, self._format), rows)

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The embeddings, float32 (len(rows), d)."""
        return self._embeddings.at(rows)

    def query(self, probe: Template) -> NDArray[np.float32]:
        """The embedding, float32 (d,)."""
        return embedding_of(probe, self._format)

    def ceiling(self, probe: Template, product: float) -> float:  # noqa: ARG002
        """The product is the score, but for rounding."""
        return product + ROUNDING

    def between(self, row: int, other: int, share: float) -> FaceTemplate:
        """A face between two rows'."""
        return FaceTemplate(self._format, self._embeddings.between(row, other, share))

    def save(self, sink: ArraySink) -> None:
        """Put the embeddings."""
        self._embeddings.save(sink)

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._embeddings.restore(source)


def embedding_of(template: Template, wanted: TemplateFormat) -> NDArray[np.float32]:
    """The embedding of a face template; TEMPLATE_VERSION_MISMATCH for a template of another format."""
    if not isinstance(template, FaceTemplate) or template.format != wanted:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_VERSION_MISMATCH,
            f"A template of format {template.format} cannot be compared with one of format {wanted}.",
            "Make both templates with the same model, or enrol again with the present one.",
        )
    return template.embedding
