"""The benchmark of galleries of faces on a small one, and the people that it is made of."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.synthesis.faces import QUANTILES, FaceShape, People, fitted
from benchmarks.throughput import faces_index

SIZE = 3_000


def test_a_small_gallery_finds_whom_comparing_with_everybody_finds(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(faces_index.main)
    options = ["--sizes", str(SIZE), "--probes", "20", "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "faces_index.json").read_text())["sizes"][str(SIZE)]
    assert set(found["same_as_exhaustive"].values()) == {1.0}
    assert found["ways"]["bare"]["over_bare"] == 1
    assert all(way["p50_ms"] <= way["p99_ms"] for way in found["ways"].values())
    assert (tmp_path / "faces_index.png").stat().st_size > 10_000


def test_made_people_are_the_same_for_the_same_seed_and_mates_are_as_alike_as_the_shape_says() -> None:
    shape = FaceShape.read()
    people, again, others = (People(shape, seed).draw(2_000) for seed in (1, 1, 2))
    assert (people == again).all()
    assert not (people == others).any()
    cosines = (people * People(shape, 1).mates(people)).sum(axis=1)
    assert np.quantile(cosines, [0.1, 0.5, 0.9]) == pytest.approx(
        np.interp([0.1, 0.5, 0.9], QUANTILES, shape.mated), abs=0.02
    )


def test_a_shape_is_fitted_to_the_tail_of_strangers() -> None:
    shape = FaceShape.read()
    people = People(shape, 3).draw(700)
    again = fitted(people, np.linspace(0.5, 0.9, 100, dtype=np.float32))
    assert again.alike == pytest.approx(shape.alike, abs=0.16)
    assert np.sort(again.deviations)[-20:] == pytest.approx(np.sort(shape.deviations)[-20:], rel=0.2)
