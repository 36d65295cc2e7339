"""What narrows a search down, and what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import Template


@dataclass(frozen=True, slots=True)
class Sought:
    """A template and the rows that it may be compared with; ``subjects``: int32 (len(rows),), whose each row is."""

    template: Template
    rows: Rows
    subjects: NDArray[np.int32]


class Shortlister(Protocol):
    """Tells the rows that are worth a full comparison; holds a descriptor for each row of the bank."""

    def add(self, row: int, template: Template) -> None:
        """Hold the template's descriptor under its row."""

    def remove(self, row: int) -> None:
        """Forget a row and overwrite its descriptor."""

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Rows]:
        """Of each one's rows those that may be of the ``limit`` best subjects, int64, in any order.

        All that is sought is of one person: what one template says of a subject counts for the others too.
        """


class Everything:
    """Narrows nothing down."""

    def add(self, row: int, template: Template) -> None:
        """Nothing is held."""

    def remove(self, row: int) -> None:
        """Nothing is held."""

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Rows]:  # noqa: ARG002
        """All rows."""
        return [each.rows for each in sought]

    def save(self, sink: ArraySink) -> None:
        """There is nothing to put."""

    def restore(self, source: ArraySource) -> None:
        """There is nothing to take."""
