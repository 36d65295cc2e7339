"""The generator draws fingers of the class asked for, with ridges as far apart as people's, and always the same."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.synthesis.flow import Flow
from benchmarks.synthesis.impression import make_impression, touch_of
from benchmarks.synthesis.master import HEIGHT, WIDTH, design, make_master
from benchmarks.synthesis.pattern import FREQUENCIES, PatternClass, Point, draw_class
from benchmarks.synthesis.sensor import SENSORS


def turns_around(flow: Flow, point: Point) -> float:
    """How often the ridges turn by half a circle on a small circle around a point (the Poincaré index)."""
    angles = np.linspace(0, 2 * np.pi, 361)
    x, y = point[0] + 3 * np.cos(angles), point[1] - 3 * np.sin(angles)
    steps = np.diff(flow.orientation(x.astype(np.float32), y.astype(np.float32)).astype(float))
    return float(np.sum((steps + np.pi / 2) % np.pi - np.pi / 2) / np.pi)


@pytest.mark.parametrize("pattern_class", PatternClass)
def test_ridges_turn_around_cores_and_deltas(pattern_class: PatternClass) -> None:
    flow = design(5, pattern_class)
    assert flow.pattern.pattern_class is pattern_class
    assert [round(turns_around(flow, core), 3) for core in flow.pattern.cores] == [1.0] * len(flow.pattern.cores)
    assert [round(turns_around(flow, delta), 3) for delta in flow.pattern.deltas] == [-1.0] * len(flow.pattern.deltas)
    assert round(turns_around(flow, (20.0, -160.0)), 3) == 0.0


def test_loops_open_to_their_side() -> None:
    left, right = design(9, PatternClass.LEFT_LOOP).pattern, design(9, PatternClass.RIGHT_LOOP).pattern
    assert left.deltas[0][0] > left.cores[0][0]
    assert right.deltas[0][0] < right.cores[0][0]


def test_classes_are_as_frequent_as_in_people() -> None:
    rng = np.random.default_rng(3)
    counts = Counter(draw_class(rng) for _ in range(4000))
    assert all(abs(counts[kind] / 4000 - share) < 0.025 for kind, share in FREQUENCIES.items())


@pytest.mark.parametrize("pattern_class", [PatternClass.ARCH, PatternClass.WHORL])
def test_relief_has_the_ridge_period_and_leaves_no_gap(pattern_class: PatternClass) -> None:
    master = make_master(11, pattern_class)
    assert master.relief.shape == (HEIGHT, WIDTH)
    assert master.relief.dtype == np.float32
    centre = master.relief[100:-100, 60:-60]
    power = np.abs(np.fft.fft2(centre - centre.mean())) ** 2
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(centre.shape[0]), np.fft.fftfreq(centre.shape[1]), indexing="ij"))
    bands = np.histogram(radius, bins=np.linspace(0.02, 0.3, 29), weights=power)[0]
    assert 7 < 1 / (0.025 + 0.01 * int(np.argmax(bands))) < 12
    blocks = centre[: centre.shape[0] // 20 * 20, : centre.shape[1] // 20 * 20].reshape(
        -1, 20, centre.shape[1] // 20, 20
    )
    assert blocks.std(axis=(1, 3)).min() > 0.3


def test_same_seed_same_impression_and_other_seed_another() -> None:
    master, again = make_master(21), make_master(21)
    assert np.array_equal(make_impression(master, 1), make_impression(again, 1))
    assert not np.array_equal(make_impression(master, 1), make_impression(master, 2))
    assert not np.array_equal(make_impression(master, 1), make_impression(make_master(22), 1))


@pytest.mark.parametrize("sensor", SENSORS)
def test_impression_fits_its_sensor(sensor: str) -> None:
    kind = SENSORS[sensor]
    image = make_impression(make_master(31), 1, kind)
    assert image.shape == (kind.height, kind.width)
    assert image.dtype == np.uint8
    assert np.percentile(image, 2) < kind.ink + 45
    assert np.percentile(image, 98) > kind.ground - kind.vignette - 25


def test_wet_ridges_are_darker_than_dry_ones() -> None:
    master, touch = make_master(41), touch_of(41, 1)
    dry, wet = (replace(touch, contact=replace(touch.contact, wetness=wetness)) for wetness in (-0.6, 0.6))
    assert make_impression(master, 1, touch=wet).mean() < make_impression(master, 1, touch=dry).mean() - 5
