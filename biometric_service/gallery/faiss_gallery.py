"""A gallery whose references FAISS narrows down before they are compared in full."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.descriptors import Descriptors
from biometric_service.gallery.rows import Rows
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat


class Describer(Protocol):
    """Makes a vector of fixed length of a template; vectors of mated templates have a high inner product."""

    def describe(self, template: Template) -> NDArray[np.float32]:
        """float32 (d,), the same d for every template."""


class Embedding:
    """A face is described by its embedding."""

    def describe(self, template: Template) -> NDArray[np.float32]:
        """The embedding, float32 (d,), unit length."""
        assert isinstance(template, FaceTemplate)
        return template.embedding


class FaissShortlister:
    """Keeps the ``least`` or ``fraction`` of the rows (whichever is more) whose descriptors are most like the probe's.

    Up to ``worth_narrowing`` rows it keeps them all: comparing them costs less than choosing.
    """

    def __init__(self, describer: Describer, least: int, fraction: float, worth_narrowing: int) -> None:
        self._describer = describer
        self._descriptors = Descriptors()
        self._least = least
        self._fraction = fraction
        self._worth_narrowing = worth_narrowing

    def add(self, row: int, template: Template) -> None:
        """Hold the template's descriptor."""
        self._descriptors.put(row, self._describer.describe(template))

    def remove(self, row: int) -> None:
        """Overwrite the row's descriptor."""
        self._descriptors.wipe(row)

    def narrow(self, probe: Template, rows: Rows, limit: int) -> Rows:
        """The rows with the most similar descriptors."""
        keep = max(self._least, 4 * limit, round(self._fraction * len(rows)))
        if len(rows) <= max(keep, self._worth_narrowing):
            return rows
        return self._descriptors.nearest(self._describer.describe(probe), rows, keep)


class FaissGallery(BankedGallery):
    """Searches descriptors with FAISS, then compares the ``least`` or ``fraction`` most alike in full.

    A face is described by its embedding unless a describer is given. Of a fingerprint there is no such vector:
    SETTINGS_INVALID without a describer.
    """

    def __init__(
        self,
        comparator: Comparator,
        describer: Describer | None = None,
        *,
        least: int = 100,
        fraction: float = 0.0,
        worth_narrowing: int = 2_000,
    ) -> None:
        describer = describer or default_describer(comparator.format)
        super().__init__(comparator, FaissShortlister(describer, least, fraction, worth_narrowing))


def default_describer(described: TemplateFormat) -> Describer:
    """Describes faces; SETTINGS_INVALID for fingerprints."""
    if described.modality is Modality.FACE:
        return Embedding()
    raise BiometricServiceError(
        ErrorCode.SETTINGS_INVALID,
        f"FAISS cannot index {described.modality.value} templates of format {described}: they are no vectors.",
        "Set BIOMETRIC_FINGERPRINT_INDEX to exact.",
    )
