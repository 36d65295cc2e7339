"""Snapshots: what is laid down comes back the same; whatever is wrong with one, it is discarded with a reason."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from benchmarks.synthesis.templates import make_templates
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator, FusedComparator
from biometric_service.comparison.population import Population
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.segments import ArrayCollector, Described, LaidDown, Segment, shared_segment
from biometric_service.gallery.snapshots import (
    CHUNK,
    Discarded,
    clear_unfinished,
    load_snapshot,
    restore_snapshot,
    save_snapshot,
)
from biometric_service.references.protection import ChunkKey
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat

FINGER = TemplateFormat(Modality.FINGERPRINT, "test-finger", "1")
FACE = TemplateFormat(Modality.FACE, "test-face", "1")
UNCALIBRATED = Calibration("none", (0.0, 1.0), (0.0, 9.0), 9.0, 0, "nothing")
KEY = ChunkKey(b"k" * 32)
NORTH = GalleryId("north wing")
FINGERS = list(make_templates(4, 40, 1, FINGER))


def faces() -> list[Template]:
    vectors = np.random.default_rng(1).standard_normal((40, 64)).astype(np.float32)
    return [FaceTemplate(FACE, vector / np.linalg.norm(vector)) for vector in vectors]


def finger_gallery() -> BankedGallery:
    return NarrowedGallery(CylinderComparator(FINGER, UNCALIBRATED))


def fused_gallery() -> BankedGallery:
    return ExactGallery(FusedComparator(FINGER, UNCALIBRATED))


def face_gallery() -> BankedGallery:
    return NarrowedGallery(CosineComparator(FACE, UNCALIBRATED))


def standardised_gallery() -> BankedGallery:
    vectors = np.stack([each.embedding for each in faces() if isinstance(each, FaceTemplate)])
    return NarrowedGallery(StandardisedComparator(FACE, Population.of(vectors, 4), UNCALIBRATED))


@dataclass
class Past:
    """A store's past: the digest of each change."""

    digests: dict[int, str] = field(default_factory=lambda: dict.fromkeys(range(100), "digest"))

    def last_change(self) -> ChangeNumber:
        return ChangeNumber(max(self.digests))

    def change_digest(self, number: ChangeNumber) -> str:
        return self.digests.get(number, "")


def reference(number: int, template: Template) -> Reference:
    return Reference(ReferenceId(number), SubjectId(f"Zoë {number // 2}"), frozenset({NORTH}), template)


def filled(index: BankedGallery, templates: Sequence[Template]) -> BankedGallery:
    """Thirty references, of which the fourth, the fifth and the ninth are gone again."""
    index.apply(ChangeNumber(1), Change(tuple(reference(i, each) for i, each in enumerate(templates[:30]))))
    index.apply(ChangeNumber(2), Change(removed=(ReferenceId(4), ReferenceId(5), ReferenceId(9))))
    return index


def answers(index: BankedGallery, templates: Sequence[Template]) -> list[object]:
    """Whom each template finds, and how alike they are to six digits."""
    found = [index.search(Probe(each, gallery), 5) for each in templates for gallery in (NORTH, ALL_GALLERIES)]
    return [
        (each.searched, [(entry.reference, entry.subject, round(entry.raw, 5)) for entry in each.entries])
        for each in found
    ]


