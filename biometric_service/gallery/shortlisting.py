"""What narrows a search down, and what it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.gallery.sharing import SharedLock
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.protocols import ComparisonBank
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import Template


@dataclass(frozen=True)
class Sought:
    """A template and the rows that it may be compared with; ``owners``: int32 (n,), whose every row of the bank is."""

    template: Template
    among: RowSet
    owners: NDArray[np.int32]

    @property
    def rows(self) -> Rows:
        """The rows, int64 (m,)."""
        return self.among.view()

    @cached_property
    def subjects(self) -> NDArray[np.int32]:
        """Whose each of the rows is, int32 (m,)."""
        return self.owners[self.rows]


class Narrowed(NamedTuple):
    """Rows worth a full comparison, int64 (n,), and their raw scores, float32 (n,), where the shortlister has them."""

    rows: Rows
    scores: NDArray[np.float32] | None = None


class Shortlister(Protocol):
    """Tells the rows that are worth a full comparison; holds a descriptor for each row of the bank."""

    def add(self, row: int, template: Template) -> None:
        """Hold the template's descriptor under its row; of fingerprints several threads at a time."""

    def remove(self, row: int) -> None:
        """Forget a row and overwrite its descriptor."""

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Narrowed]:
        """Of each one's rows those that may be of the ``limit`` best subjects, in any order.

        All that is sought is of one person: what one template says of a subject counts for the others too.
        """

    def settle(self, lock: SharedLock) -> None:
        """Begin in the background what is worth doing after changes; ``lock`` is the gallery's, held by nobody."""


Shortlisting = Callable[[ComparisonBank], Shortlister]
"""Makes one for a bank."""


class Everything:
    """Narrows nothing down."""

    def __init__(self, bank: ComparisonBank) -> None:
        """Nothing is asked of the bank."""

    def add(self, row: int, template: Template) -> None:
        """Nothing is held."""

    def remove(self, row: int) -> None:
        """Nothing is held."""

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Narrowed]:  # noqa: ARG002
        """All rows."""
        return [Narrowed(each.rows) for each in sought]

    def settle(self, lock: SharedLock) -> None:
        """There is nothing to do."""

    def save(self, sink: ArraySink) -> None:
        """There is nothing to put."""

    def restore(self, source: ArraySource) -> None:
        """There is nothing to take."""
