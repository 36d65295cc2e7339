"""What narrows a search down: descriptors of bytes, templates that prune one another, rows spread over threads."""

import numpy as np
import pytest

from benchmarks.synthesis.templates import FORMAT, make_templates
from biometric_service.gallery.pruning import LEADERS, leading, pruned
from biometric_service.gallery.quantised import SLOTS, QuantisedDescriptors
from biometric_service.gallery.rows import RowSet
from biometric_service.gallery.shortlisting import Sought
from biometric_service.gallery.side_by_side import WORTH_IT, SideBySide
from biometric_service.gallery.subjects import SubjectNumbers
from biometric_service.vocabulary.references import SubjectId

TEMPLATE = next(make_templates(1, 1, 1, FORMAT))
PEOPLE = 5 * LEADERS


def units(count: int, length: int = 1000) -> np.ndarray:
    drawn = np.random.default_rng(count).standard_normal((count, length))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def sought(subjects: np.ndarray) -> Sought:
    return Sought(TEMPLATE, RowSet.of(np.arange(len(subjects)) * 3), np.repeat(subjects, 3).astype(np.int32))


def test_products_of_bytes_are_those_of_the_vectors() -> None:
    held, vectors = QuantisedDescriptors(), units(50)
    rows = np.array([7, SLOTS + 3, 2, 3 * SLOTS - 1, 11])
    for row, vector in zip(rows, vectors, strict=False):
        held.put(int(row), vector)
    products = held.products(vectors[9], rows)
    assert products / 1e6 == pytest.approx(vectors[:5] @ vectors[9], abs=2e-3)
    held.wipe(7)
    assert held.products(vectors[9], rows).tolist() == [0, *products[1:].tolist()]
    assert len(held.products(vectors[9], rows[:0])) == 0


def test_rows_in_parts_come_back_in_their_order() -> None:
    rows = np.random.default_rng(1).permutation(5 * WORTH_IT)
    parts: list[int] = []

    def work(part: np.ndarray) -> np.ndarray:
        parts.append(len(part))
        return part * 2

    assert (SideBySide(3).over(rows, work) == rows * 2).all()
    assert len(parts) == 3
    assert SideBySide(3).over(rows[:10], work).tolist() == (rows[:10] * 2).tolist()
    assert parts[3:] == [10]


def test_templates_prune_one_another() -> None:
    """A subject a little alike in every finger stays whole; one alike in a single finger stays with that finger."""
    chance = np.random.default_rng(2)
    fingers = [sought(np.arange(PEOPLE)) for _ in range(10)]
    likeness = [chance.normal(0, 100, PEOPLE).astype(np.int32) for _ in fingers]
    for values in likeness:
        values[77] = 120
    likeness[4][88] = 900
    rows = pruned(fingers, likeness, [10] * 10)
    assert all(3 * 77 in found for found in rows)
    assert 3 * 88 in rows[4]
    assert all(LEADERS <= len(found) <= LEADERS + 10 for found in rows)


def test_one_template_alone_keeps_its_most_similar_rows() -> None:
    likeness = np.arange(100, dtype=np.int32)
    (rows,) = pruned([sought(np.zeros(100))], [likeness], [7])
    assert rows.tolist() == list(range(3 * 93, 300, 3))


def test_subjects_are_led_by_all_and_by_one() -> None:
    chance = np.random.default_rng(3)
    fingers = [sought(np.repeat(np.arange(200), 2)) for _ in range(5)]
    scores = [chance.normal(0, 1, 400).astype(np.float32) for _ in fingers]
    for values in scores:
        values[100] = 2.2
    scores[2][300] = 9
    leaders = leading(fingers, scores, 1)
    assert {50, 150} <= set(leaders.tolist())
    assert len(leaders) <= 11


def test_numbers_of_subjects_are_kept_while_a_row_is_theirs_and_then_given_out_again() -> None:
    numbers, (ann, ben, cat) = SubjectNumbers(), map(SubjectId, "abc")
    assert [numbers.claim(each) for each in (ann, ben, ann)] == [0, 1, 0]
    numbers.release(0)
    assert numbers.name(0) == ann
    numbers.release(0)
    assert numbers.claim(cat) == 0
    assert (numbers.name(0), numbers.name(1), len(numbers)) == (cat, ben, 2)
