"""Keeps gallery indexes in step with the store: what is committed reaches every index, erasures too."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from time import monotonic
from typing import Final, Protocol

from biometric_service.errors import BiometricServiceError
from biometric_service.vocabulary.protocols import GalleryIndex
from biometric_service.vocabulary.references import Change, ChangeNumber

TOGETHER: Final = 2000
"""References that are applied together, about: enough to keep every core busy, few enough to let searches between."""
SAY_EVERY_S: Final = 5.0

log = logging.getLogger(__name__)

Numbered = tuple[ChangeNumber, Change]


class ChangeFeed(Protocol):
    """The part of the store that is followed (see ``ReferenceStore``)."""

    def changes(self, after: ChangeNumber) -> Iterator[tuple[ChangeNumber, Change]]:
        """Changes after the given number, in order."""

    def last_change(self) -> ChangeNumber:
        """The number of the newest change."""


class GalleryFollower:
    """Reads the store's changes and applies them to every index, in order, what lies far behind in large stretches.

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

    def before_search(self) -> None:
        """As ``catch_up``."""
        self.catch_up()

    def behind(self) -> int:
        """How many changes the indexes lag behind the store."""
        return max(0, self._store.last_change() - self._applied())

    def _apply(self) -> None:
        begun = said = monotonic()
        for stretch in _stretches(self._store.changes(after=self._applied())):
            last, _ = stretch[-1]
            for index in self._indexes:
                _apply_to(index, [each for each in stretch if each[0] > index.applied])
            if monotonic() - said > SAY_EVERY_S:
                said = monotonic()
                newest = self._store.last_change()
                log.info("the indexes are at change %d of %d after %.0f s", last, newest, said - begun)

    def _applied(self) -> ChangeNumber:
        return min((index.applied for index in self._indexes), default=ChangeNumber(0))


def _apply_to(index: GalleryIndex, changes: Sequence[Numbered]) -> None:
    """Apply all at once, or, where that fails, one by one up to the one that fails."""
    if not changes:
        return
    try:
        index.apply(changes[-1][0], _as_one(change for _, change in changes))
    except BiometricServiceError:
        for number, change in changes:
            index.apply(number, change)


def _stretches(changes: Iterable[Numbered]) -> Iterator[Sequence[Numbered]]:
    """The changes in stretches of so many references, in order; none is empty."""
    stretch: list[Numbered] = []
    references = 0
    for number, change in changes:
        stretch.append((number, change))
        references += len(change.added) + len(change.removed)
        if references >= TOGETHER:
            yield stretch
            stretch, references = [], 0
    if stretch:
        yield stretch


def _as_one(changes: Iterable[Change]) -> Change:
    """What several changes come to: what was added and removed again is not added at all."""
    every = list(changes)
    removed = {each for change in every for each in change.removed}
    added = tuple(each for change in every for each in change.added if each.id not in removed)
    return Change(added, tuple(removed))
