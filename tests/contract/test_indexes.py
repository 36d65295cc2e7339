"""What every gallery index promises, with the exact one over a plain comparator as the oracle."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.descriptors import Coding
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.filing import Plan
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.gallery.narrowed import NarrowedGallery, Narrowing, QuantisedShortlister
from biometric_service.gallery.nearest import NearestShortlister
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions, Probe, Shortlist
from biometric_service.vocabulary.protocols import Comparator, GalleryIndex, KeyedBank
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate, Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

FACE = TemplateFormat(Modality.FACE, "test-face", "1")
FINGER = TemplateFormat(Modality.FINGERPRINT, "test-finger", "1")
LENGTH = 32
Make = Callable[[Comparator], GalleryIndex]
NORTH, SOUTH, NOWHERE = GalleryId("north"), GalleryId("south"), GalleryId("nowhere")


def vector(template: Template) -> NDArray[np.float32]:
    """A face's embedding; of a fingerprint the directions of its minutiae, which is all that these tests need."""
    assert isinstance(template, FaceTemplate | MinutiaeTemplate)
    return template.embedding if isinstance(template, FaceTemplate) else template.directions


@dataclass
class PlainBank:
    """Templates in a dictionary, compared one by one."""

    def __post_init__(self) -> None:
        self.held: dict[int, Template] = {}

    def __len__(self) -> int:
        return len(self.held)

    def add(self, template: Template) -> int:
        row = next(each for each in range(len(self.held) + 1) if each not in self.held)
        if vector(template)[0] == POISON:
            raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, "Poison.", "Throw it away.")
        self.held[row] = template
        return row

    def remove(self, row: int) -> None:
        del self.held[row]

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.array([vector(probe) @ vector(self.held[row]) for row in rows], np.float32)

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.stack([vector(self.held[row]) for row in rows])

    def query(self, probe: Template) -> NDArray[np.float32]:
        return vector(probe)

    def ceiling(self, probe: Template, product: float) -> float:  # noqa: ARG002
        return product + 1e-5

    def between(self, row: int, other: int, share: float) -> Template:
        raise NotImplementedError


@dataclass
class PlainComparator:
    format: TemplateFormat
    name: str = "plain"
    version: str = "1"
    calibration: Calibration = field(
        default_factory=lambda: Calibration("plain", (0.0, 1.0), (0.0, 1.0), 1.0, 0, "made up")
    )

    def compare(self, probe: Template, reference: Template, trace: Trace = SILENT) -> float:  # noqa: ARG002
        return float(vector(probe) @ vector(reference))

    def bank(self) -> PlainBank:
        return PlainBank()

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:  # noqa: ARG002
        return ComparisonScore(max(raw, 0.0), raw, self.name, extrapolated=False)


POISON = np.float32(2.5)


class BytesDescriber:
    """The values of a vector of few dimensions are large: less of them is left to fit into a byte."""

    def describe(self, template: Template) -> NDArray[np.float32]:
        return np.asarray(vector(template) / 8, np.float32)


def nearest(coding: Coding, comparator: Comparator) -> NarrowedGallery:
    """A gallery that shortlists by FAISS however small it is."""
    return NarrowedGallery(comparator, lambda bank: NearestShortlister(cast("KeyedBank", bank), coding, Plan(few=0)))


def quantised(comparator: Comparator) -> NarrowedGallery:
    """A gallery that narrows down by descriptors of bytes however small it is."""
    return NarrowedGallery(comparator, lambda _: QuantisedShortlister(Narrowing(BytesDescriber(), least=20, few=0)))


INDEXES: dict[str, Make] = {
    "exact": ExactGallery,
    "narrowed": NarrowedGallery,
    "quantised narrowing": quantised,
    **{f"nearest by {coding}": partial(nearest, coding) for coding in Coding},
}


@pytest.fixture(params=INDEXES)
def make(request: pytest.FixtureRequest) -> Make:
    return INDEXES[request.param]


