"""Where a deployment keeps its indexes between two processes: taken up at the start, laid down at the end.

A snapshot may hold nobody who was erased: the moment a removal is read from the store, every snapshot is deleted.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.segments import Segment
from biometric_service.gallery.snapshots import Discarded, load_snapshot, restore_snapshot, save_snapshot
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.references import Change, ChangeNumber
from biometric_service.vocabulary.samples import Modality

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IndexSnapshots:
    """Snapshots of a store's indexes in a folder, each under the present store key.

    ``changes``: how many changes make a snapshot worth replacing, 0 for no snapshots at all.
    """

    folder: Path
    changes: int
    opened: OpenedStore
    indexes: dict[Modality, BankedGallery] = field(default_factory=dict)
    kept: dict[Modality, ChangeNumber] = field(default_factory=dict)

    def open(self, modality: Modality, make: Callable[[], BankedGallery]) -> BankedGallery:
        """The index as it was laid down, or an empty one where that is not to be had; the log says why."""
        index = make()
        self.kept.pop(modality, None)
        discarded = self._taken_up(modality, index)
        if discarded is not None:
            log.info("no %s index is taken up, it is built from the store: %s", modality.value, discarded.reason)
            index = make()
        self.indexes[modality] = index
        return index

    def keep_worthwhile(self) -> None:
        """Lay down every index that has gone on by enough changes since."""
        gone_on = [
            modality
            for modality, index in self.indexes.items()
            if self.changes and index.applied - self.kept.get(modality, 0) >= self.changes
        ]
        for modality in gone_on:
            self._keep(modality)

    def keep_all(self) -> Mapping[Modality, int]:
        """Lay down every index; bytes of each, 0 for one that cannot be (SourceAFIS's, in its Java machine)."""
        return {modality: self._keep(modality) for modality in self.indexes}

    def changes_after(self, after: ChangeNumber) -> Iterator[tuple[ChangeNumber, Change]]:
        """The store's changes; snapshots that may hold what one of them removes are gone before it is told."""
        for number, change in self.opened.store.changes(after):
            if change.removed:
                self._forget()
            yield number, change

    def file(self, modality: Modality) -> Path:
        """Where the snapshot of a modality is kept."""
        return self.folder / f"{modality.value}.index"

    def _taken_up(self, modality: Modality, index: BankedGallery) -> Discarded | None:
        if not self.changes:
            return Discarded("snapshots are turned off")
        segment = load_snapshot(self.file(modality), self.opened.keys.current.snapshots)
        if not isinstance(segment, Segment):
            return segment
        discarded = restore_snapshot(index, segment, self.opened.store)
        if discarded is None:
            self.kept[modality] = index.applied
            log.info("the %s index is taken up: %d references", modality.value, len(index))
        return discarded

    def _keep(self, modality: Modality) -> int:
        index = self.indexes[modality]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = save_snapshot(index, self.file(modality), self.opened.keys.current.snapshots, self.opened.store)
        self.kept[modality] = index.applied
        if any(change.removed for _, change in self.opened.store.changes(index.applied)):
            self._forget()  # somebody was erased while it was written
        return size

    def _forget(self) -> None:
        for modality in Modality:
            self.file(modality).unlink(missing_ok=True)
        self.kept.clear()


@dataclass(frozen=True, slots=True)
class ForgettingFeed:
    """The store's changes for a follower (see ``follower.ChangeFeed``), by way of the snapshots."""

    snapshots: IndexSnapshots

    def last_change(self) -> ChangeNumber:
        """The number of the newest change."""
        return self.snapshots.opened.store.last_change()

    def changes(self, after: ChangeNumber) -> Iterator[tuple[ChangeNumber, Change]]:
        """Changes after the given number, in order."""
        return self.snapshots.changes_after(after)


def index_snapshots(settings: Settings, opened: OpenedStore) -> IndexSnapshots:
    """Those of the settings."""
    folder = settings.index_snapshots_dir or settings.data_dir / "indexes"
    return IndexSnapshots(folder, settings.index_snapshot_changes, opened)
