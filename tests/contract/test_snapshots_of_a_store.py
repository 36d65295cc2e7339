"""Snapshots stay of use whatever the store does, and hold nobody who was erased: on both databases."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from benchmarks.throughput.random_encounters import (
    FACE_FORMAT,
    FINGERPRINT_FORMAT,
    GALLERY,
    audit_event,
    random_embedding,
    random_encounter,
    random_minutiae,
)
from biometric_service.app.index_snapshots import IndexSnapshots
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.references.journal import tables
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    Reextracted,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat

UNCALIBRATED = Calibration("none", (0.0, 1.0), (0.0, 9.0), 9.0, 0, "nothing")
NEWER = TemplateFormat(Modality.FACE, "random-embedding", "2")
NORTH = GalleryId("north")
STEPS = 80
EXPECTED = {ErrorCode.SUBJECT_MERGED, ErrorCode.SUBJECT_UNKNOWN, ErrorCode.ENCOUNTER_UNKNOWN, ErrorCode.STORE_CONFLICT}
EXPECTED |= {ErrorCode.ENCOUNTER_EXISTS, ErrorCode.REQUEST_INVALID}

Makers = Mapping[Modality, Callable[[], BankedGallery]]
OLD: Makers = {
    Modality.FINGERPRINT: lambda: NarrowedGallery(CylinderComparator(FINGERPRINT_FORMAT, UNCALIBRATED)),
    Modality.FACE: lambda: NarrowedGallery(CosineComparator(FACE_FORMAT, UNCALIBRATED)),
}
NEW: Makers = {Modality.FACE: lambda: ExactGallery(CosineComparator(NEWER, UNCALIBRATED))}


@dataclass
class Process:
    """What holds the indexes: it takes snapshots up, follows the store, and may be killed at any moment."""

    opened: OpenedStore
    folder: Path
    makers: Makers
    changes: int = 1
    snapshots: IndexSnapshots = field(init=False)
    indexes: dict[Modality, BankedGallery] = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots = IndexSnapshots(self.folder, self.changes, self.opened)
        self.indexes = {modality: self.snapshots.open(modality, make) for modality, make in self.makers.items()}

    def catch_up(self) -> None:
        GalleryFollower(self.opened.store, list(self.indexes.values())).catch_up()

    def answers(self, probes: Sequence[Template]) -> list[object]:
        """Whom each probe finds in each gallery, and how alike they are."""
        self.catch_up()
        return [self._found(Probe(each, gallery)) for each in probes for gallery in (GALLERY, NORTH, ALL_GALLERIES)]

    def _found(self, probe: Probe) -> object:
        index = self.indexes.get(probe.template.format.modality)
        if index is None or index.format != probe.template.format:
            return None
        found = index.search(probe, 1000)
        return found.searched, [(each.reference, each.subject, round(each.raw, 4)) for each in found.entries]


@dataclass
class Life:
    """People come, go, turn out to be one person, are erased; whatever a store refuses leaves no trace."""

    opened: OpenedStore
    random: random.Random
    seed: int = 0
    deck: list[Callable[[SubjectId, SubjectId], None]] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    def step(self) -> None:
        if not self.deck:
            often = [self.enrol] * 4 + [self.merge] * 3 + [self.add, self.unmerge, self.move, self.leave] * 2
            self.deck = [*often, self.replace, self.delete, self.erase, self.reextract, self.resettle]
            self.random.shuffle(self.deck)
        kind = self.deck.pop()
        try:
            kind(self.somebody(), self.somebody())
        except BiometricServiceError as fault:
            if fault.code not in EXPECTED:
                raise
        else:
            self.done[kind.__name__] = self.done.get(kind.__name__, 0) + 1

    def somebody(self) -> SubjectId:
        there = self.opened.store.subjects(ALL_GALLERIES, None, 1000)
        return self.random.choice(there).subject if there else self.numbered(1)

    def some_encounter(self, subject: SubjectId) -> EncounterKey:
        held = self.opened.encounters.encounters(subject)
        return EncounterKey(subject, self.random.choice(held).encounter.encounter)

    def enrol(self, _: SubjectId, __: SubjectId) -> None:
        self.seed += 1
        self.opened.store.enrol(
            random_encounter(self.seed, f"P{self.seed:04d}", f"E{self.seed}", image_bytes=10), audit_event()
        )

    def add(self, one: SubjectId, _: SubjectId) -> None:
        self.seed += 1
        self.opened.store.add_encounter(
            random_encounter(self.seed, one, f"E{self.seed}", image_bytes=10), self.event(EventKind.ENCOUNTER_ADDED)
        )

    def merge(self, one: SubjectId, other: SubjectId) -> None:
        self.opened.encounters.merge(one, other, self.event(EventKind.SUBJECTS_MERGED))

    def unmerge(self, one: SubjectId, _: SubjectId) -> None:
        one = next((each for each in map(self.numbered, range(self.seed)) if self.is_merged(each)), one)
        self.opened.encounters.unmerge(one, self.event(EventKind.SUBJECT_UNMERGED))

    def move(self, one: SubjectId, other: SubjectId) -> None:
        self.opened.encounters.move(self.some_encounter(one), other, self.event(EventKind.ENCOUNTER_MOVED))

    def leave(self, one: SubjectId, _: SubjectId) -> None:
        status = self.random.choice(list(EncounterStatus))
        self.opened.encounters.set_status(self.some_encounter(one), status, self.event(EventKind.STATUS_CHANGED))

    def resettle(self, one: SubjectId, _: SubjectId) -> None:
        galleries = frozenset(self.random.sample([GALLERY, NORTH], self.random.randint(1, 2)))
        key = self.some_encounter(one)
        self.opened.encounters.set_galleries(key, galleries, self.event(EventKind.GALLERIES_CHANGED))

    def replace(self, one: SubjectId, _: SubjectId) -> None:
        self.seed += 1
        name = self.some_encounter(one).encounter
        again = random_encounter(self.seed, one, name, galleries=(NORTH,), image_bytes=10)
        self.opened.encounters.replace(again, self.event(EventKind.ENCOUNTER_REPLACED))

    def delete(self, one: SubjectId, _: SubjectId) -> None:
        self.opened.encounters.delete(self.some_encounter(one), self.event(EventKind.ENCOUNTER_DELETED))

    def erase(self, one: SubjectId, _: SubjectId) -> None:
        self.opened.store.erase(one, self.event(EventKind.SUBJECT_ERASED))

    def reextract(self, _: SubjectId, __: SubjectId) -> None:
        made = []
        for image in self.opened.models.images_lacking(NEWER, 5):
            embedding = random_embedding(np.random.default_rng(image.sample)).embedding
            made.append(Reextracted(image.sample, FaceTemplate(NEWER, embedding)))
        self.opened.models.add_templates(NEWER, made, self.event(EventKind.TEMPLATES_ADDED))

    @staticmethod
    def numbered(number: int) -> SubjectId:
        return SubjectId(f"P{number:04d}")

    def is_merged(self, subject: SubjectId) -> bool:
        try:
            return self.opened.store.subject(subject).merged_into is not None
        except BiometricServiceError:
            return False

    def event(self, kind: EventKind) -> AuditEvent:
        return audit_event(kind)


def probes() -> list[Template]:
    chance = np.random.default_rng(99)
    fingers = [random_minutiae(chance, finger) for finger in (FingerPosition.RIGHT_THUMB, FingerPosition.UNKNOWN)]
    face = random_embedding(chance)
    return [*fingers, face, FaceTemplate(NEWER, face.embedding)]


@pytest.mark.parametrize("makers", [OLD, NEW], ids=["old", "new"])
def test_after_any_changes_and_kills_a_snapshot_leads_to_what_the_store_leads_to(
    opened: OpenedStore, tmp_path: Path, makers: Makers
) -> None:
    opened.store.create_gallery(NORTH, audit_event(EventKind.GALLERY_CREATED))
    life = Life(opened, random.Random(f"{opened.database.engine.dialect.name} {len(makers)}"))
    process = Process(opened, tmp_path / "kept", makers)
    taken_up = 0
    for number in range(STEPS):
        life.step()
        if number % 3 == 0:
            process.catch_up()
        if number % 10 == 6:
            process.snapshots.keep_due()
        if number % 10 == 9:
            process = Process(opened, tmp_path / "kept", makers)  # the one before was killed
            taken_up += any(index.applied > 0 for index in process.indexes.values())
    assert process.answers(probes()) == Process(opened, tmp_path / "none", makers, changes=0).answers(probes())
    assert taken_up >= 2
    assert {"enrol", "add", "merge", "unmerge", "move", "leave", "erase", "delete", "reextract"} <= set(life.done)


@pytest.fixture
def people(opened: OpenedStore) -> OpenedStore:
    """Six who were enrolled."""
    for number in range(6):
        opened.store.enrol(random_encounter(number, f"P{number}", f"E{number}", image_bytes=10), audit_event())
    return opened


def kept(opened: OpenedStore, folder: Path) -> Process:
    process = Process(opened, folder, OLD)
    process.catch_up()
    process.snapshots.keep_due()
    assert all(process.snapshots.file(modality).exists() for modality in OLD)
    return process


def started(opened: OpenedStore, folder: Path) -> ChangeNumber:
    """How far the indexes are when they were taken up, before they follow the store."""
    return min(index.applied for index in Process(opened, folder, OLD).indexes.values())


def test_whoever_is_only_handed_on_costs_no_snapshot(people: OpenedStore, tmp_path: Path) -> None:
    kept(people, tmp_path)
    last = people.store.last_change()
    people.encounters.merge(SubjectId("P1"), SubjectId("P2"), audit_event(EventKind.SUBJECTS_MERGED))
    people.encounters.unmerge(SubjectId("P1"), audit_event(EventKind.SUBJECT_UNMERGED))
    key = EncounterKey(SubjectId("P3"), EncounterId("E3"))
    people.encounters.move(key, SubjectId("P4"), audit_event(EventKind.ENCOUNTER_MOVED))
    assert started(people, tmp_path) == last


def test_no_snapshot_opens_from_the_commit_of_an_erasure_on_nor_a_copy_of_one(
    people: OpenedStore, tmp_path: Path
) -> None:
    process = kept(people, tmp_path)
    copies = {modality: process.snapshots.file(modality).read_bytes() for modality in OLD}
    people.store.erase(SubjectId("P1"), audit_event(EventKind.SUBJECT_ERASED, "P1"))
    assert started(people, tmp_path) == 0
    process.catch_up()
    process.snapshots.keep_due()
    assert started(people, tmp_path) == people.store.last_change()
    for modality, copy in copies.items():
        process.snapshots.file(modality).write_bytes(copy)
    assert started(people, tmp_path) == 0


def test_an_index_that_has_not_taken_an_erasure_yet_is_not_laid_down(people: OpenedStore, tmp_path: Path) -> None:
    process = kept(people, tmp_path)
    people.store.erase(SubjectId("P1"), audit_event(EventKind.SUBJECT_ERASED, "P1"))
    process.snapshots.keep_due()
    assert not any(process.snapshots.file(modality).exists() for modality in OLD)
    process.catch_up()
    process.snapshots.keep_due()
    assert all(process.snapshots.file(modality).exists() for modality in OLD)


def test_an_erasure_while_a_snapshot_is_written_leaves_none(
    people: OpenedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(people, tmp_path, OLD)
    process.catch_up()
    digest = people.store.change_digest

    def erased_meanwhile(number: ChangeNumber) -> str:
        monkeypatch.undo()
        people.store.erase(SubjectId("P1"), audit_event(EventKind.SUBJECT_ERASED, "P1"))
        return digest(number)

    monkeypatch.setattr(people.store, "change_digest", erased_meanwhile)
    process.snapshots.keep_all()
    assert not process.snapshots.file(Modality.FINGERPRINT).exists()
    assert started(people, tmp_path) == 0


def test_the_key_of_snapshots_is_in_no_backup_and_under_the_store_key(people: OpenedStore, tmp_path: Path) -> None:
    kept(people, tmp_path)
    with people.database.reading() as connection:
        assert "snapshot_keys" not in {table.name for table in tables(connection)}
    found = people.snapshot_keys.present()
    assert found is not None
    assert found.wrapped[:8] == people.keys.current.id
