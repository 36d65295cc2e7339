"""The benchmark of a million fingers, with twenty thousand: real ones are found, and a finger takes its bytes."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.throughput import million
from benchmarks.throughput.crowd_searches import Found

SIZE = 20_000
MOST_BYTES = 8192


@pytest.mark.models
@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_real_fingers_are_found_in_a_crowd(shared_data: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(million.main)
    folder, plot = shared_data / "fingerprints" / "fvc2002_db1", tmp_path / "plot.png"
    options = ["--cache", tmp_path, "--size", SIZE, "--sizes", SIZE, "--kept", 0.02, "--plot", plot, "--json"]
    done = CliRunner().invoke(app, [str(word) for word in (folder, *options)])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    found = result["sizes"][str(SIZE)]
    assert found["references"] == SIZE
    assert found["bytes_a_finger"] <= MOST_BYTES
    assert found["one_finger"]["match"]["mates"] > 400
    assert found["one_finger"]["match"]["share"] >= 0.97
    assert found["one_finger"]["review"]["share"] >= 0.96
    assert found["exhaustive"]["same_first"] == found["exhaustive"]["probes"]
    assert found["ten_fingers"]["mates"] == 8 * 7
    assert found["ten_fingers"]["share"] == 1
    assert result["nonmated"]["ks"] < 0.15
    assert plot.stat().st_size > 10_000


def test_only_mates_at_the_threshold_count() -> None:
    of, reached = np.array([0, 0, 1, 1]), np.array([True, True, True, False])
    summary = Found(of, reached, np.array([True, False, True, False])).summary()
    assert (summary["mates"], summary["listed"]) == (3, 2)
    assert summary["share"] == pytest.approx(2 / 3)
    assert summary["interval"] == [pytest.approx(0.5), pytest.approx(1)]


def test_sizes_go_up_tenfold_to_the_one_that_is_asked_for() -> None:
    assert million.sizes_to(1_000_000) == [1_000, 10_000, 100_000, 1_000_000]
    assert million.sizes_to(20_000) == [2_000, 20_000]
