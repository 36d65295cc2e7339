import numpy as np
import pytest

from biometric_service.extraction.fingerprint.peaks import BIFURCATION, ENDING, Peaks, find_peaks

SIZE = 64


def maps(minutiae: list[tuple[float, float, float, int]]) -> np.ndarray:
    """Maps as LEADER gives them for minutiae (x, y, direction, kind)."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    made = np.full((4, SIZE, SIZE), -9, np.float32)
    for x, y, direction, kind in minutiae:
        distance = (columns - x) ** 2 + (rows - y) ** 2
        near = distance < 36
        made[0] = np.maximum(made[0], 5 - distance / 2)
        made[1][near], made[2][near] = 3 * np.cos(direction), 3 * np.sin(direction)
        made[3][near] = 4 if kind == ENDING else -4
    return made


def found(minutiae: list[tuple[float, float, float, int]], mask: np.ndarray | None = None) -> Peaks:
    return find_peaks(maps(minutiae), np.ones((SIZE, SIZE), np.bool_) if mask is None else mask, 0.2)


def test_minutiae_come_back_as_they_were_put_in() -> None:
    given = [(20.0, 11.0, 0.5, ENDING), (40.0, 30.0, 4.0, BIFURCATION), (3.0, 60.0, 6.2, ENDING)]
    peaks = found(given)
    assert peaks.positions == pytest.approx(np.array([each[:2] for each in given]), abs=0.3)
    assert peaks.directions == pytest.approx(np.array([each[2] for each in given]), abs=1e-5)
    assert peaks.kinds.tolist() == [each[3] for each in given]
    assert (peaks.qualities > 0.5).all()


def test_positions_are_finer_than_a_pixel() -> None:
    assert found([(20.3, 11.7, 0.5, ENDING)]).positions[0] == pytest.approx((20.3, 11.7), abs=0.1)


def test_of_two_minutiae_closer_than_three_pixels_the_stronger_stays() -> None:
    close = maps([(20, 20, 1, ENDING), (22, 20, 1, ENDING)])
    close[0, 20, 20] += 2
    peaks = find_peaks(close, np.ones((SIZE, SIZE), np.bool_), 0.2)
    assert len(peaks.positions) == 1
    assert peaks.positions[0] == pytest.approx((20.5, 20), abs=1)


def test_outside_the_mask_there_are_none() -> None:
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[:, 32:] = True
    assert found([(20, 20, 1, ENDING), (40, 20, 1, ENDING)], mask).positions[:, 0].tolist() == [40]


def test_empty_maps_hold_none() -> None:
    peaks = found([])
    assert (len(peaks.positions), str(peaks.directions.dtype), str(peaks.kinds.dtype)) == (0, "float32", "uint8")
