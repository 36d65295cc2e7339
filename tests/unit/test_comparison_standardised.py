import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.population import Population
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FACE, "model", "1")
CALIBRATION = Calibration("standardised_cosine", (0.0, 5.0), (0.0, 4.0), 3.0, 1000, "test")
DIMENSION = 24


def people(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors that lie along some directions more than along others, about a mean that is not zero."""
    draws = np.random.default_rng(seed)
    vectors = draws.normal(size=(count, DIMENSION)) * np.linspace(0.3, 1.5, DIMENSION) + 0.1
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


POPULATION = Population.of(people(5000), 16)


def face(vector: np.ndarray) -> FaceTemplate:
    return FaceTemplate(FORMAT, np.asarray(vector / np.linalg.norm(vector), np.float32))


@pytest.fixture
def comparator() -> StandardisedComparator:
    return StandardisedComparator(FORMAT, POPULATION, CALIBRATION)


def test_the_population_foretells_what_strangers_score() -> None:
    faces, strangers = people(20, seed=2), people(5000, seed=3)
    cosines = faces @ strangers.T
    means, deviations = POPULATION.against_strangers(faces)
    np.testing.assert_allclose(means, cosines.mean(axis=1), atol=0.01)
    np.testing.assert_allclose(deviations, cosines.std(axis=1), rtol=0.1)


def test_a_strangers_scores_have_no_mean_and_unit_deviation(comparator: StandardisedComparator) -> None:
    probes, references = people(100, seed=4), people(100, seed=5)
    scores = [comparator.compare(face(probe), face(each)) for probe in probes for each in references]
    assert np.mean(scores) == pytest.approx(0, abs=0.1)
    assert np.std(scores) == pytest.approx(1, abs=0.1)


def test_it_does_not_matter_which_face_is_the_probe(comparator: StandardisedComparator) -> None:
    first, second = (face(each) for each in people(2, seed=6))
    assert comparator.compare(first, second) == pytest.approx(comparator.compare(second, first))


def test_the_same_cosine_counts_for_more_between_faces_that_strangers_are_less_like(
    comparator: StandardisedComparator,
) -> None:
    near, far = np.eye(DIMENSION)[[0, -1]]  # strangers vary little along the first axis, much along the last
    tilt = np.eye(DIMENSION)[DIMENSION // 2]
    alone, crowded = (comparator.compare(face(axis), face(axis + tilt)) for axis in (near, far))
    assert alone > crowded


@pytest.mark.parametrize("count", [3, 300])
def test_a_bank_scores_as_the_comparator_does_when_rows_come_and_go(
    comparator: StandardisedComparator, count: int
) -> None:
    probe, replaced, *references = (face(each) for each in people(count + 2, seed=7))
    bank = comparator.bank()
    freed = bank.add(replaced)
    bank.remove(freed)
    rows = np.array([bank.add(each) for each in references])
    expected = [comparator.compare(probe, each) for each in references]
    np.testing.assert_allclose(bank.scores(probe, rows), expected, atol=1e-5)
    np.testing.assert_allclose(bank.scores(probe, rows[[2, 0]]), [expected[2], expected[0]], atol=1e-5)
    assert len(bank) == count


def test_comparison_traces_what_the_score_is_made_of(comparator: StandardisedComparator) -> None:
    seen: dict[str, object] = {}
    first, second = people(2, seed=8)
    comparator.compare(face(first), face(second), seen.__setitem__)
    assert seen["cosine"] == pytest.approx(float(first @ second), abs=1e-6)
    assert len(seen["strangers"]) == 2  # type: ignore[arg-type]


def test_a_table_holds_the_population_to_16_bits() -> None:
    read = Population.from_table(POPULATION.table(), DIMENSION)
    np.testing.assert_allclose(read.mean, POPULATION.mean, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(read.axes, POPULATION.axes, rtol=1e-3, atol=1e-6)
    assert read.rest == POPULATION.rest


@pytest.mark.parametrize(
    "change",
    [{"population": "not base64!"}, {"population": "AAA="}, {"population": ""}, {"rest": 0}, {"rest": "x"}],
    ids=str,
)
def test_a_table_that_is_no_population_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        Population.from_table(POPULATION.table() | change, DIMENSION)
    assert fault.value.code is ErrorCode.MODEL_INVALID
