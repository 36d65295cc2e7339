"""A gallery that compares a probe with every reference that it may be compared with."""

from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.rows import Rows
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.templates import Template


class ExactGallery(BankedGallery):
    """Compares with all, and so finds all that there is to find: the oracle for every other gallery."""

    def __init__(self, comparator: Comparator) -> None:
        super().__init__(comparator, Everything())


class Everything:
    """Narrows nothing down."""

    def add(self, row: int, template: Template) -> None:
        """Nothing is held."""

    def remove(self, row: int) -> None:
        """Nothing is held."""

    def narrow(self, probe: Template, rows: Rows, limit: int) -> Rows:  # noqa: ARG002
        """All rows."""
        return rows
