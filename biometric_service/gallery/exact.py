"""A gallery that compares a probe with every reference that it may be compared with."""

from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.shortlisting import Everything
from biometric_service.vocabulary.protocols import Comparator


class ExactGallery(BankedGallery):
    """Compares with all, and so finds all that there is to find: the oracle for every other gallery."""

    def __init__(self, comparator: Comparator) -> None:
        super().__init__(comparator, Everything)