def saved(index: BankedGallery, file: Path) -> Path:
    assert save_snapshot(index, file, KEY, Past()) == index.applied
    return file


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of ``finger_gallery``, not to be changed."""
    return saved(filled(finger_gallery(), FINGERS), tmp_path_factory.mktemp("snapshot") / "s")


@pytest.fixture
def copied(snapshot: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copy(snapshot, tmp_path / "s"))


def loaded(file: Path) -> Segment:
    segment = load_snapshot(file, KEY)
    assert isinstance(segment, Segment), segment
    return segment


def reason(found: object) -> str:
    assert isinstance(found, Discarded)
    return found.reason


@pytest.mark.parametrize(
    ("make", "templates"),
    [(finger_gallery, FINGERS), (fused_gallery, FINGERS), (face_gallery, faces()), (standardised_gallery, faces())],
)
def test_an_index_comes_back_the_same_and_goes_on(
    make: Callable[[], BankedGallery], templates: Sequence[Template], tmp_path: Path
) -> None:
    before, after = filled(make(), templates), make()
    assert restore_snapshot(after, loaded(saved(before, tmp_path / "s")), Past()) is None
    assert (len(after), after.applied) == (27, 2)
    assert answers(after, templates) == answers(before, templates)
    change = Change(tuple(reference(i, each) for i, each in enumerate(templates[30:], 30)), (ReferenceId(0),))
    for index in (before, after):
        index.apply(ChangeNumber(3), change)
    assert answers(after, templates) == answers(before, templates)
    assert len(after) == 36


def test_an_empty_index_comes_back_empty(tmp_path: Path) -> None:
    index = finger_gallery()
    assert restore_snapshot(index, loaded(saved(finger_gallery(), tmp_path / "s")), Past()) is None
    assert len(index) == 0
    filled(index, FINGERS)
    assert len(index) == 27


def test_nothing_of_a_template_or_of_a_name_lies_in_the_file(snapshot: Path) -> None:
    held = snapshot.read_bytes()
    assert b"Zo" + "ë".encode() not in held
    assert FINGERS[0].positions[:2].tobytes() not in held
    assert snapshot.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("at", [3, 20, 30, 100, CHUNK + 200, -1])
def test_a_bit_that_differs_is_found(copied: Path, at: int) -> None:
    with copied.open("r+b") as file:
        file.seek(at, os.SEEK_END if at < 0 else os.SEEK_SET)
        (byte,) = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    assert isinstance(load_snapshot(copied, KEY), Discarded)


def test_chunks_cannot_change_places_or_come_from_another_file(snapshot: Path, tmp_path: Path) -> None:
    again = saved(filled(finger_gallery(), FINGERS), tmp_path / "again")
    one, other = snapshot.read_bytes(), again.read_bytes()
    sealed, start = CHUNK + 28, 40
    swapped = one[:start] + one[start + sealed : start + 2 * sealed] + one[start : start + sealed]
    mixed = one[: start + sealed] + other[start + sealed :]
    for held in (swapped + one[start + 2 * sealed :], mixed):
        (tmp_path / "c").write_bytes(held)
        assert "changed" in reason(load_snapshot(tmp_path / "c", KEY))


@pytest.mark.parametrize("length", [0, 10, 41, CHUNK, -1])
def test_a_file_cut_short_is_found(copied: Path, length: int) -> None:
    os.truncate(copied, length if length >= 0 else copied.stat().st_size + length)
    assert "cut short" in reason(load_snapshot(copied, KEY))


def test_another_key_or_no_file_is_told(snapshot: Path, tmp_path: Path) -> None:
    assert "another store" in reason(load_snapshot(snapshot, ChunkKey(b"j" * 32)))
    assert "none" in reason(load_snapshot(tmp_path / "no", KEY))


def test_another_model_comparator_or_kind_of_index_is_told(snapshot: Path) -> None:
    segment = loaded(snapshot)
    newer = TemplateFormat(Modality.FINGERPRINT, "test-finger", "2")
    others = [ExactGallery(CylinderComparator(FINGER, UNCALIBRATED)), fused_gallery()]
    for other in [*others, NarrowedGallery(CylinderComparator(newer, UNCALIBRATED))]:
        assert "another version or model" in reason(restore_snapshot(other, segment, Past()))


def test_a_store_with_another_past_is_told(snapshot: Path) -> None:
    """A backup was restored since: the same change number may stand for somebody else."""
    segment = loaded(snapshot)
    for past in (Past({0: "", 1: "digest"}), Past({0: "", 1: "digest", 2: "other", 3: "more"})):
        assert "another past" in reason(restore_snapshot(finger_gallery(), segment, past))


def test_arrays_of_another_shape_are_told(tmp_path: Path) -> None:
    index = finger_gallery()
    arrays = ArrayCollector()
    arrays.put("bank/widths", np.array([16]))
    arrays.put("bank/free", np.array([0]))
    for name in ("words", "places", "edges", "counts"):
        arrays.put(f"bank/{name} 0", np.zeros((3, 4)))
    described = Described(index.kind, ChangeNumber(1), "digest")
    (tmp_path / "plain").write_bytes(b"".join(arrays.pieces(described)))
    descriptor = os.memfd_create("test")
    os.write(descriptor, (tmp_path / "plain").read_bytes())
    assert "not what this version" in reason(restore_snapshot(index, Segment(descriptor), Past()))


@pytest.mark.parametrize(
    ("make", "templates"),
    [(finger_gallery, FINGERS), (fused_gallery, FINGERS), (face_gallery, faces()), (standardised_gallery, faces())],
)
def test_what_is_laid_down_does_not_change_while_the_index_goes_on(
    make: Callable[[], BankedGallery], templates: Sequence[Template]
) -> None:
    index = filled(make(), templates)
    held = index.laid_down()
    assert held is not None
    before = pieces(held)
    more = Change(tuple(reference(i, each) for i, each in enumerate(templates[30:], 30)), (ReferenceId(0),))
    index.apply(ChangeNumber(3), more)
    assert pieces(held) == before
    assert held.applied == 2
    later = index.laid_down()
    assert later is not None
    assert (later.applied, pieces(later) == before) == (3, False)


def pieces(held: LaidDown) -> bytes:
    return b"".join(bytes(piece) for piece in held.arrays.pieces(Described("kind", held.applied, "")))


def test_what_a_dead_process_had_begun_to_write_is_cleared_away_and_no_other(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    left, own = (tmp_path / f"finger.index.{number}.part" for number in (dead.pid, os.getpid()))
    for part in (left, own):
        part.write_bytes(b"half")
    clear_unfinished(tmp_path / "finger.index")
    assert list(tmp_path.iterdir()) == [own]


class InMemoryOfAnotherMachine(BankedGallery):
    def __init__(self, comparator: Comparator) -> None:
        super().__init__(comparator, lambda _: Unstorable())  # type: ignore[arg-type,return-value]


class Unstorable:
    """Cannot be laid down."""


def test_an_index_that_cannot_be_laid_down_leaves_no_file(tmp_path: Path) -> None:
    index = InMemoryOfAnotherMachine(CylinderComparator(FINGER, UNCALIBRATED))
    assert save_snapshot(index, tmp_path / "s", KEY, Past()) is None
    assert not list(tmp_path.iterdir())


def test_a_segment_is_sealed_and_changes_of_it_are_private(snapshot: Path) -> None:
    segment = loaded(snapshot)
    with pytest.raises(PermissionError):
        os.pwrite(segment.descriptor, b"x", 0)
    mine, yours = (shared_segment(segment.descriptor) for _ in range(2))
    mine.take("members/references")[0] = 77
    assert yours.take("members/references")[0] == 0
    unsealed = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    with pytest.raises(ValueError, match="not sealed"):
        shared_segment(unsealed)
    assert fcntl.fcntl(unsealed, fcntl.F_GET_SEALS) == 0
    os.close(unsealed)


WORKER = """
import sys
from pathlib import Path
from biometric_service.gallery.segments import shared_segment
segment = shared_segment(int(sys.argv[1]))
words = segment.take("bank/words 0")
total = int(words.sum(dtype="uint64"))
smaps = Path("/proc/self/smaps").read_text()
own = smaps[smaps.index("memfd:gallery"):]
field = lambda name: int(own[own.index(name + ":"):].split()[1])
print(total, segment.described.applied, field("Anonymous"))
"""


def test_another_process_maps_the_same_pages(snapshot: Path) -> None:
    """A worker that is given the descriptor reads the index without a copy of its own."""
    segment = loaded(snapshot)
    total = int(segment.take("bank/words 0").sum(dtype=np.uint64))
    command = [sys.executable, "-c", WORKER, str(segment.descriptor)]
    told = subprocess.run(command, pass_fds=[segment.descriptor], capture_output=True, text=True, check=True)
    assert [int(word) for word in told.stdout.split()] == [total, 2, 0]
