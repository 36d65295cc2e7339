import numpy as np
import pytest

from biometric_service.extraction.face.alignment import align, similarity

TEMPLATE = np.array([[40, 59], [87, 59], [64, 82], [45, 106], [84, 106]], np.float32)


def moved(points: np.ndarray, scale: float, degrees: float, shift: tuple[float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (scale * points @ turn.T + shift).astype(np.float32)


@pytest.mark.parametrize(("scale", "degrees"), [(1, 0), (0.3, 25), (7, -160)])
def test_the_similarity_takes_a_moved_template_back(scale: float, degrees: float) -> None:
    points = moved(TEMPLATE, scale, degrees, (50, -20))
    transform = similarity(points, TEMPLATE)
    assert transform is not None
    back = np.column_stack([points, np.ones(5)]) @ transform.T
    np.testing.assert_allclose(back, TEMPLATE, atol=1e-3)


def test_no_other_similarity_fits_better() -> None:
    draws = np.random.default_rng(0)
    points = TEMPLATE + draws.normal(scale=4, size=TEMPLATE.shape).astype(np.float32)
    best = similarity(points, TEMPLATE)
    assert best is not None

    def misfit(transform: np.ndarray) -> float:
        return float(((np.column_stack([points, np.ones(5)]) @ transform.T - TEMPLATE) ** 2).sum())

    for _ in range(200):
        a, b, x, y = draws.normal(scale=[0.01, 0.01, 0.5, 0.5])
        assert misfit(best + np.array([[a, -b, x], [b, a, y]])) >= misfit(best)


def test_points_in_one_place_have_no_similarity() -> None:
    assert similarity(np.full((5, 2), 9, np.float32), TEMPLATE) is None


def test_not_a_number_has_no_similarity() -> None:
    assert similarity(np.full((5, 2), np.nan, np.float32), TEMPLATE) is None


@pytest.mark.parametrize("size", [300, 3000])
def test_the_face_is_found_at_the_template_whatever_its_size(size: int) -> None:
    points = (TEMPLATE / 128 * size).astype(np.float32)
    pixels = np.zeros((size, size, 3), np.uint8)
    x, y = np.round(points[2]).astype(int)
    reach = size // 30
    pixels[y - reach : y + reach + 1, x - reach : x + reach + 1] = 255
    transform = similarity(points, TEMPLATE)
    assert transform is not None
    face = align(pixels, transform, (128, 128))
    rows, columns = np.nonzero(face[:, :, 0] > 127)
    assert (columns.mean(), rows.mean()) == pytest.approx((64, 82), abs=0.75)


def test_fine_stripes_of_a_large_face_do_not_alias() -> None:
    pixels = np.zeros((2560, 2560, 3), np.uint8)
    pixels[:, ::2] = 255
    transform = similarity((TEMPLATE * 20).astype(np.float32), TEMPLATE)
    assert transform is not None
    assert align(pixels, transform, (128, 128))[10:-10, 10:-10].std() < 3
