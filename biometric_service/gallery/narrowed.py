"""A gallery whose references are narrowed down by short descriptors before they are compared in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.descriptors import Descriptors
from biometric_service.gallery.minutia_pairs import PairDescriber
from biometric_service.gallery.pruning import pruned
from biometric_service.gallery.quantised import QuantisedDescriptors
from biometric_service.gallery.rows import Rows
from biometric_service.gallery.shortlisting import Shortlister, Sought
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import FaceTemplate, Template


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


@dataclass(frozen=True, slots=True)
class Narrowing:
    """How a search is narrowed down: to ``least`` or ``fraction`` of the rows, whichever is more.

    Up to ``few`` rows all are compared: that is quick enough.
    """

    describer: Describer
    least: int
    fraction: float = 0.0
    few: int = 2_000

    def kept(self, rows: int, limit: int) -> int:
        """How many of so many rows are compared in full."""
        kept = max(self.least, 4 * limit, round(self.fraction * rows))
        return rows if rows <= max(kept, self.few) else kept


FACES = Narrowing(Embedding(), least=100)
FINGERPRINTS = Narrowing(PairDescriber(), least=10_000, fraction=0.02, few=20_000)


class FaissShortlister:
    """Keeps the rows whose descriptors FAISS finds most like the probe's."""

    def __init__(self, narrowing: Narrowing = FACES) -> None:
        self._narrowing = narrowing
        self._descriptors = Descriptors()

    def add(self, row: int, template: Template) -> None:
        """Hold the template's descriptor."""
        self._descriptors.put(row, self._narrowing.describer.describe(template))

    def remove(self, row: int) -> None:
        """Overwrite the row's descriptor."""
        self._descriptors.wipe(row)

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Rows]:  # noqa: ARG002
        """The rows with the most similar descriptors, of each by itself."""
        return [self._nearest(each, limit) for each in sought]

    def save(self, sink: ArraySink) -> None:
        """Put every descriptor."""
        self._descriptors.save(sink)

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._descriptors.restore(source)

    def _nearest(self, sought: Sought, limit: int) -> Rows:
        kept = self._narrowing.kept(len(sought.rows), limit)
        if kept == len(sought.rows):
            return sought.rows
        return self._descriptors.nearest(self._narrowing.describer.describe(sought.template), sought.rows, kept)


class QuantisedShortlister:
    """Looks at the descriptor of every row, a byte a value, and keeps the most similar.

    Several fingers of one person share the comparisons that one finger would have to itself, because subjects of whom
    only one finger is alike need not be looked at (see ``pruning``).
    """

    def __init__(self, narrowing: Narrowing = FINGERPRINTS) -> None:
        self._narrowing = narrowing
        self._descriptors = QuantisedDescriptors()

    def add(self, row: int, template: Template) -> None:
        """Hold the template's descriptor."""
        self._descriptors.put(row, self._narrowing.describer.describe(template))

    def remove(self, row: int) -> None:
        """Overwrite the row's descriptor."""
        self._descriptors.wipe(row)

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Rows]:
        """The rows with the most similar descriptors, and those of the subjects who are most alike in all."""
        rows = sum(len(each.rows) for each in sought)
        if self._narrowing.kept(rows, limit) == rows:
            return [each.rows for each in sought]
        kept = [-(-self._narrowing.kept(len(each.rows), limit) // len(sought)) for each in sought]
        return pruned(sought, [self._products(each, threads) for each in sought], kept)

    def save(self, sink: ArraySink) -> None:
        """Put every descriptor."""
        self._descriptors.save(sink)

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._descriptors.restore(source)

    def _products(self, sought: Sought, threads: SideBySide) -> NDArray[np.int32]:
        vector = self._narrowing.describer.describe(sought.template)
        return threads.over(sought.rows, lambda rows: self._descriptors.products(vector, rows))


SHORTLISTERS: Mapping[Modality, type[FaissShortlister | QuantisedShortlister]] = {
    Modality.FACE: FaissShortlister,
    Modality.FINGERPRINT: QuantisedShortlister,
}


class NarrowedGallery(BankedGallery):
    """Searches descriptors, then compares the most alike in full.

    Of faces it finds what the exact gallery finds. Of fingerprints it loses a few once there are more than 20,000 to
    look at: models/leader/CARD.md says how many, ``python -m benchmarks.throughput.million`` measures it.
    """

    def __init__(self, comparator: Comparator, shortlister: Shortlister | None = None) -> None:
        super().__init__(comparator, shortlister or SHORTLISTERS[comparator.format.modality]())
