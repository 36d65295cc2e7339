"""Keeps gallery indexes in step with the store: what is committed reaches every index, erasures too."""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Protocol

from biometric_service.vocabulary.protocols import GalleryIndex
from biometric_service.vocabulary.references import Change, ChangeNumber


class ChangeFeed(Protocol):
    """The part of the store that is followed (see ``ReferenceStore``)."""

    def changes(self, after: ChangeNumber) -> Iterator[tuple[ChangeNumber, Change]]:
        """Changes after the given number, in order."""

    def last_change(self) -> ChangeNumber:
        """The number of the newest change."""


class GalleryFollower:
    """Reads the store's changes and applies each to every index, in order.

    An index starts empty at change 0, so catching up is also how it is built, or built anew after a crash.
    """

    def __init__(self, store: ChangeFeed, indexes: Sequence[GalleryIndex]) -> None:
        self._store = store
        self._indexes = tuple(indexes)
        self._catching_up = Lock()

    def catch_up(self) -> None:
        """Apply all that was committed before the call; searches begun after it see that, or say they are incomplete.

        Raises what reading the store raises. A change that fails stays to be applied by the next call.
        """
        newest = self._store.last_change()
        for index in self._indexes:
            index.expect(newest)
        if self._applied() < newest:
            with self._catching_up:
                self._apply()

    def behind(self) -> int:
        """How many changes the indexes lag behind the store."""
        return max(0, self._store.last_change() - self._applied())

    def _apply(self) -> None:
        for number, change in self._store.changes(after=self._applied()):
            for index in self._indexes:
                index.apply(number, change)

    def _applied(self) -> ChangeNumber:
        return min((index.applied for index in self._indexes), default=ChangeNumber(0))