def unit(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return (values / np.linalg.norm(values)).astype(np.float32)


def face(seed: int, like: Template | None = None, noise: float = 0.3) -> FaceTemplate:
    values = np.random.default_rng(seed).standard_normal(LENGTH)
    return FaceTemplate(FACE, unit(values if like is None else vector(like) + noise * unit(values)))


def finger(seed: int, position: FingerPosition) -> MinutiaeTemplate:
    directions = unit(np.random.default_rng(seed).standard_normal(LENGTH))
    return MinutiaeTemplate(
        FINGER,
        position,
        np.zeros((LENGTH, 2), np.float32),
        directions,
        np.ones(LENGTH, np.float32),
        np.zeros(LENGTH, np.uint8),
        (300, 300),
    )


def reference(number: int, template: Template, *galleries: GalleryId, subject: str = "") -> Reference:
    return Reference(ReferenceId(number), SubjectId(subject or f"S{number}"), frozenset(galleries or {NORTH}), template)


def filled(index: GalleryIndex, references: Sequence[Reference]) -> GalleryIndex:
    for number, each in enumerate(references, start=1):
        index.apply(ChangeNumber(number), Change(added=(each,)))
    return index


def found(index: GalleryIndex, template: Template, gallery: GalleryId = ALL_GALLERIES, limit: int = 10) -> list[int]:
    return [entry.reference for entry in index.search(Probe(template, gallery), limit).entries]


def test_an_empty_index_finds_nobody(make: Make) -> None:
    shortlist = make(PlainComparator(FACE)).search(Probe(face(1), ALL_GALLERIES), 10)
    assert shortlist.entries == ()
    assert shortlist.searched == 0
    assert shortlist.complete
    assert shortlist.applied == 0


def test_the_best_come_first_with_their_raw_scores_and_subjects(make: Make) -> None:
    index = filled(make(PlainComparator(FACE)), [reference(number, face(number)) for number in range(1, 101)])
    shortlist = index.search(Probe(face(7), NORTH), 5)
    assert len(index) == 100
    assert len(shortlist.entries) == 5
    assert (shortlist.entries[0].reference, shortlist.entries[0].subject) == (7, "S7")
    raw = [entry.raw for entry in shortlist.entries]
    assert raw == sorted(raw, reverse=True)
    assert raw[0] == pytest.approx(1, abs=1e-5)
    assert shortlist.searched == 100
    assert shortlist.applied == 100


def test_a_subject_with_many_references_hides_nobody(make: Make) -> None:
    often = [reference(number, face(1), subject="often") for number in range(1, 40)]
    index = filled(make(PlainComparator(FACE)), [*often, reference(50, face(2)), reference(60, face(3))])
    entries = index.search(Probe(face(1), ALL_GALLERIES), 3).entries
    assert entries[0].reference == 1
    assert {entry.subject for entry in entries} == {"often", "S50", "S60"}


def test_equal_scores_are_in_the_order_of_the_references(make: Make) -> None:
    index = filled(make(PlainComparator(FACE)), [reference(number, face(1)) for number in (9, 3, 7, 5, 1)])
    assert found(index, face(1), limit=3) == [1, 3, 5]


def test_only_the_gallery_that_is_named_is_searched(make: Make) -> None:
    members = [(NORTH,), (SOUTH,), (NORTH, SOUTH)]
    index = filled(make(PlainComparator(FACE)), [reference(i, face(i), *g) for i, g in enumerate(members, start=1)])
    assert sorted(found(index, face(1), NORTH)) == [1, 3]
    assert sorted(found(index, face(1), SOUTH)) == [2, 3]
    assert sorted(found(index, face(1), ALL_GALLERIES)) == [1, 2, 3]
    assert index.search(Probe(face(1), NOWHERE), 10).searched == 0
    assert index.search(Probe(face(1), NORTH), 1).searched == 2


def test_a_finger_is_compared_with_its_own_position_and_with_unknown_ones(make: Make) -> None:
    thumb, little, unknown = FingerPosition.LEFT_THUMB, FingerPosition.LEFT_LITTLE, FingerPosition.UNKNOWN
    held = [reference(i, finger(i, each)) for i, each in enumerate([thumb, little, unknown], start=1)]
    index = filled(make(PlainComparator(FINGER)), held)
    assert sorted(found(index, finger(9, thumb))) == [1, 3]
    assert sorted(found(index, finger(9, little))) == [2, 3]
    assert sorted(found(index, finger(9, FingerPosition.RIGHT_RING))) == [3]
    assert sorted(found(index, finger(9, unknown))) == [1, 2, 3]


THREE = (FingerPosition.LEFT_THUMB, FingerPosition.LEFT_INDEX, FingerPosition.LEFT_MIDDLE)


def people(count: int) -> list[Reference]:
    """Three fingers each, known by their positions."""
    return [
        reference(10 * person + each, finger(10 * person + each, position), subject=f"P{person}")
        for person in range(1, count + 1)
        for each, position in enumerate(THREE)
    ]


def like(seed: int, position: FingerPosition, noise: float) -> MinutiaeTemplate:
    """Another impression of a finger."""
    made = finger(seed, position)
    made.directions[:] = unit(made.directions + noise * finger(seed + 5000, position).directions)
    return made


def together(index: GalleryIndex, templates: Sequence[Template], limit: int) -> tuple[Shortlist, ...]:
    return index.search_together([Probe(each, ALL_GALLERIES) for each in templates], limit)


def test_one_template_alone_is_searched_for_as_ever(make: Make) -> None:
    index = filled(make(PlainComparator(FINGER)), people(30))
    probe = finger(120, THREE[0])
    assert together(index, [probe], 5) == (index.search(Probe(probe, ALL_GALLERIES), 5),)


def test_fingers_of_one_person_list_the_same_subjects_and_speak_for_one_another(make: Make) -> None:
    """None of the three fingers is clear enough to be the best of its position; together they are."""
    index = filled(make(PlainComparator(FINGER)), people(60))
    templates = [like(240 + each, position, 2.5) for each, position in enumerate(THREE)]
    shortlists = together(index, templates, 5)
    assert all(list_.entries[0].subject != "P24" for list_ in shortlists)
    assert all("P24" in {entry.subject for entry in list_.entries} for list_ in shortlists)
    assert len({frozenset(entry.subject for entry in list_.entries) for list_ in shortlists}) == 1
    for list_ in shortlists:
        assert [entry.raw for entry in list_.entries] == sorted((entry.raw for entry in list_.entries), reverse=True)
        assert list_.searched == 60


def test_a_subject_whom_one_finger_alone_speaks_for_is_listed(make: Make) -> None:
    """The other fingers are somebody else's: a finger that was swapped at enrolment must not hide the person."""
    index = filled(make(PlainComparator(FINGER)), people(60))
    templates = [finger(70, THREE[0]), finger(301, THREE[1]), finger(302, THREE[2])]
    listed = {entry.subject for list_ in together(index, templates, 1) for entry in list_.entries}
    assert {"P7", "P30"} <= listed


def test_of_fingers_that_nobody_has_there_is_nothing_to_list(make: Make) -> None:
    index = filled(make(PlainComparator(FINGER)), people(3))
    first, second = together(index, [finger(10, THREE[0]), finger(1, FingerPosition.RIGHT_THUMB)], 2)
    assert first.entries[0].subject == "P1"
    assert (second.entries, second.searched) == ((), 0)


def test_references_of_another_format_are_passed_over_and_probes_of_one_refused(make: Make) -> None:
    index = filled(
        make(PlainComparator(FACE)), [reference(1, finger(1, FingerPosition.UNKNOWN)), reference(2, face(2))]
    )
    assert len(index) == 1
    assert index.applied == 2
    with pytest.raises(BiometricServiceError) as raised:
        index.search(Probe(finger(1, FingerPosition.UNKNOWN), NORTH), 3)
    assert raised.value.code is ErrorCode.TEMPLATE_VERSION_MISMATCH


def test_what_is_removed_is_found_no_more_and_its_row_serves_another(make: Make) -> None:
    index = filled(make(PlainComparator(FACE)), [reference(number, face(number)) for number in range(1, 31)])
    index.apply(ChangeNumber(31), Change(removed=(ReferenceId(7), ReferenceId(30), ReferenceId(999))))
    assert len(index) == 28
    assert not {7, 30} & set(found(index, face(7), limit=50))
    index.apply(ChangeNumber(32), Change(added=(reference(40, face(40), SOUTH),)))
    assert found(index, face(40), ALL_GALLERIES)[0] == 40
    assert 40 not in found(index, face(40), NORTH, limit=50)
    assert index.search(Probe(face(1), NORTH), 1).searched == 28


def test_replayed_changes_have_no_effect(make: Make) -> None:
    index = filled(make(PlainComparator(FACE)), [reference(1, face(1)), reference(2, face(2))])
    index.apply(ChangeNumber(1), Change(added=(reference(1, face(1)),), removed=(ReferenceId(2),)))
    index.apply(ChangeNumber(2), Change(added=(reference(2, face(2)),)))
    assert len(index) == 2
    assert sorted(found(index, face(1))) == [1, 2]


def test_a_change_is_taken_whole_or_not_at_all(make: Make) -> None:
    index = filled(make(PlainComparator(FINGER)), [reference(1, finger(1, FingerPosition.UNKNOWN))])
    poisoned = finger(3, FingerPosition.UNKNOWN)
    poisoned.directions[0] = POISON
    change = Change((reference(2, finger(2, FingerPosition.UNKNOWN)), reference(3, poisoned)), (ReferenceId(1),))
    with pytest.raises(BiometricServiceError):
        index.apply(ChangeNumber(2), change)
    assert index.applied == 1
    assert found(index, finger(1, FingerPosition.UNKNOWN)) == [1]
    poisoned.directions[0] = 0
    index.apply(ChangeNumber(2), change)
    assert sorted(found(index, finger(1, FingerPosition.UNKNOWN))) == [2, 3]


def test_an_index_that_lags_says_that_it_is_not_complete(make: Make) -> None:
    index = filled(make(PlainComparator(FACE)), [reference(1, face(1))])
    index.expect(ChangeNumber(2))
    assert not index.search(Probe(face(1), NORTH), 1).complete
    index.apply(ChangeNumber(2), Change())
    assert index.search(Probe(face(1), NORTH), 1).complete


def test_any_history_ends_where_the_oracle_ends(make: Make) -> None:
    chance = np.random.default_rng(3)
    index, oracle = make(PlainComparator(FACE)), ExactGallery(PlainComparator(FACE))
    held: list[int] = []
    for number in range(1, 400):
        removed = tuple(ReferenceId(int(each)) for each in chance.permutation(held)[: chance.integers(0, 3)])
        galleries = [(NORTH,), (SOUTH,), (NORTH, SOUTH)][chance.integers(3)]
        added = tuple(
            reference(1000 * number + i, face(number * 7 + i), *galleries) for i in range(chance.integers(0, 4))
        )
        held = [each for each in held if each not in removed] + [each.id for each in added]
        for each in (index, oracle):
            each.apply(ChangeNumber(number), Change(added, removed))
    assert len(index) == len(oracle) == len(held)
    for gallery in (NORTH, SOUTH, ALL_GALLERIES):
        for seed in range(20):
            probe = Probe(face(seed * 21), gallery)
            assert _close(index.search(probe, 5), oracle.search(probe, 5))


def _close(one: Shortlist, other: Shortlist) -> bool:
    same_searched = one.searched == other.searched
    return same_searched and [e.reference for e in one.entries] == [e.reference for e in other.entries]


def test_searches_beside_a_writer_always_see_whole_changes(make: Make) -> None:
    """Subject k's two references come and go together; the one that never changes is always found."""
    fixed = [reference(number, face(number), subject="fixed") for number in range(1, 21)]
    index = filled(make(PlainComparator(FACE)), fixed)
    stop = threading.Event()

    def write() -> None:
        number = 20
        for turn in range(150):
            pair = tuple(reference(1000 + 2 * turn + i, face(5000 + 2 * turn + i), subject=f"T{turn}") for i in (0, 1))
            index.apply(ChangeNumber(number + 1), Change(added=pair))
            index.apply(ChangeNumber(number + 2), Change(removed=tuple(each.id for each in pair)))
            number += 2
        stop.set()

    def read(seed: int) -> int:
        searches = 0
        while not stop.is_set() or not searches:
            shortlist = index.search(Probe(face(1 + seed), ALL_GALLERIES), 50)
            subjects = [entry.subject for entry in shortlist.entries if entry.subject != "fixed"]
            assert shortlist.entries[0].reference == 1 + seed
            assert shortlist.searched in {20, 22}
            assert len(subjects) == (shortlist.searched - 20) // 2
            searches += 1
        return searches

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, seed) for seed in range(3)]
        pool.submit(write).result(timeout=240)
        assert all(reader.result(timeout=240) for reader in readers)
    assert len(index) == 20


