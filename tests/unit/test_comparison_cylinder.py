"""Every step of the cylinder comparator against the same step in plain Python, and what its answers must be like."""

import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.comparison.fingerprint.cylinders import CELLS, MASK, Cylinders, prepare
from biometric_service.comparison.fingerprint.edges import edge_table, vote
from biometric_service.comparison.fingerprint.kernel import probe_of
from biometric_service.comparison.fingerprint.relaxation import choose, relax, relaxed_score, room_for_pairs
from biometric_service.comparison.fingerprint.similarity import Prints, compare_locally
from biometric_service.vocabulary.templates import MinutiaeTemplate
from tests.oracles import fingerprint_comparison as plain
from tests.oracles.minutiae import FORMAT, finger, impression, template

COMPARATOR = CylinderComparator(FORMAT, Calibration("cylinder", (0.0, 1.0), (0.0, 9.0), 9.0, 1, "none"))


def places(template: MinutiaeTemplate) -> list[plain.Minutia]:
    arrays = template.positions[:, 0], template.positions[:, 1], template.directions, template.qualities
    return [(float(x), float(y), float(d), float(q)) for x, y, d, q in zip(*arrays, strict=True)]


def kept_places(print_: Cylinders) -> list[plain.Minutia]:
    return [(float(x), float(y), float(d), float(q)) for x, y, d, q in print_.minutiae.places]


@pytest.fixture(scope="module")
def prints() -> tuple[Cylinders, Cylinders]:
    one = finger(1)
    return prepare(impression(one, 5)), prepare(one)


@pytest.fixture(scope="module")
def compared(prints: tuple[Cylinders, Cylinders]) -> Prints:
    probe, reference = prints[0].minutiae, prints[1].minutiae
    both = Prints(probe, reference, np.zeros((64, 64), np.float32))
    compare_locally(probe_of(probe).planes, probe_of(probe).directions, both)
    return both


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cylinders_are_those_of_the_paper(seed: int) -> None:
    whole = finger(seed)
    made = prepare(whole)
    expected = [plain.cylinder(places(whole), index) for index in range(len(whole.positions))]
    assert sorted(made.source) == [index for index, words in enumerate(expected) if words[MASK]]
    wrong = sum(
        (int(word) ^ other).bit_count()
        for words, index in zip(made.minutiae.words, made.source, strict=True)
        for word, other in zip(words, expected[index], strict=True)
    )
    assert wrong <= 1e-3 * made.minutiae.words.size * len(CELLS)


def test_first_minutiae_are_the_corners_of_the_hull(prints: tuple[Cylinders, Cylinders]) -> None:
    for made in prints:
        corners = {minutia[:2] for minutia in kept_places(made)[: made.minutiae.corners]}
        assert corners == set(plain.hull([minutia[:2] for minutia in kept_places(made)]))


def test_similarity(prints: tuple[Cylinders, Cylinders], compared: Prints) -> None:
    probe, reference = prints
    for row, theirs in enumerate(reference.minutiae.words.tolist()):
        for column, mine in enumerate(probe.minutiae.words.tolist()):
            turn = float(reference.minutiae.places[row, 2]) - float(probe.minutiae.places[column, 2])
            assert compared.similarity[row, column] == pytest.approx(plain.similarity(mine, theirs, turn), abs=1e-5)


def test_edges_vote(prints: tuple[Cylinders, Cylinders]) -> None:
    mine, theirs = (kept_places(each) for each in prints)
    probe, reference = (each.minutiae for each in prints)
    found = np.zeros((64, 64), np.float32)
    vote(edge_table(probe.edges), reference.edges, found)
    for row, column in np.ndindex(len(theirs), len(mine)):
        expected = plain.votes(plain.edges(mine, column), plain.edges(theirs, row))
        assert found[row, column] == pytest.approx(expected, abs=0.02)


def test_relaxation(prints: tuple[Cylinders, Cylinders], compared: Prints) -> None:
    mine, theirs = (kept_places(each) for each in prints)
    pairs = room_for_pairs()
    count = choose(compared, pairs)
    expected = plain.chosen(compared.similarity.tolist(), len(mine), len(theirs))
    assert list(zip(pairs.probe[:count].tolist(), pairs.reference[:count].tolist(), strict=True)) == expected
    relax(pairs, count)
    similarities = [float(compared.similarity[reference, probe]) for probe, reference in expected]
    matched = [(mine[probe], theirs[reference]) for probe, reference in expected]
    strengths, score = plain.relaxed(matched, similarities, min(len(mine), len(theirs)))
    assert pairs.strength[:count].tolist() == pytest.approx(strengths, abs=1e-4)
    assert relaxed_score(pairs, count, min(len(mine), len(theirs))) == pytest.approx(score, abs=1e-4)


def test_a_removed_reference_leaves_no_trace_in_memory() -> None:
    bank = COMPARATOR.bank()
    bank.remove(bank.add(finger(1)))
    assert not any(array.any() for block in bank._blocks for array in block)


def test_mates_score_far_above_strangers() -> None:
    fingers = [finger(seed) for seed in range(12)]
    mated = [COMPARATOR.compare(impression(one, 50), one) for one in fingers]
    strangers = [COMPARATOR.compare(impression(one, 50), fingers[at - 1]) for at, one in enumerate(fingers)]
    assert min(mated) > max(strangers) + 5


def test_explains_itself() -> None:
    one = finger(7)
    probe = impression(one, 8, turn=0.4, jitter=0.5)
    told: dict[str, np.ndarray] = {}
    COMPARATOR.compare(probe, one, told.__setitem__)
    pairs, alignment = told["matched_pairs"], told["alignment"]
    assert len(pairs) > 0.9 * len(probe.positions)
    moved = np.column_stack([probe.positions, np.ones(len(probe.positions))]) @ alignment.T
    assert np.abs(moved[pairs[:, 0]] - one.positions[pairs[:, 1]]).max() < 5


@pytest.mark.parametrize("turn", [0.0, 1.0, 2.5, 4.0])
def test_rotation_does_not_matter(turn: float) -> None:
    one = finger(9)
    still = COMPARATOR.compare(impression(one, 3, turn=0.0), one)
    same = abs(turn) < 1.5 or abs(turn - 2 * np.pi) < 1.5
    turned = COMPARATOR.compare(impression(one, 3, turn=turn), one)
    assert (turned == pytest.approx(still, rel=0.25)) == same


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_print_without_enough_minutiae_scores_lowest(count: int) -> None:
    few, one = finger(4, count) if count else template(np.zeros((0, 2)), np.zeros(0)), finger(4)
    strangers = [COMPARATOR.compare(finger(seed), one) for seed in range(5, 10)]
    assert COMPARATOR.compare(few, one) <= min(strangers)
    assert COMPARATOR.compare(one, few) <= min(strangers)


def test_minutiae_all_in_one_place_or_line_are_no_trouble() -> None:
    piled = template(np.full((50, 2), 100.0), np.zeros(50))
    line = template(np.column_stack([np.arange(50) * 5.0, np.zeros(50)]), np.zeros(50))
    for probe in (piled, line):
        for reference in (piled, line, finger(1)):
            assert np.isfinite(COMPARATOR.compare(probe, reference))


def test_no_more_than_64_minutiae_are_kept_and_those_the_best() -> None:
    crowd = finger(3, 150)
    made = prepare(crowd)
    assert len(made.source) == 64
    assert crowd.qualities[made.source].min() >= np.sort(crowd.qualities)[-64 - 20]
