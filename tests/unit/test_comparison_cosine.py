import threading

import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FACE, "model", "1")
CALIBRATION = Calibration("cosine", (0.0, 0.5), (0.0, 4.0), 3.0, 1000, "test")


def faces(count: int, template_format: TemplateFormat = FORMAT, seed: int = 1) -> list[FaceTemplate]:
    embeddings = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return [FaceTemplate(template_format, each / np.linalg.norm(each)) for each in embeddings]


@pytest.fixture
def comparator() -> CosineComparator:
    return CosineComparator(FORMAT, CALIBRATION)


def test_a_template_is_most_like_itself_and_least_like_its_opposite(comparator: CosineComparator) -> None:
    (face,) = faces(1)
    assert comparator.compare(face, face) == pytest.approx(1)
    assert comparator.compare(face, FaceTemplate(FORMAT, -face.embedding)) == pytest.approx(-1)


def test_the_score_is_that_of_the_calibration(comparator: CosineComparator) -> None:
    assert comparator.calibrate(0.25).value == pytest.approx(2)
    assert comparator.calibrate(0.25).comparator == comparator.name
    assert comparator.calibrate(0.45).extrapolated


def test_comparison_traces_the_cosine(comparator: CosineComparator) -> None:
    seen: dict[str, object] = {}
    first, second = faces(2)
    assert comparator.compare(first, second, seen.__setitem__) == seen["cosine"]


@pytest.mark.parametrize("count", [3, 500])
def test_a_bank_scores_as_the_comparator_does(comparator: CosineComparator, count: int) -> None:
    probe, *references = faces(count + 1)
    bank = comparator.bank()
    rows = np.array([bank.add(each) for each in references])
    expected = [comparator.compare(probe, each) for each in references]
    np.testing.assert_allclose(bank.scores(probe, rows), expected, atol=1e-6)
    np.testing.assert_allclose(bank.scores(probe, rows[[2, 0]]), [expected[2], expected[0]], atol=1e-6)
    assert len(bank) == count


def test_a_bank_without_rows_has_no_scores(comparator: CosineComparator) -> None:
    scores = comparator.bank().scores(faces(1)[0], np.zeros(0, np.int64))
    assert scores.shape == (0,)
    assert scores.dtype == np.float32


def test_a_removed_row_is_overwritten_and_given_out_again(comparator: CosineComparator) -> None:
    first, second, third = faces(3)
    bank = comparator.bank()
    row, kept = bank.add(first), bank.add(second)
    bank.remove(row)
    assert len(bank) == 1
    assert bank.scores(first, np.array([row])).tolist() == [0]
    assert bank.add(third) == row
    np.testing.assert_allclose(bank.scores(second, np.array([kept])), 1, atol=1e-6)


def test_readers_are_right_beside_a_writer(comparator: CosineComparator) -> None:
    probe, *references = faces(400)
    bank = comparator.bank()
    rows = np.array([bank.add(each) for each in references[:50]])
    expected = [comparator.compare(probe, each) for each in references[:50]]
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            scores = bank.scores(probe, rows)
            if not np.allclose(scores, expected, atol=1e-6):
                wrong.append(scores)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(20):
        for row in [bank.add(each) for each in references[50:]]:
            bank.remove(row)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


@pytest.mark.parametrize(
    "stranger",
    [
        faces(1, TemplateFormat(Modality.FACE, "model", "2"))[0],
        MinutiaeTemplate(
            TemplateFormat(Modality.FINGERPRINT, "leader", "1"),
            FingerPosition.UNKNOWN,
            np.zeros((0, 2), np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.uint8),
            (100, 100),
        ),
    ],
    ids=["another version", "a fingerprint"],
)
def test_templates_of_another_format_are_refused(
    comparator: CosineComparator, stranger: FaceTemplate | MinutiaeTemplate
) -> None:
    bank, (face,) = comparator.bank(), faces(1)
    attempts = (
        lambda: comparator.compare(face, stranger),
        lambda: comparator.compare(stranger, face),
        lambda: bank.add(stranger),
        lambda: bank.scores(stranger, np.zeros(0, np.int64)),
    )
    for attempt in attempts:
        with pytest.raises(BiometricServiceError) as fault:
            attempt()
        assert fault.value.code is ErrorCode.TEMPLATE_VERSION_MISMATCH