class ChangesOnly:
    """The part of a store that a follower asks."""

    def __init__(self) -> None:
        self.all: list[Change] = []

    def last_change(self) -> ChangeNumber:
        return ChangeNumber(len(self.all))

    def changes(self, after: ChangeNumber) -> Iterator[tuple[ChangeNumber, Change]]:
        return ((ChangeNumber(number), change) for number, change in enumerate(self.all, start=1) if number > after)


def test_a_follower_brings_every_index_up_and_builds_a_new_one_from_nothing(make: Make) -> None:
    store, faces, fingers = ChangesOnly(), make(PlainComparator(FACE)), make(PlainComparator(FINGER))
    follower = GalleryFollower(store, [faces, fingers])
    store.all = [Change((reference(1, face(1)), reference(2, finger(2, FingerPosition.UNKNOWN)))) for _ in range(1)]
    store.all += [Change((reference(3, face(3)),)), Change(removed=(ReferenceId(1),))]
    assert follower.behind() == 3
    follower.catch_up()
    assert follower.behind() == 0
    assert found(faces, face(3)) == [3]
    assert found(fingers, finger(2, FingerPosition.UNKNOWN)) == [2]
    rebuilt = make(PlainComparator(FACE))
    GalleryFollower(store, [rebuilt]).catch_up()
    assert found(rebuilt, face(3)) == [3]


