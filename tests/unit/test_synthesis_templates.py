"""Synthetic templates come fast, are always the same, and those of one finger agree with each other."""

from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.synthesis.distortion import draw_placement
from benchmarks.synthesis.master import design
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template, make_templates
from biometric_service.vocabulary.templates import MinutiaeTemplate


def angle_between(first: NDArray[np.float32], second: NDArray[np.float32], period: float) -> NDArray[np.float64]:
    return np.abs((first - second + period / 2) % period - period / 2)


def agreeing(first: MinutiaeTemplate, second: MinutiaeTemplate) -> int:
    """How many minutiae fall together under the best of a grid of turns and the displacement they vote for."""
    best = 0
    for turn in np.linspace(-0.4, 0.4, 17):
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        turned = (first.positions - 190) @ rotation + 190
        offsets = (second.positions[None] - turned[:, None])[
            angle_between(second.directions[None], (first.directions + turn)[:, None], 2 * np.pi) < 0.35
        ]
        best = max(
            best, int(np.bincount([len(near) for near in cKDTree(offsets).query_ball_point(offsets, 9)]).size - 1)
        )
    return best


def test_templates_are_valid_and_always_the_same() -> None:
    for template, again in zip(make_templates(3, 40), make_templates(3, 40), strict=True):
        assert np.array_equal(template.positions, again.positions)
        assert 10 < len(template.positions) < 120
        assert (template.positions >= 0).all()
        assert (template.positions < template.size).all()
        assert ((template.directions >= 0) & (template.directions < 2 * np.pi)).all()
        assert ((template.qualities >= 0) & (template.qualities <= 1)).all()
        assert set(template.kinds.tolist()) <= {1, 2}
        assert template.positions.dtype == template.directions.dtype == template.qualities.dtype == np.float32


def test_minutiae_lie_along_the_ridges_and_apart() -> None:
    finger = make_finger(8)
    along = design(8).orientation(finger.x, finger.y)
    assert angle_between(finger.directions, along, np.pi).max() < 0.01
    places = np.stack([finger.x, finger.y], axis=1)
    assert np.asarray(cKDTree(places).query(places, 2)[0])[:, 1].min() > 7


def test_impressions_of_one_finger_agree_and_of_two_do_not() -> None:
    first, second = list(islice(make_templates(5, 12), 12)), list(make_templates(5, 12, impression=2))
    mated = [agreeing(*pair) for pair in zip(first, second, strict=True)]
    nonmated = [agreeing(*pair) for pair in zip(first, second[1:] + second[:1], strict=True)]
    assert np.median(mated) > 2 * np.median(nonmated)
    assert min(mated) > 3


def test_placement_and_its_inverse_agree() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-150, 150, (2, 200)).astype(np.float32)
    for _ in range(20):
        placement = draw_placement(rng)
        back_x, back_y = placement.on_finger(*placement.on_sensor(x, y))
        assert np.hypot(back_x - x, back_y - y).max() < 1


def test_impression_numbers_differ() -> None:
    finger = make_finger(4)
    assert not np.array_equal(make_template(finger, 1).positions, make_template(finger, 2).positions)
