"""What every comparator and its bank must do."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.comparison.fingerprint.cylinder import FINGERPRINT_COMPARATORS
from biometric_service.comparison.population import Population
from biometric_service.comparison.sourceafis.comparator import SourceAfisComparator
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat
from tests.oracles.minutiae import FORMAT, finger, impression
from tests.source_afis import source_afis

FACE = TemplateFormat(Modality.FACE, "embedder", "1")
SUBJECTS = 20


class Subject(NamedTuple):
    """``make(seed, capture)``: a template of subject ``seed``; capture 0 is the reference."""

    comparator: Comparator
    make: Callable[[int, int], Template]


def calibration(name: str) -> Calibration:
    return Calibration(name, (-20.0, 20.0), (0.0, 9.0), 5.0, 1000, "made up")


def face(seed: int, capture: int) -> Template:
    draws = np.random.default_rng(seed)
    mean = draws.normal(0, 1, 64)
    vector = mean + (0.3 * np.random.default_rng((seed, capture)).normal(0, 1, 64) if capture else 0)
    return FaceTemplate(FACE, (vector / np.linalg.norm(vector)).astype(np.float32))


def strangers() -> Population:
    faces = (face(1000 + seed, 0) for seed in range(500))
    return Population.of(np.stack([each.embedding for each in faces if isinstance(each, FaceTemplate)]), 4)


def print_of(seed: int, capture: int) -> Template:
    return impression(finger(seed), capture) if capture else finger(seed)


@pytest.fixture(
    params=[
        *FINGERPRINT_COMPARATORS,
        "cosine",
        "standardised_cosine",
        pytest.param("sourceafis", marks=pytest.mark.models),
    ]
)
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "sourceafis":
        return Subject(SourceAfisComparator(source_afis(), FORMAT, calibration("sourceafis")), print_of)
    if request.param == "cosine":
        return Subject(CosineComparator(FACE, calibration("cosine")), face)
    if request.param == "standardised_cosine":
        return Subject(StandardisedComparator(FACE, strangers(), calibration("standardised_cosine")), face)
    name = str(request.param)
    return Subject(FINGERPRINT_COMPARATORS[name](FORMAT, calibration(name)), print_of)


def test_mates_are_more_alike_than_strangers(subject: Subject) -> None:
    compare, make = subject.comparator.compare, subject.make
    for seed in range(SUBJECTS):
        assert compare(make(seed, 1), make(seed, 0)) > compare(make(seed, 1), make(seed + 1, 0))


def test_same_input_same_score(subject: Subject) -> None:
    compare, make = subject.comparator.compare, subject.make
    assert compare(make(1, 1), make(2, 0)) == compare(make(1, 1), make(2, 0))


def test_bank_scores_as_compare_does(subject: Subject) -> None:
    bank = subject.comparator.bank()
    references = [subject.make(seed, 0) for seed in range(SUBJECTS)]
    rows = np.array([bank.add(reference) for reference in references])
    probe = subject.make(3, 1)
    scores = bank.scores(probe, rows[::-1])
    assert scores.dtype == np.float32
    expected = [subject.comparator.compare(probe, reference) for reference in reversed(references)]
    assert scores.tolist() == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_bank_of_nothing(subject: Subject) -> None:
    bank = subject.comparator.bank()
    assert len(bank) == 0
    assert bank.scores(subject.make(1, 1), np.zeros(0, np.int64)).shape == (0,)


def test_bank_gives_rows_out_again_and_keeps_the_others(subject: Subject) -> None:
    bank = subject.comparator.bank()
    rows = [bank.add(subject.make(seed, 0)) for seed in range(10)]
    probe = subject.make(12, 1)
    before = bank.scores(probe, np.array(rows))
    bank.remove(rows[4])
    assert len(bank) == 9
    assert bank.add(subject.make(12, 0)) == rows[4]
    after = bank.scores(probe, np.array(rows))
    assert after.argmax() == 4
    assert np.delete(after, 4).tolist() == np.delete(before, 4).tolist()


def test_bank_grows_beyond_any_block(subject: Subject) -> None:
    bank = subject.comparator.bank()
    templates = [subject.make(seed, 0) for seed in range(4)]
    rows = np.array([bank.add(templates[at % 4]) for at in range(4200)])
    scores = bank.scores(subject.make(2, 1), rows).reshape(-1, 4)
    assert (scores == scores[0]).all()
    assert scores[0].argmax() == 2


def test_scores_beside_a_writer(subject: Subject) -> None:
    bank = subject.comparator.bank()
    rows = np.array([bank.add(subject.make(seed, 0)) for seed in range(SUBJECTS)])
    probe, extra = subject.make(3, 1), subject.make(40, 0)
    expected = bank.scores(probe, rows).tolist()
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            bank.remove(bank.add(extra))
            bank.add(extra)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(bank.scores(probe, rows).tolist() == expected for _ in range(50))
    finally:
        done.set()
        writer.join()


def test_templates_of_another_format_are_refused(subject: Subject) -> None:
    good = subject.make(1, 0)
    other = replace(good, format=replace(good.format, version="0"))
    wrong_kind = print_of(1, 0) if isinstance(good, FaceTemplate) else face(1, 0)
    bank = subject.comparator.bank()
    for foreign in (other, wrong_kind):
        for attempt in (
            lambda foreign=foreign: subject.comparator.compare(foreign, good),
            lambda foreign=foreign: subject.comparator.compare(good, foreign),
            lambda foreign=foreign: bank.add(foreign),
            lambda foreign=foreign: bank.scores(foreign, np.zeros(0, np.int64)),
        ):
            with pytest.raises(BiometricServiceError) as refusal:
                attempt()
            assert refusal.value.code is ErrorCode.TEMPLATE_VERSION_MISMATCH


def test_calibrated_score_names_its_comparator(subject: Subject) -> None:
    score = subject.comparator.calibrate(0.0)
    assert (score.comparator, score.value, score.extrapolated) == (subject.comparator.name, 4.5, False)
