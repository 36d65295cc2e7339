"""A gallery whose references are narrowed down by short descriptors before they are compared in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.minutia_pairs import PairDescriber
from biometric_service.gallery.nearest import NearestShortlister
from biometric_service.gallery.pruning import pruned
from biometric_service.gallery.quantised import QuantisedDescriptors
from biometric_service.gallery.sharing import SharedLock
from biometric_service.gallery.shortlisting import Everything, Narrowed, Shortlister, Shortlisting, Sought
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.protocols import Comparator, ComparisonBank, KeyedBank
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import Template

SPREAD = 16
"""References that are looked at for each subject that is wanted."""


class Describer(Protocol):
    """Makes a vector of fixed length of a template; vectors of mated templates have a high inner product."""

    def describe(self, template: Template) -> NDArray[np.float32]:
        """float32 (d,), the same d for every template."""


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
        kept = max(self.least, SPREAD * limit, round(self.fraction * rows))
        return rows if rows <= max(kept, self.few) else kept


FINGERPRINTS = Narrowing(PairDescriber(), least=10_000, fraction=0.02, few=20_000)


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

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Narrowed]:
        """The rows with the most similar descriptors, and those of the subjects who are most alike in all."""
        rows = sum(len(each.rows) for each in sought)
        if self._narrowing.kept(rows, limit) == rows:
            return [Narrowed(each.rows) for each in sought]
        kept = [-(-self._narrowing.kept(len(each.rows), limit) // len(sought)) for each in sought]
        wanted = pruned(sought, [self._products(each, threads) for each in sought], kept)
        return [Narrowed(rows) for rows in wanted]

    def settle(self, lock: SharedLock) -> None:
        """There is nothing to do."""

    def save(self, sink: ArraySink) -> None:
        """Put every descriptor."""
        self._descriptors.save(sink)

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._descriptors.restore(source)

    def _products(self, sought: Sought, threads: SideBySide) -> NDArray[np.int32]:
        vector = self._narrowing.describer.describe(sought.template)
        return threads.over(sought.rows, lambda rows: self._descriptors.products(vector, rows))


def for_fingerprints(bank: ComparisonBank) -> Shortlister:  # noqa: ARG001 (the templates say it all)
    """By the descriptors of minutiae."""
    return QuantisedShortlister()


def for_faces(bank: ComparisonBank) -> Shortlister:
    """By the bank's own keys; a bank that has none is searched whole."""
    return NearestShortlister(bank) if isinstance(bank, KeyedBank) else Everything(bank)


SHORTLISTINGS: Mapping[Modality, Shortlisting] = {
    Modality.FACE: for_faces,
    Modality.FINGERPRINT: for_fingerprints,
}


class NarrowedGallery(BankedGallery):
    """Searches descriptors, then compares the most alike in full.

    Of faces it finds what the exact gallery finds (see ``nearest``). Of fingerprints it loses a few once there are
    more than 20,000 to look at: models/leader/CARD.md says how many, ``python -m benchmarks.throughput.million``
    measures it.
    """

    def __init__(self, comparator: Comparator, shortlisting: Shortlisting | None = None) -> None:
        super().__init__(comparator, shortlisting or SHORTLISTINGS[comparator.format.modality])
