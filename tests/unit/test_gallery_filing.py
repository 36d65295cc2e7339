"""Large galleries of faces are searched through lists, once these were tried and found nearly everybody."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.synthesis.faces import FORMAT, FaceShape, People, unit
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.descriptors import Coding
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.filing import Plan
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.nearest import NearestShortlister
from biometric_service.gallery.trials import recall, tried
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator, ComparisonBank, KeyedBank
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.templates import FaceTemplate

SIZE, MANY = 8_000, 6_000
PLAN = Plan(lists_from=MANY)
NORTH, EAST = GalleryId("north"), GalleryId("east")
UNCALIBRATED = Calibration("none", (0.0, 1.0), (0.0, 9.0), 9.0, 0, "nothing")


class Filed:
    """A gallery with a plan for small galleries."""

    def __init__(self, comparator: Comparator, coding: Coding = Coding.BYTE) -> None:
        def shortlisting(bank: ComparisonBank) -> NearestShortlister:
            assert isinstance(bank, KeyedBank)
            self.shortlister = NearestShortlister(bank, coding, PLAN)
            return self.shortlister

        self.index = NarrowedGallery(comparator, shortlisting)

    def enrol(self, vectors: np.ndarray, first: int = 0) -> None:
        added = tuple(reference(number, vector) for number, vector in enumerate(vectors, first))
        self.index.apply(ChangeNumber(self.index.applied + 1), Change(added))

    def first(self, vector: np.ndarray, gallery: GalleryId = ALL_GALLERIES) -> int:
        return first_of(self.index, vector, gallery)


def first_of(index: BankedGallery, vector: np.ndarray, gallery: GalleryId = ALL_GALLERIES) -> int:
    return index.search(Probe(FaceTemplate(FORMAT, vector), gallery), 10).entries[0].reference


def reference(number: int, vector: np.ndarray) -> Reference:
    galleries = frozenset({NORTH, EAST} if number % 4 == 0 else {NORTH})
    return Reference(ReferenceId(number), SubjectId(f"S{number}"), galleries, FaceTemplate(FORMAT, vector))


def people(seed: int = 9) -> People:
    """More like one another than people are: lists of so small a gallery would else be refused, as they should."""
    return People(replace(FaceShape.read(), archetypes=60, alike=0.6), seed)


@pytest.fixture(scope="module")
def crowd() -> np.ndarray:
    return people().draw(SIZE)


@pytest.fixture(scope="module")
def filed(crowd: np.ndarray) -> Filed:
    """Not to be changed."""
    made = Filed(people().comparator())
    made.enrol(crowd)
    made.shortlister.filing.wait()
    return made


def copied(filed: Filed) -> Filed:
    """One of its own that holds the same."""
    again, held = Filed(people().comparator()), filed.index.laid_down()
    assert held is not None
    again.index.restore(held.arrays, held.applied)
    return again


@pytest.fixture(scope="module")
def exhaustive(crowd: np.ndarray) -> BankedGallery:
    index = ExactGallery(people().comparator())
    index.apply(ChangeNumber(1), Change(tuple(reference(number, each) for number, each in enumerate(crowd))))
    return index


def test_a_large_gallery_is_searched_through_lists_that_find_whom_a_full_search_finds(
    filed: Filed, crowd: np.ndarray, exhaustive: BankedGallery
) -> None:
    lists = filed.shortlister.filing.lists
    assert lists is not None
    assert lists.recall >= 0.99
    assert lists.looked_into <= len(lists) / 4
    mates = people().mates(crowd[:200])
    assert np.mean([filed.first(each) == first_of(exhaustive, each) for each in mates]) >= 0.99


def test_who_comes_and_goes_afterwards_is_found_and_is_not(filed: Filed, crowd: np.ndarray) -> None:
    filed, others = copied(filed), people(10).draw(3)
    filed.enrol(others, SIZE)
    assert [filed.first(each) for each in others] == [SIZE, SIZE + 1, SIZE + 2]
    filed.index.apply(ChangeNumber(3), Change(removed=(ReferenceId(SIZE + 1), ReferenceId(7))))
    assert filed.first(others[1]) != SIZE + 1
    assert filed.first(crowd[7]) != 7
    filed.enrol(others[1:2], SIZE + 5)
    assert filed.first(others[1]) == SIZE + 5


def test_a_small_gallery_within_a_large_one_is_searched_whole(
    filed: Filed, crowd: np.ndarray, exhaustive: BankedGallery
) -> None:
    filed = copied(filed)
    lists = filed.shortlister.filing.lists
    assert lists is not None
    lists.looked_into = 1
    for mate in people().mates(crowd[:200:4]):
        assert filed.first(mate, EAST) == first_of(exhaustive, mate, EAST)


def test_lists_that_find_too_few_are_refused_and_everybody_is_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    """White noise has no shape that lists could follow."""
    noise = unit(np.random.default_rng(4).standard_normal((MANY, 256)))
    refused = Filed(CosineComparator(FORMAT, UNCALIBRATED))
    with caplog.at_level(logging.WARNING, "biometric_service.gallery.filing"):
        refused.enrol(noise)
        refused.shortlister.filing.wait()
    assert refused.shortlister.filing.lists is None
    assert "all are looked at" in caplog.text
    assert [refused.first(each) for each in noise[:30]] == list(range(30))


@pytest.mark.parametrize("coding", Coding)
def test_changes_while_lists_are_made_are_in_them(crowd: np.ndarray, coding: Coding) -> None:
    growing = Filed(people().comparator(), coding)
    growing.enrol(crowd[:MANY])
    for number in range(MANY, MANY + 200, 10):
        growing.enrol(crowd[number : number + 10], number)
        growing.index.apply(ChangeNumber(growing.index.applied + 1), Change(removed=(ReferenceId(number - MANY),)))
    growing.shortlister.filing.wait()
    assert growing.shortlister.filing.lists is not None
    assert [growing.first(crowd[number]) for number in range(MANY, MANY + 200, 7)] == list(range(MANY, MANY + 200, 7))
    assert growing.first(crowd[0]) != 0


def test_lists_are_laid_down_and_taken_up_with_the_index(filed: Filed, crowd: np.ndarray) -> None:
    again = copied(filed)
    lists, before = again.shortlister.filing.lists, filed.shortlister.filing.lists
    assert lists is not None
    assert before is not None
    assert (len(lists), lists.looked_into, lists.recall) == (len(before), before.looked_into, before.recall)
    mates = people().mates(crowd[:30])
    assert [again.first(each) for each in mates] == [filed.first(each) for each in mates]
    again.enrol(people(10).draw(1), SIZE)
    assert again.first(people(10).draw(1)[0]) == SIZE


def test_the_fewest_lists_that_keep_the_recall_are_chosen_on_other_probes_than_they_are_tried_on() -> None:
    face = FaceTemplate(FORMAT, np.eye(1, 16, dtype=np.float32)[0])
    found = {1: 7, 2: 9, 4: 10, 8: 10, 16: 10}
    chosen = tried([face] * 4, 64, lambda _: range(10), lambda count: lambda _: range(found[count]))
    assert (chosen.looked_into, chosen.recall) == (4, 1.0)
    refused = tried([face] * 4, 64, lambda _: range(10), lambda _: lambda _: range(9))
    assert (refused.looked_into, refused.recall) == (0, 0.9)
    assert recall(frozenset(), ()) == 1
