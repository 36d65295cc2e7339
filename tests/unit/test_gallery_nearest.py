"""A face search through FAISS finds what comparing with everybody finds, and proves it."""

from functools import cache

import numpy as np
import pytest

from benchmarks.synthesis.faces import FORMAT, FaceShape, People
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.descriptors import Coding, Descriptors
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.nearest import NearestShortlister
from biometric_service.gallery.rows import RowSet
from biometric_service.gallery.shortlisting import Sought
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import ComparisonBank, KeyedBank
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

SIZE, PROBES = 6_000, 40
NORTH, EAST = GalleryId("north"), GalleryId("east")
THREADS = SideBySide(1)


@cache
def crowd() -> tuple[StandardisedComparator, list[FaceTemplate], list[FaceTemplate]]:
    """A comparator, references, and another photograph of some of them."""
    people = People(FaceShape.read(), 5)
    held = people.draw(SIZE)
    return people.comparator(), templates(held), templates(people.mates(held[:PROBES]))


def templates(vectors: np.ndarray) -> list[FaceTemplate]:
    return [FaceTemplate(FORMAT, vector) for vector in vectors]


def reference(number: int, template: FaceTemplate) -> Reference:
    """Everyone is in one gallery, every seventh in another one too; every third is somebody with two references."""
    galleries = frozenset({NORTH, EAST} if number % 7 == 0 else {NORTH})
    return Reference(ReferenceId(number), SubjectId(f"S{number - (number % 3 == 1)}"), galleries, template)


def filled(index: BankedGallery, held: list[FaceTemplate]) -> BankedGallery:
    index.apply(ChangeNumber(1), Change(tuple(reference(number, each) for number, each in enumerate(held))))
    index.apply(ChangeNumber(2), Change(removed=tuple(ReferenceId(number) for number in range(5, SIZE, 50))))
    return index


def by(coding: Coding) -> BankedGallery:
    def shortlisting(bank: ComparisonBank) -> NearestShortlister:
        assert isinstance(bank, KeyedBank)
        return NearestShortlister(bank, coding)

    return NarrowedGallery(crowd()[0], shortlisting)


@pytest.fixture(scope="module")
def exhaustive() -> BankedGallery:
    comparator, held, _ = crowd()
    return filled(ExactGallery(comparator), held)


@pytest.mark.parametrize("coding", Coding)
def test_what_is_found_is_what_comparing_with_everybody_finds(coding: Coding, exhaustive: BankedGallery) -> None:
    _, held, mates = crowd()
    index = filled(by(coding), held)
    strangers = held[5:SIZE:400]
    for template in mates + strangers:
        for gallery in (ALL_GALLERIES, NORTH, EAST):
            probe = Probe(template, gallery)
            one, other = index.search(probe, 10), exhaustive.search(probe, 10)
            assert one == other


def test_several_photographs_of_one_person_find_what_comparing_with_everybody_finds(exhaustive: BankedGallery) -> None:
    _, held, mates = crowd()
    index = filled(by(Coding.BYTE), held)
    probes = [Probe(template, ALL_GALLERIES) for template in mates[:3]]
    for one, other in zip(index.search_together(probes, 3), exhaustive.search_together(probes, 3), strict=True):
        leaders = {entry.reference: entry.raw for entry in other.entries}
        assert {0, 1, 2} & leaders.keys() <= {entry.reference for entry in one.entries}


def test_few_are_compared_in_full() -> None:
    comparator, held, mates = crowd()
    bank = comparator.bank()
    shortlister = NearestShortlister(bank)
    for template in held:
        shortlister.add(bank.add(template), template)
    sought = [Sought(each, RowSet.of(np.arange(SIZE)), np.arange(SIZE, dtype=np.int32)) for each in mates]
    compared = [len(shortlister.narrow([each], 10, THREADS)[0].rows) for each in sought]
    assert np.mean(np.array(compared) == 160) > 0.95


def test_no_row_scores_above_the_ceiling_of_its_product_and_the_ceiling_is_low() -> None:
    comparator, held, mates = crowd()
    bank = comparator.bank()
    rows = np.array([bank.add(each) for each in held])
    for probe in mates:
        products, scores = bank.keys(rows) @ bank.query(probe), bank.scores(probe, rows)
        looked_at = np.concatenate([np.argsort(scores)[-100:], np.arange(0, SIZE, 40)])
        ceilings = np.array([bank.ceiling(probe, float(product)) for product in products[looked_at]])
        assert (scores[looked_at] <= ceilings).all()
        assert (ceilings - scores[looked_at])[:100].max() < 0.5


def test_the_distance_that_a_coding_states_holds_for_every_vector() -> None:
    comparator, held, _ = crowd()
    bank = comparator.bank()
    keys = bank.keys(np.array([bank.add(each) for each in held[:200]]))
    for coding, most in ((Coding.SINGLE, 1e-6), (Coding.HALF, 1e-3), (Coding.BYTE, 0.03)):
        descriptors = Descriptors(coding)
        for row, key in enumerate(keys):
            descriptors.put(row, key)
        found = descriptors.nearest(keys[7], RowSet.of(np.arange(200)), 200)
        off = np.abs(found.products - keys[found.rows] @ keys[7]).max()
        assert off <= descriptors.inexact * np.linalg.norm(keys[7]) + 1e-6
        assert descriptors.inexact < most


def test_a_value_that_fits_no_byte_is_cut_off_and_said_so() -> None:
    descriptors, odd = Descriptors(Coding.BYTE), np.eye(400, dtype=np.float32)[3]
    descriptors.put(0, odd)
    assert descriptors.inexact == pytest.approx(1 - 9 * 128 / 127 / 20, abs=0.01)


def test_bits_follow_a_set_of_rows() -> None:
    rows = RowSet()
    for row in (3, 0, 17):
        rows.append(row)
        assert np.flatnonzero(np.unpackbits(rows.bits(), bitorder="little")).tolist() == sorted(rows.view())
    rows.append(300)
    rows.discard(np.array([0, 17]))
    assert np.flatnonzero(np.unpackbits(rows.bits(), bitorder="little")).tolist() == [3, 300]


@pytest.mark.parametrize("length", [8, 16, 32, 64, 128, 192, 256, 448, 512])
@pytest.mark.parametrize("coding", Coding)
def test_products_are_those_of_the_query_as_it_was_asked(coding: Coding, length: int) -> None:
    chance = np.random.default_rng(length)
    drawn = chance.normal(size=(51, length)).astype(np.float32)
    query, *vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    held = Descriptors(coding)
    for row, vector in enumerate(vectors):
        held.put(row, vector)
    found = held.nearest(query, RowSet.of(np.arange(50)), 50)
    plain = np.stack(vectors)[found.rows] @ query
    assert np.abs(found.products - plain).max() <= held.inexact + 1e-5
