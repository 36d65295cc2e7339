from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.synthesis.impression import make_impression, touch_of
from benchmarks.synthesis.master import make_master
from biometric_service.extraction.fingerprint.ridge_waves import ridge_waves
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.vocabulary.quality import Defect, QualityAssessment
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FingerArea,
    FingerPosition,
    LocatedSample,
    Modality,
)

ASSESSOR = FingerprintQualityAssessor()


@pytest.fixture(scope="module")
def good() -> np.ndarray:
    return make_impression(make_master(1), 1)


def touched(**changes: Any) -> np.ndarray:  # noqa: ANN401
    """The same touch of the same finger, but for its contact."""
    touch = touch_of(1, 1)
    return make_impression(make_master(1), 1, touch=replace(touch, contact=replace(touch.contact, **changes)))


def covered(pixels: np.ndarray) -> np.ndarray:
    """Where there is ink within a ridge's reach."""
    return cv2.dilate((pixels < 200).astype(np.uint8), np.ones((15, 15), np.uint8)) > 0


def assess(pixels: np.ndarray, mask: np.ndarray | None = None) -> QualityAssessment:
    mask = covered(pixels) if mask is None else mask
    area = FingerArea(pixels, mask, ridge_waves(pixels, mask).clarity, (0, 0), 1)
    source = CaptureSource("test", datetime.now(UTC))
    sample = BiometricSample(Modality.FINGERPRINT, pixels, 500, FingerPosition.UNKNOWN, source, "0" * 64)
    return ASSESSOR.assess(LocatedSample(sample, area))


def test_a_good_print_has_a_high_score_and_no_defects(good: np.ndarray) -> None:
    quality = assess(good)
    assert quality.score > 70
    assert quality.defects == ()
    assert quality.acceptable


def test_measures_are_in_their_ranges(good: np.ndarray) -> None:
    measures = assess(good).measures
    assert 30 < measures["clear_area"] <= measures["ridge_area"] < 388 * 374 / (500 / 25.4) ** 2
    for name in ("clarity", "dark_share", "eccentricity"):
        assert 0 <= measures[name] <= 1
    assert 0 <= measures["contrast"] <= 255


def test_noise_lowers_the_score(good: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 1, good.shape)
    noisy = [np.clip(good + strength * noise, 0, 255).astype(np.uint8) for strength in (0, 60, 120, 240)]
    scores = [assess(each, covered(good)).score for each in noisy]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] + 30


def test_pure_noise_is_unacceptable() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300)).astype(np.uint8)
    quality = assess(noise, np.ones(noise.shape, np.bool_))
    assert not quality.acceptable
    assert quality.score < 20


def test_a_wet_finger_is_darker_than_a_dry_one() -> None:
    wet, dry = assess(touched(wetness=2.5)), assess(touched(wetness=-2.5))
    assert Defect.TOO_WET in wet.defects
    assert Defect.TOO_DRY in dry.defects
    assert dry.measures["dark_share"] < wet.measures["dark_share"]


def test_a_faint_print_lacks_contrast(good: np.ndarray) -> None:
    faint = (235 + good / 255 * 15).astype(np.uint8)
    assert assess(faint, covered(good)).defects[0] is Defect.LOW_CONTRAST


def test_a_piece_of_a_print_is_partial(good: np.ndarray) -> None:
    assert Defect.PARTIAL in assess(good[100:260, 100:260].copy()).defects


def test_a_print_in_the_corner_is_off_centre(good: np.ndarray) -> None:
    large = np.full((700, 700), 253, np.uint8)
    large[: good.shape[0], : good.shape[1]] = good
    assert Defect.OFF_CENTRE in assess(large).defects


def test_a_smear_is_smudged(good: np.ndarray) -> None:
    rough = np.random.default_rng(3).integers(0, 2, good.shape) * 200.0
    smear = cv2.GaussianBlur(rough, (0, 0), 1.5)
    mixed = np.where(covered(good), 0.1 * good + 0.9 * smear, good).astype(np.uint8)
    assert Defect.SMUDGED in assess(mixed, covered(good)).defects