def test_a_change_that_fails_leaves_the_index_behind_until_it_is_mended(make: Make) -> None:
    store, index = ChangesOnly(), make(PlainComparator(FINGER))
    follower = GalleryFollower(store, [index])
    poisoned = finger(2, FingerPosition.UNKNOWN)
    poisoned.directions[0] = POISON
    store.all = [Change((reference(1, finger(1, FingerPosition.UNKNOWN)),)), Change((reference(2, poisoned),))]
    with pytest.raises(BiometricServiceError):
        follower.catch_up()
    assert follower.behind() == 1
    assert not index.search(Probe(finger(1, FingerPosition.UNKNOWN), NORTH), 1).complete
    poisoned.directions[0] = 0
    follower.catch_up()
    assert index.search(Probe(finger(1, FingerPosition.UNKNOWN), NORTH), 1).complete


def test_many_catch_up_at_once_and_each_sees_what_was_committed_before(make: Make) -> None:
    store, index = ChangesOnly(), make(PlainComparator(FACE))
    follower = GalleryFollower(store, [index])

    def commit_and_search(number: int) -> bool:
        with committing:
            store.all.append(Change((reference(number, face(number)),)))
        follower.catch_up()
        shortlist = index.search(Probe(face(number), ALL_GALLERIES), 1)
        return shortlist.entries[0].reference == number

    committing = threading.Lock()
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(commit_and_search, range(1, 200)))
    assert follower.behind() == 0
