"""Real fingers hidden in a crowd of synthetic people with ten fingers each, and the index of all of them.

What was made is kept in a folder: the synthetic templates in parts, the index as encrypted snapshots with what its
building took, so that a broken run goes on where it stopped. Nothing in there is of a real finger but the snapshots,
which are under a key of the folder's own.
"""

import ctypes
import gc
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.synthesis.parts import PART, PartOrder, make_part, read_part
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.segments import Segment
from biometric_service.gallery.snapshots import load_snapshot, save_snapshot
from biometric_service.references.protection import KEY_BYTES, ChunkKey
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import Change, ChangeNumber, GalleryId, Reference, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate

GALLERY = GalleryId("benchmark")
SEED = 1
FINGERS = 10
CHANGE = 1000
FIRST_SYNTHETIC = 1_000_000
"""Ids of references: real ones below, synthetic ones from here on."""
PROGRESS = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class RealPrint:
    """One impression of a real finger; ``person``: who the finger is said to be of, each folder being one person."""

    template: MinutiaeTemplate
    finger: int
    person: str
    impression: int

    @property
    def subject(self) -> SubjectId:
        """Every impression is enrolled as a subject of its own, so that each finds all the others."""
        return SubjectId(f"{self.person}-{self.impression}")


@dataclass(frozen=True)
class Crowd:
    """So many references in all, the first of which are the real prints."""

    folder: Path
    comparator: Comparator
    prints: Sequence[RealPrint]

    def segment(self, size: int) -> tuple[Segment, dict[str, Any]]:
        """The index of ``size`` references as it was laid down, and what building it took; made where it is not."""
        if not self._facts(size).exists():
            self._build(size)
        segment = load_snapshot(self._snapshot(size), self._key)
        if not isinstance(segment, Segment):
            raise SystemExit(f"{self._snapshot(size)}: {segment.reason}; remove it and its .json")
        return segment, json.loads(self._facts(size).read_text())

    def templates(self, first: int, count: int) -> Iterator[MinutiaeTemplate]:
        """Templates of synthetic fingers from the one numbered ``first``, ten to a person."""
        number, skipped = divmod(first, PART)
        while count > 0:
            order = make_part(PartOrder(self.folder / "templates", SEED, number))
            for finger, template in enumerate(islice(self._part(order), skipped, skipped + count), skipped):
                yield replace(template, position=FingerPosition(1 + finger % FINGERS))
                count -= 1
            number, skipped = number + 1, 0

    def references(self, first: int, count: int) -> Iterator[Reference]:
        """The same, as references."""
        for finger, template in enumerate(self.templates(first, count), first):
            subject = SubjectId(f"S{finger // FINGERS}")
            yield Reference(ReferenceId(FIRST_SYNTHETIC + finger), subject, frozenset({GALLERY}), template)

    def real_references(self) -> tuple[Reference, ...]:
        """The real prints."""
        held = frozenset({GALLERY})
        return tuple(
            Reference(ReferenceId(number), each.subject, held, each.template)
            for number, each in enumerate(self.prints, 1)
        )

    def _part(self, order: PartOrder) -> Iterator[MinutiaeTemplate]:
        return read_part(order, self.comparator.format)

    def _build(self, size: int) -> None:
        NarrowedGallery(self.comparator).apply(ChangeNumber(1), Change(self.real_references()[:1]))  # compiles
        before, started = resident(), time.process_time()
        index = NarrowedGallery(self.comparator)
        index.apply(ChangeNumber(1), Change(self.real_references()))
        self._fill(index, size - len(self.prints))
        facts: dict[str, Any] = {
            "references": len(index),
            "bytes_a_finger": round((resident() - before) / len(index)),
            "added_per_s": round(len(index) / (time.process_time() - started)),
        }
        started = time.perf_counter()
        save_snapshot(index, self._snapshot(size), self._key, ThisPast())
        facts["snapshot_bytes"] = self._snapshot(size).stat().st_size
        facts["snapshot_s"] = round(time.perf_counter() - started, 1)
        self._facts(size).write_text(json.dumps(facts))

    def _fill(self, index: NarrowedGallery, count: int) -> None:
        """Add synthetic fingers, a thousand a change."""
        coming = self.references(0, count)
        changes = range(2, 2 - (-count // CHANGE))
        for number in track(changes, f"Building {count:,}", console=PROGRESS):
            index.apply(ChangeNumber(number), Change(tuple(islice(coming, CHANGE))))

    def _snapshot(self, size: int) -> Path:
        return self.folder / f"{size}.snapshot"

    def _facts(self, size: int) -> Path:
        return self.folder / f"{size}.json"

    @cached_property
    def _key(self) -> ChunkKey:
        file = self.folder / "key"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(os.urandom(KEY_BYTES))
        return ChunkKey(file.read_bytes())


class ThisPast:
    """The past of a crowd, which has but one."""

    def last_change(self) -> ChangeNumber:
        """Never behind."""
        return ChangeNumber(1 << 40)

    def change_digest(self, number: ChangeNumber) -> str:  # noqa: ARG002
        """Always the same."""
        return ""


def resident() -> int:
    """Bytes of this process in memory (Linux, glibc), what it has let go of aside."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
