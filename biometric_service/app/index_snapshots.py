"""Where a deployment keeps its indexes between two processes: taken up at the start, laid down while it runs.

A snapshot stays of use whatever changes: the store's later changes are applied to what was taken up. It is sealed under
a key that the store destroys with whatever references it destroys (``references.snapshot_keys``), so that nobody who
was erased comes back out of one; then it is deleted and laid down anew. Until that is done, a crash costs a start from
the store.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final

from biometric_service.errors import BiometricServiceError
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.segments import Segment
from biometric_service.gallery.snapshots import (
    Discarded,
    clear_unfinished,
    load_snapshot,
    restore_snapshot,
    save_snapshot,
)
from biometric_service.references.opening import OpenedStore
from biometric_service.references.snapshot_keys import SnapshotKey
from biometric_service.settings import Settings
from biometric_service.vocabulary.references import ChangeNumber
from biometric_service.vocabulary.samples import Modality

LOOK_EVERY_S: Final = 1.0
"""How often a running service looks whether a snapshot is due."""
REST: Final = 9
"""Times as long as laying down took that nothing is laid down again: a tenth of a disk's time at most."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot that is of use: the last change in it, and the key that it is sealed under."""

    applied: ChangeNumber
    key: bytes


@dataclass(frozen=True)
class IndexSnapshots:
    """Snapshots of a store's indexes in a folder.

    ``changes``: how many changes make a snapshot worth replacing, 0 for no snapshots at all.
    """

    folder: Path
    changes: int
    opened: OpenedStore
    indexes: dict[Modality, BankedGallery] = field(default_factory=dict)
    kept: dict[Modality, Kept] = field(default_factory=dict)
    _keeping: Lock = field(default_factory=Lock)

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

    def keep_due(self) -> None:
        """Lay down every index that has gone on by enough changes since, or whose snapshot opens no longer."""
        key = self.opened.snapshot_keys.present()
        for modality, index in tuple(self.indexes.items()):
            kept = self.kept.get(modality)
            closed = kept is not None and (key is None or key.wrapped != kept.key)
            if closed:
                self.file(modality).unlink(missing_ok=True)
            gone_on = index.applied - (kept.applied if kept else 0)
            if self.changes and (closed or gone_on >= self.changes):
                self._keep(modality, index)

    def keep_all(self) -> None:
        """Lay down every index that can be (SourceAFIS's, in its Java machine, cannot)."""
        for modality, index in tuple(self.indexes.items()):
            self._keep(modality, index)

    def file(self, modality: Modality) -> Path:
        """Where the snapshot of a modality is kept."""
        return self.folder / f"{modality.value}.index"

    def _taken_up(self, modality: Modality, index: BankedGallery) -> Discarded | None:
        if not self.changes:
            return Discarded("snapshots are turned off")
        key = self.opened.snapshot_keys.present()
        if key is None:
            return Discarded("none was laid down yet, or none since somebody was erased or the store's key renewed")
        segment = load_snapshot(self.file(modality), key.seal)
        if not isinstance(segment, Segment):
            return segment
        discarded = restore_snapshot(index, segment, self.opened.store)
        if discarded is None:
            self.kept[modality] = Kept(index.applied, key.wrapped)
            log.info("the %s index is taken up: %d references", modality.value, len(index))
        return discarded

    def _keep(self, modality: Modality, index: BankedGallery) -> None:
        with self._keeping:
            key = self.opened.snapshot_keys.present_or_new()
            if index.applied >= key.since:  # or it may still hold whoever the key before went with
                self._write(modality, index, key)

    def _write(self, modality: Modality, index: BankedGallery, key: SnapshotKey) -> None:
        file, clock = self.file(modality), monotonic()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        clear_unfinished(file)
        applied = save_snapshot(index, file, key.seal, self.opened.store)
        present = self.opened.snapshot_keys.present()
        if present is None or present.wrapped != key.wrapped:
            file.unlink(missing_ok=True)  # somebody was erased while it was written
        elif self.indexes.get(modality) is index:
            self.kept[modality] = Kept(index.applied if applied is None else applied, key.wrapped)
            log.info("the %s index is laid down in %.1f s", modality.value, monotonic() - clock)


@contextmanager
def keeping(snapshots: IndexSnapshots) -> Iterator[None]:
    """Lay indexes down from time to time until the context ends, and then once more; a fault is logged."""
    stopping = Event()
    thread = Thread(target=_keep_until, args=(snapshots, stopping), name="keeping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        _keep_or_say(snapshots)


def _keep_until(snapshots: IndexSnapshots, stopping: Event) -> None:
    pause = LOOK_EVERY_S
    while not stopping.wait(pause):
        begun = monotonic()
        _keep_or_say(snapshots)
        pause = max(LOOK_EVERY_S, REST * (monotonic() - begun))


def _keep_or_say(snapshots: IndexSnapshots) -> None:
    try:
        snapshots.keep_due()
    except (BiometricServiceError, OSError) as fault:
        log.warning("The indexes could not be laid down, the next start may take longer: %s", fault)


def index_snapshots(settings: Settings, opened: OpenedStore) -> IndexSnapshots:
    """Those of the settings."""
    folder = settings.index_snapshots_dir or settings.data_dir / "indexes"
    return IndexSnapshots(folder, settings.index_snapshot_changes, opened)
